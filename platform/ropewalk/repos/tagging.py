"""An annotated tag as an object and as the pack that brings it: pure, so that nothing is written before the push is judged."""

import hashlib
import zlib

from ropewalk.repos.edits import Author

MAX_MESSAGE = 64 << 10
_TAG = 4  # the number of this kind of object in a pack


def annotated_tag(*, name: str, target: str, tagger: Author, message: str, seconds: int) -> tuple[str, bytes]:
    """The object's name, and a pack that holds it alone. ``target`` is a commit's full name, ``seconds`` the time since 1970."""
    text = (
        message.replace("\0", "").replace("\r\n", "\n").strip("\n").encode("utf-8", "replace")[:MAX_MESSAGE]
    )
    head = f"object {target}\ntype commit\ntag {name}\ntagger {tagger_line(tagger)} {seconds} +0000\n\n"
    data = head.encode("utf-8", "replace") + text + b"\n"
    oid = hashlib.sha1(b"tag %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
    body = b"PACK\0\0\0\2\0\0\0\1" + _entry_head(len(data)) + zlib.compress(data)
    return oid, body + hashlib.sha1(body, usedforsecurity=False).digest()


def tagger_line(author: Author) -> str:
    """Name and address as git writes them: nothing in them can end the line or the name."""
    name, email = (
        "".join(char for char in text if char.isprintable() and char not in "<>").strip()
        for text in (author.name, author.email)
    )
    return f"{name or 'Somebody'} <{email}>"


def _entry_head(size: int) -> bytes:
    """The kind and the size of a pack's entry: four bits of the size beside the kind, then seven a byte."""
    head, rest = [_TAG << 4 | size & 15], size >> 4
    while rest:
        head[-1] |= 128
        head.append(rest & 127)
        rest >>= 7
    return bytes(head)
