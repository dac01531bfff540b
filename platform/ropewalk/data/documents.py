"""Documents that workers make for pages: compressed JSON in the object store, at most a few MiB each."""

import gzip
import json
from typing import Any

from ropewalk.core.blobs import store


def write(key: str, document: dict[str, Any]) -> int:
    """Keep a document under its key; the stored bytes."""
    data = gzip.compress(json.dumps(document, separators=(",", ":")).encode(), 5)
    with store().writer(key) as writer:
        writer.write(data)
        writer.commit()
    return len(data)


def read(key: str) -> dict[str, Any]:
    """A document; the worker bounded it when it made it. Raises ``BlobMissing`` when the store lost it."""
    found: dict[str, Any] = json.loads(gzip.decompress(b"".join(store().read(key))))
    return found
