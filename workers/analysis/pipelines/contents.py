"""What a commit has at a path, in the hashes that DVC would give it."""

import hashlib
import json
from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from workers.analysis.pointers import FileRef
from workers.analysis.pointers.outputs import Output

MAX_FOLDER_FILES = 5000
Digest = Callable[[str, bool], str | None]
Child = Callable[[Output, str], str | None]


@dataclass(frozen=True)
class Content:
    """``where`` is ``git``, ``dvc``, ``none`` or ``unknown`` (too much to hash, or a list that nobody pushed).

    ``oid`` ends with ``.dir`` for a folder; empty where it is not known.
    """

    where: str
    oid: str = ""


class Contents:
    """The files of a commit beside what its pointers track.

    ``digest(path, legacy)`` hashes a file in git (None: it would be too much), ``legacy`` as DVC did before version 3.
    ``child(folder, relpath)`` is the hash of a file in a tracked folder, None where its list is not here.
    """

    def __init__(
        self, files: Mapping[str, FileRef], outputs: list[Output], digest: Digest, child: Child
    ) -> None:
        self._files = files
        self._paths = sorted(files)
        self._outputs = {output.path: output for output in outputs}
        self._tracked = sorted(self._outputs)
        self._digest, self._child = digest, child
        self._known: dict[tuple[str, bool], Content] = {}

    def output(self, path: str) -> Output | None:
        """What a pointer tracks at a path."""
        return self._outputs.get(path)

    def is_file(self, path: str) -> bool:
        """Whether git has a file there."""
        return path in self._files

    def has(self, path: str) -> bool:
        """Whether the commit has a file or folder there, in git or tracked."""
        return (
            path in self._files
            or path in self._outputs
            or bool(self._below(self._paths, path) or self._below(self._tracked, path))
        )

    def named(self, path: str) -> str:
        """What is there, so that the same name means the same bytes; empty for nothing. DVC's hash leads with its algorithm."""
        if path in self._files:
            return f"git:{self._files[path].oid}"
        parts = path.split("/")
        for count in range(len(parts), 0, -1):
            output = self._outputs.get("/".join(parts[:count]))
            if output is not None:
                return f"{output.algorithm}:{output.oid}" + (".dir" if output.is_dir else "")
        below = self._below(self._paths, path)
        text = "\n".join(f"{one} {self._files[one].oid}" for one in below)
        return f"git:{hashlib.sha256(text.encode()).hexdigest()}" if below else ""

    def at(self, path: str, algorithm: str) -> Content:
        """What is there. Git's own file wins: that is what a checkout has in the working copy."""
        key = path, algorithm == "md5-dos2unix"
        if key not in self._known:
            self._known[key] = self._look(*key)
        return self._known[key]

    def _look(self, path: str, legacy: bool) -> Content:
        if path in self._files:
            return self._hashed(path, legacy)
        output = self._outputs.get(path)
        if output is not None:
            return Content("dvc", output.oid + (".dir" if output.is_dir else ""))
        parts = path.split("/")
        for count in range(len(parts) - 1, 0, -1):
            folder = self._outputs.get("/".join(parts[:count]))
            if folder is not None and folder.is_dir:
                found = self._child(folder, "/".join(parts[count:]))
                return Content("dvc", found) if found else Content("unknown")
        return self._folder(path, legacy)

    def _hashed(self, path: str, legacy: bool) -> Content:
        found = self._digest(path, legacy)
        return Content("git", found) if found else Content("unknown")

    def _folder(self, path: str, legacy: bool) -> Content:
        inside = self._below(self._paths, path)
        tracked = self._below(self._tracked, path)
        if not inside and not tracked:
            return Content("none")
        if len(inside) + len(tracked) > MAX_FOLDER_FILES or any(self._outputs[one].is_dir for one in tracked):
            return Content("unknown")
        entries = {one: self._outputs[one].oid for one in tracked}
        for one in inside:
            found = self._hashed(one, legacy)
            if not found.oid:
                return Content("unknown")
            entries[one] = found.oid
        listed = [{"md5": entries[one], "relpath": one[len(path) + 1 :]} for one in sorted(entries)]
        text = json.dumps(listed, sort_keys=True).encode()
        where = "git" if inside else "dvc"
        return Content(where, hashlib.md5(text, usedforsecurity=False).hexdigest() + ".dir")

    @staticmethod
    def _below(paths: list[str], folder: str) -> list[str]:
        low, high = bisect_left(paths, f"{folder}/"), bisect_left(paths, f"{folder}0")  # "0" follows "/"
        return paths[low:high]
