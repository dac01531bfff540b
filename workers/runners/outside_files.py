"""Files of connected buckets as the runners read any other: exactly the content that was pinned, or none."""

from collections.abc import Iterator
from contextlib import closing

from ropewalk.core.errors import NotFound
from ropewalk.monitors.errors import DataTooLarge
from ropewalk.monitors.outside import MOST_BYTES
from ropewalk.monitors.types import ContentKey
from ropewalk.outside import selectors as outside
from ropewalk.outside.errors import ContentChanged
from ropewalk.outside.types import MeasuredView
from workers.analysis.profile.formats import format_of
from workers.runners.data_files import TableFile


def pinned_file(project_id: int, pin: str) -> TableFile:
    """The file behind a pin. Raises :class:`NotFound` when its bucket was disconnected, :class:`DataTooLarge`."""
    measured = outside.measured_file(project_id, pin)
    if measured is None:
        raise NotFound(
            "The bucket is not connected any more, or the file is forgotten.", code="no_such_bucket"
        )
    file = measured.file
    if file.size > MOST_BYTES:
        raise DataTooLarge(
            f"{file.key} is larger than {MOST_BYTES >> 30} GiB, the most that is read from another service."
        )
    found = format_of(file.key)
    content = ContentKey("s3", pin.removeprefix("s3-"), found.options if found else "")
    return TableFile(file.key, content, file.size, lambda: _blocks(project_id, measured))


def _blocks(project_id: int, measured: MeasuredView) -> Iterator[bytes]:
    with outside.reader_for(project_id, measured.bucket_id) as reader:
        if reader.stat(measured.file.key).mark != measured.file.mark:
            raise ContentChanged
        with closing(reader.open(measured.file)) as body:
            yield from body
