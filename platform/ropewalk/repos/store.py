"""Making, settling and removing the bare repositories on disk."""

import os
import secrets
import shutil
import time
from contextlib import suppress
from pathlib import Path

from django.conf import settings

from ropewalk.repos import git
from ropewalk.repos.refs import HIDDEN_PREFIX

HALF_DONE_SECONDS = 24 * 3600

# Rewritten whenever it differs, so that a new release's settings reach old repositories.
CONFIG = f"""\
# Written by Ropewalk; changes are overwritten.
[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = true
\tlogAllRefUpdates = always
\tbigFileThreshold = 64m
\tfsync = objects,derived-metadata,reference
\tfsyncMethod = batch
\tdeltaBaseCacheLimit = 128m
[gc]
\tauto = 0
[maintenance]
\tauto = false
[pack]
\twindowMemory = 256m
\tthreads = 2
\twriteReverseIndex = true
[repack]
\twriteBitmaps = true
[transfer]
\tfsckObjects = true
\thideRefs = {HIDDEN_PREFIX.rstrip("/")}
[receive]
\tautogc = false
\tunpackLimit = 1
\tadvertisePushOptions = true
\tdenyNonFastForwards = false
\tdenyDeletes = false
\tdenyDeleteCurrent = ignore
\thideRefs = refs/pull
\tkeepAlive = 5
[receive "fsck"]
\tbadTimezone = warn
\tmissingSpaceBeforeDate = warn
\tzeroPaddedFilemode = warn
\tmissingTaggerEntry = ignore
\tmissingEmail = warn
\tbadEmail = warn
\tmissingNameBeforeEmail = warn
\tmissingSpaceBeforeEmail = warn
\tzeroPaddedDate = warn
[uploadpack]
\tallowFilter = true
\tallowAnySHA1InWant = true
\tkeepAlive = 5
""".encode()

# The last word before refs change. pre-receive says that git has the whole push, and waits until the server asked its rules
# again; update holds each ref against those rules. Both read from files that only this one push has open.
PRE_RECEIVE = """\
#!/bin/sh
[ -n "$ROPEWALK_GATE" ] || exit 0
cat >/dev/null
[ -z "$ROPEWALK_BELL" ] || printf . >"/dev/fd/$ROPEWALK_BELL"
verdict=
IFS= read -r verdict <"/dev/fd/$ROPEWALK_GATE"
[ "$verdict" = ok ] && exit 0
echo "Ropewalk: ${verdict:-the server stopped before the push was complete. Push again.}" >&2
exit 1
"""
UPDATE = """\
#!/bin/sh
# Lines of the rules: kind, ref, text, tab, hint. The first line says that they were written at all.
[ -n "$ROPEWALK_RULES" ] || exit 0
ref=$1 old=$2 new=$3 rules="/dev/fd/$ROPEWALK_RULES"
refuse() {
  echo "Ropewalk: $1" >&2
  [ -z "$2" ] || echo "          $2" >&2
  exit 1
}
first=
IFS= read -r first <"$rules"
[ "$first" = rules ] || refuse "the rules of this project could not be read." "Push again."
line=$(grep -m1 -F -e " $ref " "$rules")
case $? in
0) ;;
1) exit 0 ;;
*) refuse "the rules of this project could not be read." "Push again." ;;
esac
tab=$(printf '\\t')
kind=${line%% *} text=${line#* } text=${text#* }
case $kind in
forward)
  case $old in *[!0]*) ;; *) exit 0 ;; esac
  git merge-base --is-ancestor "$old" "$new" && exit 0 ;;
esac
refuse "${text%%"$tab"*}" "${text#*"$tab"}"
"""


def make_repository(project_id: int, default_branch: str) -> Path:
    """The project's repository, made whole at once if it is missing. Safe against races: the first one to finish wins."""
    path = git.repository_path(project_id)
    if path.is_dir():
        _settle(path)
        return path
    root = path.parent
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = root / f".new-{project_id}-{secrets.token_hex(8)}"
    fresh.mkdir(mode=0o700)
    try:
        git.run(fresh, "init", "--quiet", "--bare", "--template=")
        (fresh / "config").write_bytes(CONFIG)
        (fresh / "HEAD").write_text(f"ref: refs/heads/{default_branch}\n", encoding="utf-8")
        (fresh / "info").mkdir(exist_ok=True)
        try:
            fresh.rename(path)
        except OSError:
            if not path.is_dir():
                raise
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return path


def _settle(path: Path) -> None:
    config = path / "config"
    if config.read_bytes() != CONFIG:
        _write_whole(config, CONFIG, 0o644)


def _write_whole(path: Path, data: bytes, mode: int) -> None:
    fresh = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
    fresh.write_bytes(data)
    fresh.chmod(mode)
    fresh.replace(path)


def hooks_directory() -> Path:
    """The folder with our hooks, written by this release. Outside the repositories, so that nobody's content is ever run."""
    folder = Path(settings.REPOSITORIES_ROOT) / ".hooks"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, text in (("pre-receive", PRE_RECEIVE), ("update", UPDATE)):
        path = folder / name
        if not path.exists() or path.read_bytes() != text.encode() or not os.access(path, os.X_OK):
            _write_whole(path, text.encode(), 0o700)
    return folder


def remove_repository(project_id: int) -> None:
    """Remove a project's repository for good. It disappears at once under its name, then its files go."""
    path = git.repository_path(project_id)
    gone = path.parent / f".gone-{project_id}-{secrets.token_hex(8)}"
    with suppress(FileNotFoundError):
        path.rename(gone)
    shutil.rmtree(gone, ignore_errors=True)


def remove_half_done(directory: Path, *, older_than: float = HALF_DONE_SECONDS) -> int:
    """Remove quarantines and temporary packs that a killed push left; gives their number. Younger ones may still be in use."""
    before = time.time() - older_than
    objects = directory / "objects"
    patterns = ("tmp_objdir-*", "pack/tmp_*", "pack/.tmp-*", "??/tmp_obj_*")
    candidates = [path for pattern in patterns for path in objects.glob(pattern)]
    removed = 0
    for path in candidates:
        try:
            newest = max(entry.stat().st_mtime for entry in (path, *path.rglob("*")))
        except FileNotFoundError:
            continue
        if newest < before:
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
            removed += 1
    return removed


def remove_abandoned() -> int:
    """Remove repositories that a killed process left half made or half removed; gives their number."""
    root = Path(settings.REPOSITORIES_ROOT)
    before = time.time() - HALF_DONE_SECONDS
    found = [
        path
        for pattern in (".new-*", ".gone-*")
        for path in root.glob(pattern)
        if path.stat().st_mtime < before
    ]
    for path in found:
        shutil.rmtree(path, ignore_errors=True)
    return len(found)


def refs_changed_at(directory: Path) -> float:
    """The newest time (unix seconds) at which a ref changed.

    git changes a ref by renaming a lock file onto it, so its folder's time tells: one look a folder, however many refs there are.
    """
    newest = 0.0
    with suppress(FileNotFoundError):
        newest = (directory / "packed-refs").stat().st_mtime
    folders = [directory / "refs"]
    while folders:
        folder = folders.pop()
        with suppress(FileNotFoundError):
            status = folder.stat()
            newest = max(newest, status.st_mtime)
            if status.st_nlink == 2:  # as file systems that count say: it has no folders
                continue
            with os.scandir(folder) as entries:
                folders += [folder / entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    return newest
