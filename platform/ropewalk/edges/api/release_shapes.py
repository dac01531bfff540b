"""Releases and their files in Gitea's shape."""

from typing import Any
from urllib.parse import quote

from rest_framework import serializers

from ropewalk.access.types import ProjectAccess
from ropewalk.edges.api.tags import archive_urls
from ropewalk.releases.services.releases import MAX_NOTES
from ropewalk.releases.types import ReleaseFileView, ReleaseView


class AssetShape(serializers.Serializer):
    """A file of a release. ``sha256`` is Ropewalk's own."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    size = serializers.IntegerField()
    download_count = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    uuid = serializers.UUIDField()
    sha256 = serializers.CharField()
    browser_download_url = serializers.CharField()
    type = serializers.CharField()


class ReleaseAuthorShape(serializers.Serializer):
    """Who wrote a release; empty names when the account is gone."""

    id = serializers.IntegerField()
    login = serializers.CharField()
    username = serializers.CharField()


class ReleaseShape(serializers.Serializer):
    """A release. ``latest`` and ``sha`` (the commit at publishing) are Ropewalk's own."""

    id = serializers.IntegerField()
    tag_name = serializers.CharField()
    target_commitish = serializers.CharField()
    sha = serializers.CharField()
    name = serializers.CharField()
    body = serializers.CharField()
    url = serializers.CharField()
    html_url = serializers.CharField()
    upload_url = serializers.CharField()
    zipball_url = serializers.CharField()
    tarball_url = serializers.CharField()
    draft = serializers.BooleanField()
    prerelease = serializers.BooleanField()
    latest = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    published_at = serializers.DateTimeField(allow_null=True)
    author = ReleaseAuthorShape()
    assets = AssetShape(many=True)


class EditReleaseShape(serializers.Serializer):
    """What of a release is to be changed; a tag only of a draft."""

    tag_name = serializers.CharField(max_length=400, required=False)
    target_commitish = serializers.CharField(max_length=1000, required=False, allow_blank=True)
    name = serializers.CharField(max_length=200, required=False, allow_blank=True)
    body = serializers.CharField(
        max_length=MAX_NOTES, required=False, allow_blank=True, trim_whitespace=False
    )
    draft = serializers.BooleanField(required=False)
    prerelease = serializers.BooleanField(required=False)
    latest = serializers.BooleanField(required=False)


class NewReleaseShape(EditReleaseShape):
    """A release to make. A tag that is not there is made of ``target_commitish`` unless it is a draft."""

    tag_name = serializers.CharField(max_length=400)


class RenameAssetShape(serializers.Serializer):
    """Another name for a file."""

    name = serializers.CharField(max_length=240)


def asset_body(access: ProjectAccess, release: ReleaseView, file: ReleaseFileView) -> dict[str, Any]:
    """The body of :class:`AssetShape`."""
    address = f"{quote(release.tag, safe='/')}/{quote(file.name, safe='')}"
    return {
        "id": file.id,
        "name": file.name,
        "size": file.size,
        "download_count": file.downloads,
        "created_at": file.created_at.isoformat(),
        "uuid": str(file.key),
        "sha256": file.sha256,
        "browser_download_url": f"{access.project.url}/releases/download/{address}",
        "type": "attachment",
    }


def release_body(access: ProjectAccess, release: ReleaseView) -> dict[str, Any]:
    """The body of :class:`ReleaseShape`."""
    project = access.project
    root = f"{project.url.removesuffix(project.path)}/api/v1/repos{project.path}/releases/{release.id}"
    return {
        "id": release.id,
        "tag_name": release.tag,
        "target_commitish": release.target or project.default_branch,
        "sha": release.sha,
        "name": release.title,
        "body": release.notes,
        "url": root,
        "html_url": f"{project.url}/releases/tag/{quote(release.tag, safe='/')}",
        "upload_url": f"{root}/assets",
        **archive_urls(project, release.sha),
        "draft": release.draft,
        "prerelease": release.prerelease,
        "latest": release.latest,
        "created_at": release.created_at.isoformat(),
        "published_at": release.published_at.isoformat() if release.published_at else None,
        "author": {"id": release.author_id or 0, "login": release.author, "username": release.author},
        "assets": [asset_body(access, release, file) for file in release.files],
    }
