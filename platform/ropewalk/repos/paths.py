"""Which paths somebody may write through a page or the API: git's rules for trees, on every system that may check them out."""

import re

from ropewalk.core.errors import Invalid

MAX_PATH_BYTES = 1024
MAX_NAME_BYTES = 240
MAX_DEPTH = 64
# What HFS+ ignores in names, so that ".g\u200cit" is ".git" there.
_IGNORED = re.compile("[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\\]")
_SHORT_NAME = re.compile(r"^git~\d+$")


def cleaned_path(raw: str) -> str:
    """A path as it is stored: no slash at its ends, none twice. Raises :class:`Invalid` with the reason for the writer."""
    path = "/".join(part for part in raw.strip().split("/") if part)
    fault = _fault_in(path)
    if fault:
        raise Invalid(
            f"“{path[:200]}” can't be a path: {fault}.", hint="Choose another one.", code="bad_path"
        )
    return path


def _fault_in(path: str) -> str:
    try:
        data = path.encode("utf-8")
    except UnicodeEncodeError:
        return "it is not valid Unicode"
    parts = path.split("/")
    if not path:
        return "it is empty"
    if len(data) > MAX_PATH_BYTES or len(parts) > MAX_DEPTH:
        return f"it has more than {MAX_PATH_BYTES} bytes or {MAX_DEPTH} folders"
    return next((fault for part in parts if (fault := _fault_in_name(part))), "")


def _fault_in_name(name: str) -> str:
    if name in {".", ".."}:
        return f"“{name}” is no name"
    if len(name.encode()) > MAX_NAME_BYTES:
        return f"a name in it has more than {MAX_NAME_BYTES} bytes"
    if _CONTROL.search(name):
        return "it has a backslash or a control character"
    if name != name.strip():
        return "a name in it begins or ends with a space"
    plain = _IGNORED.sub("", name).casefold().partition(":")[0].rstrip(" .")
    if plain == ".git" or _SHORT_NAME.match(plain):
        return "git keeps the name .git for itself"
    return ""
