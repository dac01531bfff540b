"""What a form may bring as files: nothing, except on the pages that take some, and there a bounded amount on disk."""

import re
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler, TemporaryFileUploadHandler

MAX_BYTES = 64 << 20
_PAGES = re.compile(r"^/[^/]+/[^/]+/(?:upload/|bucket/upload$|releases/\d+/files$)")
# Pages for everybody take small files only: a certificate has at most 64 KiB.
_SMALL = {"/verify": 128 << 10}


class BoundedUpload(TemporaryFileUploadHandler):
    """Spools to a temporary file that goes with the request. Everywhere else, files of forms are dropped as they arrive.

    Django parses a form before the view runs (its CSRF check does), so the bound can't be the view's.
    """

    def handle_raw_input(
        self,
        input_data: Any,
        META: dict[str, Any],  # noqa: N803  # Django's name
        content_length: int,
        boundary: Any,
        encoding: Any = None,
    ) -> None:
        """Refuse by the length that the client told."""
        path = str(META.get("PATH_INFO", ""))
        self._takes = path in _SMALL or bool(_PAGES.match(path))
        if content_length > _SMALL.get(path, content_length):
            raise RequestDataTooBig("This page takes small files only.")
        if self._takes and content_length > MAX_BYTES:
            raise RequestDataTooBig("More than 64 MiB at once can't be uploaded here.")

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin a file, where files are taken."""
        FileUploadHandler.new_file(self, *args, **kwargs)
        if self._takes:
            # Django would give the file on disk the suffix that the client named, however long.
            self.file = TemporaryUploadedFile(
                "upload", self.content_type, 0, self.charset, self.content_type_extra
            )
            self.file.name = self.file_name

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        """Keep or drop a piece."""
        return super().receive_data_chunk(raw_data, start) if self._takes else None

    def file_complete(self, file_size: int) -> Any:
        """The file, where files are taken."""
        return super().file_complete(file_size) if self._takes else None

    def upload_interrupted(self) -> None:
        """The client went away: remove what there is."""
        if self._takes:
            super().upload_interrupted()
