"""What Gitea's ``/contents`` takes and gives: the shapes, and the bodies of its answers."""

import base64
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from rest_framework import serializers

from ropewalk.access.types import ProjectAccess
from ropewalk.edges.api.committing import MAX_MESSAGE
from ropewalk.repos import selectors as repos
from ropewalk.repos.types import Commit, Person, Revision, TreeEntry

MAX_CONTENT_BYTES = 10 << 20
MAX_CHANGES = 300
_SHA = r"^[0-9a-fA-F]{40}$"
_KINDS = {"directory": "dir"}


class IdentityShape(serializers.Serializer):
    """Who made something, as the commit will claim."""

    name = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)
    email = serializers.EmailField(max_length=254, required=False, default="", allow_blank=True)


class CommitOptionsShape(serializers.Serializer):
    """What each call says of its commit. The caller is always the committer; Gitea's `committer` and `dates` are ignored."""

    branch = serializers.CharField(
        max_length=240,
        required=False,
        default="",
        allow_blank=True,
        help_text="The default branch without it.",
    )
    new_branch = serializers.CharField(max_length=240, required=False, default="", allow_blank=True)
    message = serializers.CharField(max_length=MAX_MESSAGE, required=False, default="", allow_blank=True)
    author = IdentityShape(required=False, default=dict)
    signoff = serializers.BooleanField(required=False, default=False)


class WriteOptionsShape(CommitOptionsShape):
    """One file's new content."""

    content = serializers.CharField(
        allow_blank=True, trim_whitespace=False, max_length=MAX_CONTENT_BYTES * 3 // 2, help_text="Base64."
    )
    sha = serializers.RegexField(
        _SHA,
        required=False,
        default="",
        allow_blank=True,
        help_text="The blob that the caller has seen: needed to replace.",
    )
    from_path = serializers.CharField(
        max_length=1024,
        required=False,
        default="",
        allow_blank=True,
        help_text="Where the file was until now.",
    )


class DeleteOptionsShape(CommitOptionsShape):
    """A file to remove."""

    sha = serializers.RegexField(_SHA, help_text="The blob that the caller has seen.")


class ChangeShape(serializers.Serializer):
    """One of several changes."""

    operation = serializers.ChoiceField(choices=["create", "update", "rename", "upload", "delete"])
    path = serializers.CharField(max_length=1024)
    content = serializers.CharField(
        required=False,
        default="",
        allow_blank=True,
        trim_whitespace=False,
        max_length=MAX_CONTENT_BYTES * 3 // 2,
    )
    sha = serializers.RegexField(_SHA, required=False, default="", allow_blank=True)
    from_path = serializers.CharField(max_length=1024, required=False, default="", allow_blank=True)


class ChangesOptionsShape(CommitOptionsShape):
    """Several changes as one commit."""

    files = serializers.ListField(child=ChangeShape(), min_length=1, max_length=MAX_CHANGES)


class ContentsShape(serializers.Serializer):
    """A file or an entry of a folder. `content` only of one file of at most 10 MiB."""

    name = serializers.CharField()
    path = serializers.CharField()
    sha = serializers.CharField()
    last_commit_sha = serializers.CharField(allow_null=True)
    type = serializers.ChoiceField(choices=["file", "dir", "symlink", "submodule"])
    size = serializers.IntegerField()
    encoding = serializers.CharField(allow_null=True)
    content = serializers.CharField(allow_null=True)
    target = serializers.CharField(allow_null=True)
    url = serializers.CharField()
    html_url = serializers.CharField()
    download_url = serializers.CharField(allow_null=True)
    submodule_git_url = serializers.CharField(allow_null=True)


class FileAnswerShape(serializers.Serializer):
    """A written file (null: deleted) and the commit."""

    content = ContentsShape(allow_null=True)
    commit = serializers.JSONField()
    verification = serializers.JSONField()


class FilesAnswerShape(serializers.Serializer):
    """The written files and the commit."""

    files = ContentsShape(many=True)
    commit = serializers.JSONField()
    verification = serializers.JSONField()


def contents_bodies(
    access: ProjectAccess, revision: Revision, entries: Iterable[TreeEntry], *, with_content: bool = False
) -> list[dict[str, Any]]:
    """Bodies of :class:`ContentsShape` for entries of one folder (with sizes)."""
    shown = list(entries)
    folder = shown[0].path.rpartition("/")[0] if shown else ""
    last = repos.last_commits(access.project.id, revision.sha, folder, [entry.name for entry in shown])
    return [
        _contents(access, revision, entry, last.by_name.get(entry.name), with_content=with_content)
        for entry in shown
    ]


def _contents(
    access: ProjectAccess, revision: Revision, entry: TreeEntry, last: Commit | None, *, with_content: bool
) -> dict[str, Any]:
    project, path = access.project, quote(entry.path, safe="/")
    rev = quote(revision.name, safe="/")
    api = f"{project.url.removesuffix(project.path)}/api/v1/repos{project.path}"
    url, html = (
        f"{api}/contents/{path}?ref={quote(revision.name, safe='')}",
        f"{project.url}/src/{rev}/{path}",
    )
    is_file = entry.kind in {"file", "symlink"}
    body: dict[str, Any] = {
        "name": entry.name,
        "path": entry.path,
        "sha": entry.oid,
        "last_commit_sha": last.sha if last else None,
        "type": _KINDS.get(entry.kind, entry.kind),
        "size": entry.size or 0,
        "encoding": None,
        "content": None,
        "target": None,
        "url": url,
        "html_url": html,
        "git_url": None,
        "download_url": f"{api}/raw/{rev}/{path}" if is_file else None,
        "submodule_git_url": None,
        "_links": {"self": url, "git": None, "html": html},
    }
    if entry.kind == "submodule":
        body["submodule_git_url"] = (
            repos.submodule_url(project.id, revision.sha, entry.path, project.git_url) or None
        )
    elif with_content and is_file and (entry.size or 0) <= MAX_CONTENT_BYTES:
        data = repos.blob(project.id, revision.sha, entry.path, limit=MAX_CONTENT_BYTES).data
        if entry.kind == "symlink":
            body["target"] = data.decode("utf-8", "replace")
        else:
            body |= {"encoding": "base64", "content": base64.b64encode(data).decode()}
    return body


def commit_body(access: ProjectAccess, sha: str) -> dict[str, Any]:
    """A commit in Gitea's words."""
    made, project = repos.commit(access.project.id, sha), access.project
    api = f"{project.url.removesuffix(project.path)}/api/v1/repos{project.path}"

    def person(who: Person) -> dict[str, str]:
        return {"name": who.name, "email": who.email, "date": who.when.isoformat()}

    when = made.committer.when.isoformat()
    return {
        "url": f"{api}/commits/{sha}",
        "html_url": f"{project.url}/commit/{sha}",
        "sha": sha,
        "created": when,
        "author": person(made.author),
        "committer": person(made.committer),
        "message": f"{made.subject}\n\n{made.body}" if made.body else made.subject,
        "parents": [{"sha": parent, "url": f"{api}/commits/{parent}"} for parent in made.parents],
        "tree": {"sha": repos.entry(project.id, sha, "").oid},
    }


VERIFICATION = {
    "verified": False,
    "reason": "gpg.error.not_signed_commit",
    "signature": "",
    "payload": "",
    "signer": None,
}
