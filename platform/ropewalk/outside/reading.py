"""Reading a connected bucket: a page of a folder, a file's facts, its bytes. To the checked address only, and never for long."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Self
from urllib.parse import quote

from ropewalk.core import outbound
from ropewalk.core.blobs.signing import signed
from ropewalk.core.deadline import Deadline
from ropewalk.core.pinned import Answer, BrokenAnswer, PinnedHttp
from ropewalk.outside import documents
from ropewalk.outside.errors import ContentChanged, StrangeAnswer
from ropewalk.outside.places import SCHEMES, askable, object_path
from ropewalk.outside.refusals import refusal
from ropewalk.outside.types import AccessKey, Listing, Place, RemoteFile

WITHIN = 20.0  # seconds for a page of a folder or for a file's facts
EACH_BLOCK = 60.0  # seconds for each further MiB of a file
MAX_PAGE = 1000


class BucketReader:
    """One bucket for a short time, in one thread. Resolves its host once. Close it.

    Every method may raise :class:`~ropewalk.outside.errors.BucketRefused`, :class:`~ropewalk.outside.errors.StrangeAnswer`,
    :class:`~ropewalk.core.errors.NotFound`, :class:`~ropewalk.core.pinned.BrokenAnswer` and its kinds, and making one
    :class:`~ropewalk.core.outbound.AddressRefused`.
    """

    def __init__(self, place: Place, key: AccessKey | None, *, within: float | None = None) -> None:
        self._place, self._key = place, key
        target = outbound.resolve(f"{place.base}/", SCHEMES)
        self._deadline = Deadline(WITHIN if within is None else within)
        # A signature is for one host, and a bucket that leads elsewhere is in another region: nothing is followed.
        self._http = PinnedHttp(target, connections=1, deadline=self._deadline)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """End whatever still runs."""
        self._http.close()
        self._deadline.close()

    def page(self, folder: str = "", *, token: str = "", limit: int = 100, deep: bool = False) -> Listing:
        """Folders and files directly in ``folder`` (empty, or with its slash; with ``deep`` all files below), from a token on."""
        if not askable(folder):
            return Listing((), (), "")
        values = {
            "encoding-type": "url",
            "list-type": "2",
            "max-keys": str(min(limit, MAX_PAGE)),
            "prefix": self._place.prefix + folder,
        }
        values |= {"continuation-token": token} if token else {}
        values |= {} if deep else {"delimiter": "/"}
        query = "&".join(f"{name}={quote(value, safe='-_.~')}" for name, value in sorted(values.items()))
        path = f"{self._place.root}?{query}"
        with self._http.get(path, self._headers(path)) as answer:
            self._judge(answer)
            body = documents.joined(answer.blocks, documents.MAX_LISTING_BYTES)
        found = documents.read_listing(body, prefix=self._place.prefix, below=folder, limit=limit)
        return Listing(found.folders, found.files, "" if found.next == token else found.next)

    def stat(self, key: str) -> RemoteFile:
        """One file's facts. Raises :class:`~ropewalk.core.errors.NotFound`."""
        path = object_path(self._place, key)
        with self._http.get(path, self._headers(path, method="HEAD"), method="HEAD") as answer:
            self._judge(answer)
            headers = answer.headers
        return RemoteFile(
            key=key,
            size=documents.read_size(headers.get("content-length", "")),
            etag=documents.read_etag(headers.get("etag", "")),
            modified=documents.read_date(headers.get("last-modified", "")),
        )

    def open(self, file: RemoteFile, start: int = 0, end: int | None = None) -> "RemoteBody":
        """The bytes of exactly the file that was looked at. The reader is closed with what this returns.

        Raises :class:`ContentChanged` at once when it is another one now.
        """
        path = object_path(self._place, file.key)
        end = file.size if end is None else min(end, file.size)
        more = {"If-Match": f'"{file.etag}"'} if file.etag else {}
        if start or end != file.size:
            more["Range"] = f"bytes={start}-{end - 1}"
        stack = ExitStack()
        stack.callback(self.close)
        try:
            if end <= start:
                return RemoteBody(stack, iter(()), 0, self._deadline)
            answer = stack.enter_context(self._http.get(path, {**self._headers(path), **more}))
            self._judge(answer)
            _hold_to(answer, file, start, end)
        except BaseException:
            stack.close()
            raise
        return RemoteBody(stack, answer.blocks, end - start, self._deadline)

    def _judge(self, answer: Answer) -> None:
        if answer.status not in {200, 206}:
            raise refusal(answer, self._place, signed_in=self._key is not None)

    def _headers(self, path: str, method: str = "GET") -> dict[str, str]:
        if self._key is None:
            return {}
        return signed(
            f"{self._place.base.split('://')[0]}://{self._http.host_header}{path}",
            region=self._place.region,
            key_id=self._key.key_id,
            secret=self._key.secret,
            method=method,
        )


def _hold_to(answer: Answer, file: RemoteFile, start: int, end: int) -> None:
    """Whether this is the range of the file that was asked for. Some servers send a part and call it the whole (200)."""
    part = answer.headers.get("content-range", "").replace(" ", "")
    if part and part != f"bytes{start}-{end - 1}/{file.size}":
        raise ContentChanged
    if not part and (start or end != file.size):
        raise StrangeAnswer("it can't send a part of a file")
    declared = answer.headers.get("content-length", "")
    if declared and declared != str(end - start):
        raise ContentChanged
    etag = documents.read_etag(answer.headers.get("etag", ""))
    if file.etag and etag != file.etag:
        raise ContentChanged


class RemoteBody:
    """Blocks of exactly so many bytes; raises :class:`BrokenAnswer` when fewer or more come. Close it, read or not."""

    def __init__(self, stack: ExitStack, blocks: Iterator[bytes], size: int, deadline: Deadline) -> None:
        self._stack, self._blocks, self._left, self._deadline = stack, blocks, size, deadline

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        """The next block."""
        self._deadline.renew(EACH_BLOCK)
        block = next(self._blocks, b"")
        self._left -= len(block)
        if self._left < 0 or (not block and self._left):
            raise BrokenAnswer("The file has not the size that its server told.")
        if not block:
            raise StopIteration
        return block

    def close(self) -> None:
        """End the connection."""
        self._stack.close()


__all__ = ["EACH_BLOCK", "MAX_PAGE", "WITHIN", "BucketReader", "RemoteBody"]
