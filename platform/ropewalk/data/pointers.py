"""DVC's pointer files (``NAME.dvc``), read and changed as DVC does it: what else is in them, comments too, stays.

They come from repositories of strangers: bounded, one document, plain values only.
"""

import io
import posixpath
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from ropewalk.core.errors import Conflict
from ropewalk.data.oids import LEGACY_MD5, MD5, ObjectAddress, parse_oid

MAX_POINTER_BYTES = 64 << 10
_NOT_OURS = ("files", "cloud", "repo", "remote")  # versioned by a cloud, or kept elsewhere


class CantChange(Conflict):
    """A pointer file that only DVC itself should change."""

    code = "pointer_kept"

    def __init__(self, file: str, why: str) -> None:
        super().__init__(
            f"“{file}” can't be changed here: {why}.",
            hint="Change it in a clone, then dvc add, dvc push, and push the commit.",
        )


class PointerFile:
    """A pointer file of a commit, or (``text`` empty) a new one. Raises :class:`CantChange` for what is none."""

    def __init__(self, file: str, text: str = "") -> None:
        self.file = file
        self._folder = file.rpartition("/")[0]
        try:
            self._document: Any = _yaml().load(text or "outs: []\n")
        except (YAMLError, RecursionError, ValueError):
            raise CantChange(file, "it is not valid YAML") from None
        outs = self._document.get("outs") if isinstance(self._document, dict) else None
        if not isinstance(outs, list) or not all(isinstance(one, dict) for one in outs):
            raise CantChange(file, "it lists no outputs")
        if not text:
            self._document["outs"] = outs = []
        self._outs: list[Any] = outs

    def names(self, path: str) -> bool:
        """Whether one of its outputs is this path of the repository."""
        return self._output(path) is not None

    def address(self, path: str) -> ObjectAddress | None:
        """What it says that ``path`` holds; None without a hash that a remote of ours would have."""
        found = self._output(path) or {}
        value = found.get("md5")
        algorithm = MD5 if found.get("hash") == MD5 else LEGACY_MD5
        return parse_oid(algorithm, value) if isinstance(value, str) else None

    def require_changeable(self, path: str) -> None:
        """Raise :class:`CantChange` when DVC got this output from elsewhere, or keeps it elsewhere."""
        if self._document.get("deps"):
            raise CantChange(self.file, "the data was imported, and the next update would undo it")
        if any((self._output(path) or {}).get(name) is not None for name in _NOT_OURS):
            raise CantChange(self.file, "the data is kept or versioned by another place")

    def put(self, path: str, address: ObjectAddress, size: int, nfiles: int | None = None) -> None:
        """Say that ``path`` holds this object; ``nfiles`` for a folder."""
        found = self._output(path)
        if found is None:
            found = {}
            self._outs.append(found)
            named = path.removeprefix(f"{self._folder}/") if self._folder else path
        else:
            named = found.pop("path")
        for name in ("md5", "size", "nfiles", "hash"):
            found.pop(name, None)
        values = {"md5": address.name, "size": size, "nfiles": nfiles, "hash": MD5, "path": named}
        kept = dict(found.items())
        for name in kept:
            del found[name]
        found.update({name: value for name, value in values.items() if value is not None} | kept)
        self._document.pop("md5", None)  # before DVC 3 a sum of the file itself

    def drop(self, path: str) -> bool:
        """Forget an output; whether others are left."""
        self._outs[:] = [one for one in self._outs if self._path_of(one) != path]
        return bool(self._outs)

    def text(self) -> str:
        """The file as it is to be written."""
        stream = io.StringIO()
        _yaml().dump(self._document, stream)
        return stream.getvalue()

    def _output(self, path: str) -> Any:
        return next((one for one in self._outs if self._path_of(one) == path), None)

    def _path_of(self, output: Any) -> str:
        wdir, named = self._document.get("wdir", "."), output.get("path")
        if not isinstance(wdir, str) or not isinstance(named, str):
            return ""
        return posixpath.normpath(posixpath.join(self._folder, wdir, named))


def _yaml() -> Any:
    yaml = YAML(typ="rt", pure=True)
    yaml.default_flow_style = False
    yaml.width = 1 << 16  # a long path stays in one line
    return yaml


def ignored(text: str, names: list[str]) -> str:
    """A folder's ``.gitignore`` with these names in it, as DVC writes them, so that git never takes the data itself."""
    lines = text.splitlines()
    new = [line for line in map(_pattern, names) if line not in lines]
    if not new:
        return text
    ended = text if not text or text.endswith("\n") else f"{text}\n"
    return ended + "".join(f"{line}\n" for line in new)


def no_longer_ignored(text: str, names: list[str]) -> str:
    """The same without them."""
    gone = set(map(_pattern, names))
    return "".join(line for line in text.splitlines(keepends=True) if line.rstrip("\r\n") not in gone)


def _pattern(name: str) -> str:
    return "/" + "".join(f"\\{char}" if char in "[]!*#?\\" else char for char in name)
