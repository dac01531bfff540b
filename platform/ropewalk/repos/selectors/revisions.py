"""From names to commits: branches, tags, and what ``<rev>/<path>`` of a URL means."""

import re
import time
from pathlib import Path

import pygit2

from ropewalk.core.derived import cache
from ropewalk.repos import git, refs
from ropewalk.repos.errors import Damaged, EmptyRepository, NotABranch, RevisionNotFound
from ropewalk.repos.selectors.reading import MAX_DEPTH, open_repository, tree_of
from ropewalk.repos.store import refs_changed_at
from ropewalk.repos.types import RepositoryState, Revision

_HEX = re.compile(r"^[0-9a-fA-F]{4,40}$")
_FULL = re.compile(r"^[0-9a-f]{40}$")
_MAX_REF_BYTES = 1024


def default_branch(project_id: int) -> str:
    """The branch that HEAD names, whether or not it exists yet. Raises :class:`EmptyRepository` without a repository."""
    target = open_repository(project_id).references["HEAD"].raw_target
    name = target.decode("utf-8", "replace") if isinstance(target, bytes) else ""
    return name.removeprefix("refs/heads/")


def resolve(project_id: int, rev_and_path: str = "") -> Revision:
    """What ``main``, ``feature/x/src/a.py``, ``v1.0``, ``1a2b3c4d/data``, ``HEAD`` or nothing (the default branch) means.

    A commit's whole sha comes first, so that nobody can push a branch in front of a permalink. Then the longest prefix that is a
    branch wins, then the longest that is a tag of the same length, then ``HEAD``, then a commit's sha of at least four
    unambiguous digits; so a branch called ``cafe1`` beats the commit. ``refs/heads/…`` and ``refs/tags/…`` may be written out,
    and ``name`` is, where the short name means something else. Raises :class:`EmptyRepository`, :class:`RevisionNotFound`.
    """
    repository = open_repository(project_id)
    text = rev_and_path.strip("/")
    if not text:
        return _head(repository)
    parts = text.split("/")
    if _FULL.match(parts[0]) and (sha := _commit_by_prefix(repository, parts[0])):
        return Revision("commit", sha, sha, "/".join(parts[1:]))
    for count in range(min(len(parts), MAX_DEPTH), 0, -1):
        name, path = "/".join(parts[:count]), "/".join(parts[count:])
        if len(name.encode("utf-8", "replace")) > _MAX_REF_BYTES:
            continue
        for kind, prefix in (("branch", "refs/heads/"), ("tag", "refs/tags/")):
            sha = _peeled(repository, name if name.startswith(prefix) else prefix + name)
            if sha:
                short = name.removeprefix(prefix)
                return Revision(kind, plain_name(repository, kind, short), sha, path)
    first, path = parts[0], "/".join(parts[1:])
    if first == "HEAD":
        head = _head(repository)
        return Revision(head.kind, head.name, head.sha, path)
    sha = _commit_by_prefix(repository, first)
    if sha:
        return Revision("commit", sha, sha, path)
    if not repository.raw_listall_references():
        raise EmptyRepository
    raise RevisionNotFound(
        f"There is no branch, tag or commit “{text}”.", hint="Choose one of the branches or tags."
    )


def branch_at(project_id: int, rev_and_path: str, fallback: str) -> Revision:
    """The branch and path that ``rev_and_path`` means, to write there.

    In an empty repository the branch that HEAD names (``fallback`` without a repository) may be written, with an empty ``sha``.
    Raises :class:`RevisionNotFound` for no branch, :class:`NotABranch` for a tag or a commit.
    """
    try:
        revision = resolve(project_id, rev_and_path)
    except EmptyRepository:
        branch = state(project_id).default_branch or fallback
        if f"{rev_and_path}/".startswith(f"{branch}/"):
            return Revision("branch", branch, "", rev_and_path[len(branch) + 1 :].strip("/"))
        raise
    if revision.kind != "branch":
        raise NotABranch(
            f"“{revision.short}” is a {revision.kind}: only branches can be changed.",
            hint="Name a branch.",
        )
    return Revision("branch", revision.short, revision.sha, revision.path)


def plain_name(repository: pygit2.Repository, kind: str, name: str) -> str:
    """The name to link: short, or written out where the short one, alone or with a path behind it, may mean another ref."""
    mine, other = ("refs/heads/", "refs/tags/") if kind == "branch" else ("refs/tags/", "refs/heads/")
    hidden = kind == "tag" and bool(_peeled(repository, other + name))
    return mine + name if hidden or _any_below(repository, f"{other}{name}/") else name


def _any_below(repository: pygit2.Repository, prefix: str) -> bool:
    """Whether a ref's name begins with ``prefix``, which ends in a slash. Reads no ref."""
    directory = Path(repository.path)
    try:
        if (directory / prefix).is_dir() and any((directory / prefix).iterdir()):
            return True
        return f" {prefix}".encode() in (directory / "packed-refs").read_bytes()
    except OSError:  # no packed refs, or a name too long for a file
        return False


def _head(repository: pygit2.Repository) -> Revision:
    target = repository.references["HEAD"].raw_target
    name = target.decode("utf-8", "replace") if isinstance(target, bytes) else ""
    sha = _peeled(repository, name)
    if not sha:
        raise EmptyRepository
    return Revision("branch", name.removeprefix("refs/heads/"), sha)


def _peeled(repository: pygit2.Repository, ref: str) -> str:
    """The commit that a ref names, or an empty string (no such ref, an impossible name, a tag of a tree)."""
    try:
        target = str(repository.lookup_reference(ref).resolve().target)
        return target if tree_of(repository, target) else str(repository[target].peel(pygit2.Commit).id)
    except (KeyError, ValueError, pygit2.GitError):
        return ""


def _commit_by_prefix(repository: pygit2.Repository, text: str) -> str:
    if not _HEX.match(text):
        return ""
    try:
        found = repository.get(text.lower())
        commit = found.peel(pygit2.Commit) if found is not None else None
    except (KeyError, ValueError, pygit2.GitError):  # ambiguous, missing, or no commit
        return ""
    return str(commit.id) if commit is not None else ""


def commit_exists(project_id: int, sha: str) -> bool:
    """Whether a full sha names a commit of this repository."""
    if not _FULL.match(sha):
        return False
    try:
        return bool(tree_of(open_repository(project_id), sha))
    except EmptyRepository:
        return False


def branch_names(project_id: int, *, limit: int = 1000) -> list[str]:
    """Names of branches, last changed first, for a chooser; empty for an empty repository."""
    return ref_names(project_id, "refs/heads/", limit)


def tag_names(project_id: int, *, limit: int = 1000) -> list[str]:
    """Names of tags, newest first, for a chooser; empty for an empty repository."""
    return ref_names(project_id, "refs/tags/", limit)


def ref_names(project_id: int, prefix: str, limit: int, order: str = "-creatordate") -> list[str]:
    """Names below ``prefix``, without it, in one of git's orders.

    Kept by the time of the last change of any ref, and not for long: two changes may share a tick of the clock.
    """
    changed = refs_changed_at(git.repository_path(project_id))
    key = f"repos:names:{project_id}:{prefix}:{limit}:{order}:{changed}"
    known: list[str] | None = cache.get(key)
    if known is None:
        known = _read_names(project_id, prefix, limit, order)
        cache.set(key, known, 30 if changed < time.time() - 2 else 1)
    return known


def _read_names(project_id: int, prefix: str, limit: int, order: str) -> list[str]:
    directory = git.repository_path(project_id)
    if not directory.is_dir():
        return []
    options = (f"--count={limit}", f"--sort={order}", "--format=%(refname)")
    try:
        out = git.run(directory, "for-each-ref", *options, prefix, max_bytes=32 << 20)
    except Damaged:  # a ref's object is lost: the others, by name
        known = {name: sha for name, sha in refs.read_refs(project_id).items() if name.startswith(prefix)}
        sound = refs.commits_of(project_id, known.values())
        return [name.removeprefix(prefix) for name, sha in sorted(known.items()) if sha in sound][:limit]
    return [line.removeprefix(prefix) for line in out.data.decode("utf-8", "replace").split("\n") if line]


def state(project_id: int) -> RepositoryState:
    """The repository at a glance; also for one that does not exist yet. The size is of the last change of a ref, or newer."""
    try:
        repository = open_repository(project_id)
    except EmptyRepository:
        return RepositoryState(True, "", "", 0, 0, 0)
    names = list(repository.raw_listall_references())
    default = default_branch(project_id)
    heads = sum(name.startswith(b"refs/heads/") for name in names)
    return RepositoryState(
        empty=heads == 0,
        default_branch=default,
        head_sha=_peeled(repository, f"refs/heads/{default}"),
        branches=heads,
        tags=sum(name.startswith(b"refs/tags/") for name in names),
        size_bytes=_size(project_id),
    )


def _size(project_id: int) -> int:
    """Bytes on disk, kept for a minute, and no longer than until a ref changes: an import's first page must not last."""
    directory = git.repository_path(project_id)
    key = f"repos:size:{project_id}:{refs_changed_at(directory)}"
    known: int | None = cache.get(key)
    if known is None:
        out = git.run(directory, "count-objects", "-v").data.decode()
        numbers = dict(line.split(": ") for line in out.splitlines() if ": " in line)
        known = (int(numbers.get("size", 0)) + int(numbers.get("size-pack", 0))) * 1024
        cache.set(key, known, 60)
    return known
