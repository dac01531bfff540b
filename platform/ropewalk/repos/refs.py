"""Ref names: what a push may name, what kind of thing each is, and reading them all."""

import re
from collections.abc import Iterable

from ropewalk.repos import git
from ropewalk.repos.types import ZERO

MAX_NAME_BYTES = 500
# Ours (never advertised) and the ones that only the server will ever write.
HIDDEN_PREFIX = "refs/ropewalk/"
# Tips of deleted branches: ``<prefix><year month day>/<sha>``, so that each can be restored for a while.
KEPT_PREFIX = f"{HIDDEN_PREFIX}deleted/"
KEPT_DAYS = 30
READ_ONLY_PREFIXES = ("refs/pull/", HIDDEN_PREFIX)
_KINDS = (
    ("refs/heads/", "branch"),
    ("refs/tags/", "tag"),
    ("refs/exps/", "experiment"),
    ("refs/notes/", "note"),
)
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//")


def kind_of(name: str) -> str:
    """``branch``, ``tag``, ``experiment`` (DVC's ``refs/exps/``), ``note`` or ``other``."""
    return next((kind for prefix, kind in _KINDS if name.startswith(prefix)), "other")


def fault_in(raw: bytes) -> str:
    """Why a pushed ref name is refused, in words for the pusher; empty when it is fine.

    The rules are ``git check-ref-format``'s, and valid UTF-8 of a bounded length.
    """
    try:
        name = raw.decode("utf-8")
    except UnicodeDecodeError:
        return "the name is not valid UTF-8"
    if len(raw) > MAX_NAME_BYTES:
        return f"the name has more than {MAX_NAME_BYTES} bytes"
    if not name.startswith("refs/") or name.count("/") < 2:
        return "the name does not begin with refs/heads/, refs/tags/ or another folder of refs/"
    if any(part.startswith(".") or part.endswith(".lock") or not part for part in name.split("/")):
        return "a part of the name is empty, begins with a dot or ends in .lock"
    if any(len(part.encode()) > 240 for part in name.split("/")):
        return "a part of the name has more than 240 bytes"
    if _FORBIDDEN.search(name) or name.endswith("."):
        return "the name has a character that git forbids in names"
    if name.startswith("refs/heads/") and name[11:] in {"HEAD", "@"}:
        return "a branch can't have this name"
    return ""


def read_refs(project_id: int) -> dict[str, str]:
    """Every ref with its value (a tag object's own name, not its commit's), hidden ones left out. Empty without a repository."""
    directory = git.repository_path(project_id)
    if not directory.is_dir():
        return {}
    out = git.run(
        directory, "for-each-ref", "--format=%(objectname) %(refname)", max_bytes=256 << 20, timeout=60
    )
    rows = (line.split(" ", 1) for line in out.data.decode("utf-8", "replace").splitlines())
    return {name: sha for sha, name in rows if not name.startswith(HIDDEN_PREFIX)}


def commits_of(project_id: int, shas: Iterable[str]) -> dict[str, str]:
    """For each object name the commit that it is or that it tags; objects that are no commits are left out."""
    wanted = [sha for sha in dict.fromkeys(shas) if sha != ZERO]
    if not wanted:
        return {}
    asked = "".join(f"{sha}^{{commit}}\n" for sha in wanted).encode()
    out = git.run(
        git.repository_path(project_id),
        "cat-file",
        "--batch-check=%(objectname) %(objecttype)",
        stdin=asked,
        max_bytes=64 << 20,
    )
    answers = out.data.decode("ascii", "replace").splitlines()
    return {
        sha: answer[:40] for sha, answer in zip(wanted, answers, strict=False) if answer.endswith(" commit")
    }
