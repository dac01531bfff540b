"""One text's properties, from its first 16 MiB."""

import codecs
import re
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import xxhash

MOST_BYTES = 16 << 20
BEGINNING = 240  # characters kept to show
_REPLACED = "\ufffd"
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_UNSHOWN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")

Flags = npt.NDArray[np.bool_]


def measure_text(data: bytes, size: int) -> dict[str, Any]:
    """The row of properties of a text of ``size`` bytes that begins with ``data``. Binary data is an ``error``.

    ``encoding_faults`` counts what is not valid in its encoding (UTF-8, or UTF-16 with a byte order mark).
    """
    if not size:
        return {"bytes": 0, "error": "empty_file", "why": "It is empty."}
    bom, encoding = next(((bom, name) for bom, name in _BOMS if data.startswith(bom)), (b"", "utf-8"))
    if encoding == "utf-8" and b"\0" in data:
        return {"bytes": size, "error": "not_text", "why": "It holds binary data."}
    text = codecs.getincrementaldecoder(encoding)("replace").decode(data[len(bom) :], final=len(data) == size)
    written = data.count(_REPLACED.encode(encoding))
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    space, letter = (table[points] for table in _tables())
    solid = int(len(points) - space.sum())
    words = int((~space & np.concatenate([[True], space[:-1]])).sum()) if len(points) else 0
    return {
        "bytes": size,
        "characters": len(points),
        "words": words,
        "lines": text.count("\n") + (not text.endswith("\n")),
        "word_length": round(solid / words, 3) if words else None,
        "non_letters": round(1 - int(letter.sum()) / solid, 4) if solid else None,
        "encoding_faults": max(text.count(_REPLACED) - written, 0),
        "look": xxhash.xxh64_intdigest(" ".join(text.lower().split()).encode("utf-8", "surrogatepass")),
        "beginning": _UNSHOWN.sub(" ", text[:BEGINNING]),
    }


@lru_cache(maxsize=1)
def _tables() -> tuple[Flags, Flags]:
    """Of every code point: whether it is white space, whether a letter."""
    signs = [chr(point) for point in range(0x110000)]
    return (
        np.fromiter((sign.isspace() for sign in signs), np.bool_, len(signs)),
        np.fromiter((sign.isalpha() for sign in signs), np.bool_, len(signs)),
    )
