"""What DVC tracks at one commit, read from git itself: right also in the moments before the commit is indexed."""

from collections.abc import Mapping
from dataclasses import dataclass

from ropewalk.core.errors import Busy, Conflict, NotFound
from ropewalk.data.oids import ObjectAddress
from ropewalk.data.pointers import MAX_POINTER_BYTES, CantChange, PointerFile
from ropewalk.data.selectors.objects import dir_file
from ropewalk.data.selectors.revisions import outputs, revision
from ropewalk.data.types import TrackedOutputView
from ropewalk.repos import selectors as repos
from ropewalk.repos.errors import PathNotFound, WrongKind

MAX_IN_GIT = 10 << 20  # bytes of a new file that git keeps when nobody said who should

_DVCS_OWN = frozenset({"dvc.yaml", "dvc.lock", ".dvcignore", ".gitignore"})


class NotIndexedYet(Busy):
    """Only the index knows what pipelines track, and the commit waits for its own."""

    code = "not_indexed"

    def __init__(self, sha: str) -> None:
        super().__init__(f"Commit {sha[:8]} is not indexed yet.", hint="Try again in a moment.")


class MadeByPipeline(Conflict):
    """An output of a stage is changed by running the stage."""

    code = "edit_pipeline"

    def __init__(self, output: TrackedOutputView) -> None:
        super().__init__(
            f"The pipeline's stage “{output.stage}” makes “{output.path}”.",
            hint="Change what the stage reads, then dvc repro, dvc push, and push the commit.",
        )


@dataclass(frozen=True)
class Tracked:
    """An output of a commit: its path, the pointer file that says so, and what it holds (None: nothing that we could have)."""

    path: str
    file: str
    address: ObjectAddress | None


class TrackedAt:
    """The outputs of one commit (empty: of none), by path. Reads each pointer file once."""

    def __init__(self, project_id: int, sha: str) -> None:
        self.project_id, self.sha = project_id, sha
        self._pointers: dict[str, PointerFile | None] = {}
        self._others: dict[str, TrackedOutputView] | None = None

    def around(self, path: str) -> Tracked | None:
        """The output that is ``path`` or a folder around it, the nearest.

        Raises :class:`MadeByPipeline`, :class:`NotIndexedYet`, ``CantChange`` for a pointer that can't be read.
        """
        parts = path.split("/") if self.sha else []
        for depth in range(len(parts), 0, -1):
            above = "/".join(parts[:depth])
            pointer = self.pointer(f"{above}.dvc")
            if pointer is not None and pointer.names(above):
                return Tracked(above, pointer.file, pointer.address(above))
        others = self._elsewhere() if parts else {}
        for depth in range(len(parts), 0, -1):
            output = others.get("/".join(parts[:depth]))
            if output is not None and output.stage:
                raise MadeByPipeline(output)
            if output is not None:
                return Tracked(output.path, output.pointer, output.address)
        return None

    def pointer(self, file: str) -> PointerFile | None:
        """A pointer file of the commit; None when there is none."""
        if file not in self._pointers:
            self._pointers[file] = self._read(file)
        return self._pointers[file]

    def _read(self, file: str) -> PointerFile | None:
        text = self.text(file, MAX_POINTER_BYTES)
        return None if text is None else PointerFile(file, text or "{}")

    def text(self, path: str, limit: int) -> str | None:
        """A small text file of the commit; None when there is none. Raises ``CantChange`` for another kind of file."""
        try:
            blob = repos.blob(self.project_id, self.sha, path, limit=limit) if self.sha else None
            if blob is None:
                return None
            if blob.is_symlink or blob.truncated:
                raise CantChange(path, "it is a link or too large")
            return blob.data.decode("utf-8")
        except (PathNotFound, WrongKind):
            return None
        except UnicodeDecodeError:
            raise CantChange(path, "it is not UTF-8 text") from None

    def holds(self, path: str) -> str:
        """The hash of what DVC has at a path (a file, or a whole folder), empty when it tracks nothing there."""
        found = self.around(path)
        if found is None or found.address is None:
            return ""
        if found.path == path:
            return found.address.name
        child = dir_file(self.project_id, found.address, path[len(found.path) + 1 :])
        return child.oid if child else ""

    def _elsewhere(self) -> dict[str, TrackedOutputView]:
        """Outputs that other pointer files name: a pipeline's lock, or a pointer with a name of its own."""
        if self._others is None:
            self._others = {one.path: one for one in outputs(self.project_id, self.sha) if one.cached}
            if not self._others and revision(self.project_id, self.sha) is None and self._has_pipeline():
                raise NotIndexedYet(self.sha)
        return self._others

    def _has_pipeline(self) -> bool:
        try:
            files = repos.walk(self.project_id, self.sha).entries
        except NotFound:
            return False
        return any(one.name in {"dvc.yaml", "dvc.lock"} for one in files)


def kept_by_dvc(project_id: int, sha: str, sizes: Mapping[str, int], versioning: str) -> list[str]:
    """Which of the files (path → bytes) go to DVC: all (``dvc``), none (``git``), or those where ``auto`` says so.

    That is: where DVC has the path already, and new files of more than :data:`MAX_IN_GIT`.
    """
    if versioning != "auto":
        return list(sizes) if versioning == "dvc" else []
    now = TrackedAt(project_id, sha)
    return [
        path
        for path, size in sizes.items()
        if now.around(path) is not None
        or (size > MAX_IN_GIT and not is_dvcs_own(path) and not (sha and repos.exists(project_id, sha, path)))
    ]


def is_dvcs_own(path: str) -> bool:
    """Whether DVC's clients read a file themselves, so that it can't be data."""
    *folders, name = path.split("/")
    return ".dvc" in folders or name.endswith(".dvc") or name in _DVCS_OWN
