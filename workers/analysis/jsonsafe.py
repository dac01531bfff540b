"""JSON that PostgreSQL can store: its text type holds no NUL character, which a data file may well contain."""

from typing import Any


def storable(value: Any) -> Any:
    """The same structure with NUL characters and lone surrogates replaced by U+FFFD, in keys too."""
    if isinstance(value, str):
        return value.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {storable(key): storable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [storable(item) for item in value]
    return value
