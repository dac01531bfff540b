"""Files that DVC tracks, changed for somebody at a page or the API: new objects, merged lists of folders, a commit of pointers.

The objects come first, verified like an upload's. What the commit says then depends on the tip that it follows: the lists and
pointers are made anew for each tip that is tried, so that two writers into one folder both get in. A commit that fails leaves
objects that no commit names; the search for unneeded data finds them.
"""

import time
from collections.abc import Callable, Iterable
from typing import TypeVar

from ropewalk.access.roles import Permission
from ropewalk.access.types import ProjectAccess
from ropewalk.core.errors import Conflict, Denied, Invalid, NotFound, TooLarge
from ropewalk.data.hashing import UploadDigest
from ropewalk.data.models import DirEntry
from ropewalk.data.oids import ObjectAddress
from ropewalk.data.pointers import CantChange, PointerFile, ignored, no_longer_ignored
from ropewalk.data.selectors.objects import dir_file, dir_holds, dir_size, object_state, states
from ropewalk.data.selectors.tracking import NotIndexedYet, Tracked, TrackedAt, is_dvcs_own
from ropewalk.data.services.changes import commit_edits, require_committable
from ropewalk.data.services.objects import receive_object
from ropewalk.data.starters import dvc_files
from ropewalk.data.tracking import Content, Target, TrackedEdits, list_blocks
from ropewalk.quotas.services import require_room
from ropewalk.repos import services as repos
from ropewalk.repos.edits import CommitRequest, DeletePath, Edit, EditConflict, Source, Text, WriteFile
from ropewalk.repos.selectors import exists

MAX_FOLDER_FILES = 250_000  # whose list is held in memory while it is merged
_MAX_IGNORE_BYTES = 1 << 20
_LISTED, _BOOKKEEPING = (
    64,
    4096,
)  # bytes of a list for each file beside its path; of the commit, its pointers and folders
_PATIENCE, _PAUSE = 15.0, 0.25  # seconds that a commit's index is waited for
T = TypeVar("T")


class TrackedByGit(Conflict):
    """DVC would get a path that git has: its clients refuse that."""

    code = "tracked_by_git"

    def __init__(self, path: str) -> None:
        super().__init__(
            f"git has “{path}”, so DVC can't track it.",
            hint="Delete it from git first, or keep the files in git.",
        )


def commit_tracked(
    access: ProjectAccess,
    request: CommitRequest,
    edits: TrackedEdits,
    check: Callable[[str], None] | None = None,
) -> str:
    """Make one commit of ``request``'s edits of git's files and of these; its name.

    Raises what :func:`commit_edits` and :func:`receive_object` raise, :class:`TrackedByGit`, ``MadeByPipeline``, ``CantChange``,
    :class:`EditConflict` for what changed since ``request.seen`` (empty: for what is not new). Nothing is stored unless the
    person may make this commit and there is room for all of it.
    """
    if edits.empty:
        return commit_edits(access, request, check)
    if not access.may(Permission.DATA_WRITE):
        raise Denied("You may not change this project's data.", code="role")
    stored = {path: _content(source) for path, source in edits.writes.items()}
    repos.ensure_repository(project_id=access.project.id, default_branch=access.project.default_branch)
    parent = require_committable(access, request)
    targets = _patiently(lambda: targets_of(access.project.id, request.seen, parent, edits, stored))
    require_room(access.project.id, room_for(access.project.id, request, targets))
    for path, source in edits.writes.items():
        _store(access, stored[path].address, source)

    def derived(parent: str) -> tuple[Edit, ...]:
        found = _patiently(lambda: targets_of(access.project.id, request.seen, parent, edits, stored))
        return _edits(access, parent, found)

    return commit_edits(access, request, check, derived)


def room_for(project_id: int, request: CommitRequest, targets: Iterable[Target]) -> int:
    """Bytes that the commit will need: what is new of its files and lists, git's files as if nothing of them could be packed."""
    need, contents = _BOOKKEEPING, {}
    for target in targets:
        if target.whole is not None:
            contents[target.whole.address] = target.whole.size
        elif not target.forgotten:
            before = object_state(project_id, target.old) if target.old else None
            need += (before.size if before else 0) + sum(_LISTED + len(path) for path in target.files)
            contents |= {content.address: content.size for content in target.files.values()}
    need += sum(edit.source.size for edit in request.edits if isinstance(edit, WriteFile))
    here = states(project_id, contents)
    return need + sum(size for address, size in contents.items() if address not in here)


def _patiently(ask: Callable[[], T]) -> T:
    """The answer, waiting a bounded time for a commit's index. Raises :class:`NotIndexedYet` after it."""
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            return ask()
        except NotIndexedYet:
            if time.monotonic() > until:
                raise
            time.sleep(_PAUSE)


def _content(source: Source) -> Content:
    digest = UploadDigest(legacy=False)
    for block in source.blocks():
        digest.update(block)
    return Content(ObjectAddress(digest.md5), digest.size)


def _store(access: ProjectAccess, address: ObjectAddress, source: Source) -> None:
    receive_object(
        project_id=access.project.id,
        address=address,
        blocks=source.blocks(),
        user_id=access.actor.user_id,
        announced=source.size,
    )


def targets_of(
    project_id: int, seen: str, parent: str, edits: TrackedEdits, stored: dict[str, Content]
) -> list[Target]:
    """Which outputs of ``parent`` the edits change, and how. Raises as :func:`commit_tracked` says."""
    now, before = TrackedAt(project_id, parent), TrackedAt(project_id, seen)
    found: dict[str, Target] = {}
    changed = []
    for path, content in stored.items():
        if is_dvcs_own(path):
            raise Invalid(
                f"DVC can't track “{path}”: its clients read it.",
                hint="Keep it in git.",
                code="bad_path",
            )
        around = now.around(path)
        if around is None or around.path != path:
            _require_free(project_id, parent, path, around)
        held = now.holds(path)
        if held and held != content.address.name and (not seen or before.holds(path) != held):
            changed.append(path)
        target = _target(project_id, parent, path, around, edits.folder, found)
        if target.is_dir:
            target.files[path[len(target.path) + 1 :]] = content
        else:
            target.whole = content
    for path in edits.deletes:
        _forget(project_id, now, path, found)
        if seen and before.holds(path) != now.holds(path):
            changed.append(path)
    if changed:
        raise EditConflict(changed, parent)
    return list(found.values())


def _require_free(project_id: int, parent: str, path: str, around: Tracked | None) -> None:
    if around is not None and (around.address is None or not around.address.is_dir):
        raise Conflict(f"“{around.path}” is a file, so nothing can lie in it.", code="path_taken")
    if parent and exists(project_id, parent, path):
        raise TrackedByGit(path)


def _target(
    project_id: int, parent: str, path: str, around: Tracked | None, folder: str, found: dict[str, Target]
) -> Target:
    if around is not None:
        return found.get(around.path) or found.setdefault(around.path, _known(project_id, around))
    whole = folder or path
    if whole not in found and parent and exists(project_id, parent, whole):
        raise TrackedByGit(whole)
    return found.setdefault(whole, Target(whole, "", None, is_dir=bool(folder)))


def _known(project_id: int, tracked: Tracked) -> Target:
    address = tracked.address
    target = Target(tracked.path, tracked.file, address, is_dir=bool(address and address.is_dir))
    if address is None or not address.is_dir:
        return target
    if address.legacy:
        raise CantChange(tracked.file, "its list was written by DVC before version 3")
    if object_state(project_id, address) is None:
        raise Conflict(
            f"The list of the files of “{tracked.path}” was not pushed here, or files of it are missing.",
            hint="Whoever has them runs dvc push first.",
            code="object_missing",
        )
    return target


def _forget(project_id: int, now: TrackedAt, path: str, found: dict[str, Target]) -> None:
    around = now.around(path)
    if around is None:
        raise NotFound(f"DVC tracks nothing at “{path}”.", code="path_not_found")
    if around.path == path:  # its bytes need not be here for it to go
        is_dir = bool(around.address and around.address.is_dir)
        found[path] = Target(path, around.file, around.address, is_dir=is_dir, forgotten=True)
        return
    target = found.setdefault(around.path, _known(project_id, around))
    inner = path[len(around.path) + 1 :]
    if target.old is None or not (
        dir_file(project_id, target.old, inner) or dir_holds(project_id, target.old, inner)
    ):
        raise NotFound(f"The tracked folder “{around.path}” has no “{inner}”.", code="path_not_found")
    target.gone.append(inner)


def _edits(access: ProjectAccess, parent: str, targets: Iterable[Target]) -> tuple[Edit, ...]:
    """The commit's files: pointers, what git ignores, and DVC's own files where there are none yet."""
    at = TrackedAt(access.project.id, parent)
    edits: list[Edit] = []
    ignores: dict[str, tuple[list[str], list[str]]] = {}
    for target in targets:
        folder, _, name = target.path.rpartition("/")
        file = target.file or f"{target.path}.dvc"
        pointer = at.pointer(file) or PointerFile(file)
        new, gone = ignores.setdefault(folder, ([], []))
        if target.forgotten:
            gone.append(name)
            others = pointer.drop(target.path)
            edits.append(WriteFile(file, _text(pointer)) if others else DeletePath(file))
            continue
        pointer.require_changeable(target.path)
        if target.whole is not None:
            pointer.put(target.path, target.whole.address, target.whole.size)
        else:
            pointer.put(target.path, *_merged(access, target))
        new.append(name)
        edits.append(WriteFile(file, _text(pointer)))
    for folder, (new, gone) in ignores.items():
        path = f"{folder}/.gitignore" if folder else ".gitignore"
        edits += _ignore_edits(path, at.text(path, _MAX_IGNORE_BYTES), new, gone)
    if any(not target.forgotten for target in targets):
        edits += _beginnings(access, parent, [target.path for target in targets])
    return tuple(edits)


def _text(pointer: PointerFile) -> Text:
    return Text(pointer.text().encode())


def _ignore_edits(path: str, text: str | None, new: list[str], gone: list[str]) -> list[Edit]:
    wanted = ignored(no_longer_ignored(text or "", gone), new)
    if wanted == (text or ""):
        return []
    return [WriteFile(path, Text(wanted.encode()))] if wanted else [DeletePath(path)]


def _beginnings(access: ProjectAccess, parent: str, paths: list[str]) -> list[Edit]:
    """What ``dvc init`` and ``dvc remote add`` would have written, unless a folder around has it already."""
    folders = {"", *(path[:at] for path in paths for at, char in enumerate(path) if char == "/")}
    if parent and any(
        exists(access.project.id, parent, f"{folder}/.dvc/config".lstrip("/")) for folder in folders
    ):
        return []
    return [
        WriteFile(path, Text(text.encode()))
        for path, text in dvc_files(access.project).items()
        if not (parent and exists(access.project.id, parent, path))
    ]


def _merged(access: ProjectAccess, target: Target) -> tuple[ObjectAddress, int, int]:
    """Store the folder's new list: its address, the folder's bytes, and how many files it has."""
    project_id = access.project.id
    entries = _entries(project_id, target.old) if target.old else {}
    for inner in target.gone:
        entries.pop(inner, None)
        for path in [path for path in entries if path.startswith(f"{inner}/")]:
            del entries[path]
    for path, content in target.files.items():
        _require_place(target.path, path, entries)
        entries[path] = content.address.oid
    if len(entries) > MAX_FOLDER_FILES:
        raise TooLarge(
            f"“{target.path}” would have more than {MAX_FOLDER_FILES:,} files, the most for changes here.",
            hint="Change it in a clone, then dvc add, dvc push, and push the commit.",
        )
    digest = UploadDigest(legacy=False)
    for block in list_blocks(entries):
        digest.update(block)
    address = ObjectAddress(digest.md5, is_dir=True)
    receive_object(
        project_id=project_id,
        address=address,
        blocks=list_blocks(entries),
        user_id=access.actor.user_id,
        announced=digest.size,
    )
    size, files = dir_size(project_id, address)
    return address, size, files


def _require_place(folder: str, path: str, entries: dict[str, str]) -> None:
    """A new file's folders must be folders, and no folder may be where it goes."""
    if path in entries:
        return
    parts = path.split("/")
    file = next(("/".join(parts[:at]) for at in range(1, len(parts)) if "/".join(parts[:at]) in entries), "")
    if file:
        raise Conflict(f"“{folder}/{file}” is a file, so nothing can lie in it.", code="path_taken")
    if any(other.startswith(f"{path}/") for other in entries):
        raise Conflict(f"There is already a folder “{folder}/{path}”.", code="path_taken")


def _entries(project_id: int, address: ObjectAddress) -> dict[str, str]:
    """A visible folder's files: path → md5; at most one more than may be."""
    rows = DirEntry.objects.for_project(project_id).filter(
        directory__project_id=project_id,
        directory__kind=address.kind,
        directory__oid=address.oid,
        directory__complete=True,
    )
    return dict(rows.values_list("relpath", "oid")[: MAX_FOLDER_FILES + 1])
