"""Forms with files whose names are paths: DagsHub's client sends ``a/b.txt``, of which Django keeps ``b.txt``."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any, cast

from django.core.exceptions import TooManyFilesSent
from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, TemporaryFileUploadHandler
from django.http.multipartparser import MultiPartParser as Parser
from django.http.multipartparser import MultiPartParserError
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser, DataAndFiles

from ropewalk.core.errors import Invalid

MAX_FILES = 100  # Django's own bound, and the client's batches


@dataclass(frozen=True)
class Uploaded:
    """An uploaded file as content of a commit."""

    file: UploadedFile

    @property
    def path(self) -> str:
        """The name that the client gave it, slashes and all; nobody checked it."""
        return str(getattr(self.file, "given_name", ""))

    @property
    def size(self) -> int:
        """Bytes."""
        return int(self.file.size or 0)

    def blocks(self) -> Iterator[bytes]:
        """From the beginning."""
        yield from self.file.chunks()


class _Spooled(TemporaryFileUploadHandler):
    """To a temporary file each, which goes with the request and whose name owes nothing to the client."""

    def new_file(self, field_name: str, file_name: str, *args: Any, **kwargs: Any) -> None:
        """Begin a file; its own name would drop all that is before a slash."""
        FileUploadHandler.new_file(self, field_name, file_name, *args, **kwargs)
        self.file = TemporaryUploadedFile(
            "upload", self.content_type, 0, self.charset, self.content_type_extra
        )
        self.file.given_name = file_name  # type: ignore[attr-defined]  # read by ``Uploaded``


class _PathParser(Parser):
    def sanitize_file_name(self, file_name: str) -> str | None:
        """As it came: whoever writes it judges the path."""
        return file_name or None


class PathMultiPartParser(BaseParser):
    """multipart/form-data whose files keep their paths; read them with :class:`Uploaded`."""

    media_type = "multipart/form-data"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> DataAndFiles:
        """Fields in memory, files on disk."""
        request = (parser_context or {})["request"]._request
        meta = {**request.META, "CONTENT_TYPE": media_type}
        try:
            data, files = _PathParser(meta, cast("Any", stream), [_Spooled(request)], "utf-8").parse()
        except TooManyFilesSent:
            raise Invalid(
                f"At most {MAX_FILES} files at once.", hint="Send them in several requests."
            ) from None
        except MultiPartParserError as error:
            raise ParseError(f"Multipart form parse error - {error}") from None
        return DataAndFiles(cast("Any", data), files)
