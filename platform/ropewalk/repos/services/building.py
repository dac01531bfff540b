"""Building a commit in a repository of its own, which borrows the project's objects and is thrown away.

Nothing of it is in the project's repository until its pack is pushed there, by the same way and the same rules as any other push.
A killed process leaves only a folder that :func:`ropewalk.repos.store.remove_abandoned` sweeps.
"""

import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from ropewalk.repos import git
from ropewalk.repos.edits import Author, CommitRequest, DeletePath, Edit, MovePath, NothingChanged, WriteFile
from ropewalk.repos.errors import GitFailed, PathNotFound
from ropewalk.repos.selectors.reading import entry_at, open_repository

MAX_MESSAGE = 64 << 10
_WORK_REF = "refs/heads/work"
_IDLE = 60.0


class Workbench:
    """A commit that lies beside the repository: its name, and its objects as a pack."""

    def __init__(self, folder: Path, sha: str, parent: str) -> None:
        self._folder = folder
        self.sha = sha
        self._parent = parent

    def pack(self) -> Iterator[bytes]:
        """What the repository lacks, in blocks."""
        wanted = f"{self.sha}\n" + (f"^{self._parent}\n" if self._parent else "")
        args = ("pack-objects", "--stdout", "--revs", "--thin", "--delta-base-offset", "-q")
        with git.Process(self._folder, args, stdin=git.PIPE, config=("pack.threads=1",)) as process:
            process.write(wanted.encode(), idle=_IDLE)
            process.close_input()
            while block := process.read(idle=_IDLE):
                yield block
            if code := process.finish(timeout=_IDLE):
                raise GitFailed(f"pack-objects ended with {code}: {process.detail}")


@contextmanager
def built_commit(project_id: int, request: CommitRequest, parent: str) -> Iterator[Workbench]:
    """The edits as a commit on ``parent`` (empty: a first commit), for the block. They must fit (``require_fitting``).

    Raises :class:`NothingChanged` when the tree is the parent's.
    """
    root = Path(settings.REPOSITORIES_ROOT)
    folder = root / f".new-web-{project_id}-{secrets.token_hex(8)}"
    try:
        _furnish(folder, git.repository_path(project_id))
        _import(folder, project_id, request, parent)
        if parent and _tree(folder, _WORK_REF) == _tree(folder, parent):
            raise NothingChanged
        sha = git.run(folder, "rev-parse", "--verify", _WORK_REF).data.decode().strip()
        yield Workbench(folder, sha, parent)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _furnish(folder: Path, lender: Path) -> None:
    (folder / "objects" / "info").mkdir(mode=0o700, parents=True)
    (folder / "refs").mkdir()
    (folder / "HEAD").write_text("ref: refs/heads/none\n", encoding="ascii")
    (folder / "config").write_text("[core]\n\trepositoryformatversion = 0\n\tbare = true\n", encoding="ascii")
    (folder / "objects" / "info" / "alternates").write_text(
        f"{lender.resolve() / 'objects'}\n", encoding="utf-8"
    )


def _tree(folder: Path, revision: str) -> str:
    return git.run(folder, "rev-parse", "--verify", f"{revision}^{{tree}}").data.decode().strip()


def _import(folder: Path, project_id: int, request: CommitRequest, parent: str) -> None:
    with git.Process(
        folder, ["fast-import", "--quiet", "--done", "--date-format=raw"], stdin=git.PIPE
    ) as process:
        try:
            for block in _stream(project_id, request, parent):
                process.write(block, idle=_IDLE)
            process.close_input()
        except BrokenPipeError:
            pass  # it ended with an error, which its exit code tells
        if code := process.finish(timeout=_IDLE):
            raise GitFailed(f"fast-import ended with {code}: {process.detail}")


def _stream(project_id: int, request: CommitRequest, parent: str) -> Iterator[bytes]:
    message = request.message.replace("\0", "").replace("\r\n", "\n").encode("utf-8", "replace")[:MAX_MESSAGE]
    author, committer = _person(request.author), _person(request.committer or request.author)
    yield b"commit %s\nauthor %s\ncommitter %s\n" % (_WORK_REF.encode(), author, committer)
    yield b"data %d\n%s\n" % (len(message), message)
    if parent:
        yield f"from {parent}\n".encode()
    for edit in request.edits:
        yield from _edit(project_id, parent, edit)
    yield b"done\n"


def _person(author: Author) -> bytes:
    name, email = (
        "".join(char for char in text if char.isprintable() and char not in "<>").strip()
        for text in (author.name, author.email)
    )
    return f"{name or 'Somebody'} <{email}> {int(time.time())} +0000".encode("utf-8", "replace")


def _quoted(path: str) -> bytes:
    return b'"' + path.encode().replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def _edit(project_id: int, parent: str, edit: Edit) -> Iterator[bytes]:
    if isinstance(edit, DeletePath):
        yield b"D %s\n" % _quoted(edit.path)
    elif isinstance(edit, MovePath):
        yield b"R %s %s\n" % (_quoted(edit.path), _quoted(edit.to))
    elif isinstance(edit, WriteFile):
        executable = edit.executable
        if executable is None:
            executable = _mode(project_id, parent, edit.path) == "100755"
        yield b"M %s inline %s\ndata %d\n" % (_mode_of(executable), _quoted(edit.path), edit.source.size)
        left = edit.source.size
        for block in edit.source.blocks():
            left -= len(block)
            yield block
        if left:
            raise GitFailed(f"the content of {edit.path!r} has not the size that it said")
        yield b"\n"
    else:
        oid = entry_at(open_repository(project_id), parent, edit.path).oid
        yield b"M %s %s %s\n" % (_mode_of(edit.executable), oid.encode(), _quoted(edit.path))


def _mode_of(executable: bool) -> bytes:
    return b"100755" if executable else b"100644"


def _mode(project_id: int, parent: str, path: str) -> str:
    try:
        return entry_at(open_repository(project_id), parent, path).mode if parent else ""
    except PathNotFound:
        return ""
