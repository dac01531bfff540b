"""The change between two texts that are no two commits of git: a draft's, or that of files which DVC tracks."""

import tempfile
from pathlib import Path

from ropewalk.repos import git
from ropewalk.repos.selectors.diffs import MAX_BYTES, MAX_LINES_PER_FILE, file_from_patch
from ropewalk.repos.types import ZERO, ChangedFile, FileDiff

_SECONDS = 15.0


def text_diff(
    project_id: int,
    old: bytes | None,
    new: bytes | None,
    *,
    path: str,
    old_path: str = "",
    context: int = 3,
    ignore_space: bool = False,
) -> FileDiff:
    """The change from ``old`` (None: there is no file yet) to ``new`` (None: there is none any more) as git's own diff finds it.

    Both are written to a folder that is gone afterwards, never into the repository. Notes are those of a commit's change, and
    ``same`` when nothing changed.
    """
    status = "renamed" if old_path and old_path != path else "modified"
    status = "added" if old is None else "deleted" if new is None else status
    file = ChangedFile(status, path, old_path or path, "100644", "100644", ZERO, ZERO)
    if old == new:
        return FileDiff(file, (), "same")
    with tempfile.TemporaryDirectory(prefix="ropewalk-diff-") as name:
        folder = Path(name)
        (folder / "old").write_bytes(old or b"")
        (folder / "new").write_bytes(new or b"")
        out = git.run(
            git.repository_path(project_id),
            "diff", "--no-index", "--no-ext-diff", "--no-textconv", "--full-index", f"-U{context}",
            *(["-w"] if ignore_space else []), "--", str(folder / "old"), str(folder / "new"),
            config=git.DIFF_CONFIG, max_bytes=MAX_BYTES, timeout=_SECONDS, accept=(0, 1),
        )  # fmt: skip
    if ignore_space and not out.data:
        return FileDiff(file, (), "space")
    if out.cut:
        return FileDiff(file, (), "too_large", None, None)
    return file_from_patch(file, out.data, most=MAX_LINES_PER_FILE)
