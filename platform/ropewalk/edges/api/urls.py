"""Routes of the JSON API. All errors are JSON; writes with a browser's session need its CSRF token in a header."""

from functools import partial

from ropewalk.access.roles import Permission
from ropewalk.access.routes import project_route, public_route, signed_in_route
from ropewalk.edges.api import (
    assets,
    availability,
    branches,
    code,
    collections,
    content,
    data_compare,
    data_contents,
    data_usage,
    docs,
    entries,
    forks,
    gitea,
    hooks,
    migrating,
    mirrors,
    people,
    pipelines,
    protections,
    releases,
    removals,
    repositories,
    revisions,
    search,
    ssh_keys,
    storage,
    tags,
    transfers,
    uploads,
    usage,
    work,
)
from ropewalk.edges.api.errors import json_error, unknown_path
from ropewalk.edges.api.limits import bounded
from ropewalk.repos import urlpaths  # noqa: F401  # registers the converter ``revpath``

_project = partial(project_route, on_error=json_error, csrf=False)
_signed_in = partial(signed_in_route, on_error=json_error, csrf=False)
_public = partial(public_route, on_error=json_error, csrf=False)
_settings = partial(_project, needs=Permission.SETTINGS_WRITE)
_removed = partial(_project, needs=Permission.DATA_DELETE)
_code = partial(_project, needs=Permission.CODE_READ, writes=Permission.CODE_WRITE)
_REPO = "api/v1/repos/<str:owner>/<str:project>"

urlpatterns = [
    # Every token may learn whom it speaks for, however narrow it is.
    _signed_in("api/v1/user", bounded(people.current_user), name="api-user", token_scope=""),
    _signed_in("api/v1/user/keys", bounded(ssh_keys.ssh_keys), name="api-ssh-keys"),
    _signed_in("api/v1/user/keys/<int:key_id>", bounded(ssh_keys.ssh_key), name="api-ssh-key"),
    _public("api/v1/users/<str:username>", bounded(people.user), name="api-users"),
    _signed_in(
        "api/v1/user/repos", bounded(repositories.create_for_user), name="api-user-repos", token_scope="write"
    ),
    _signed_in(
        "api/v1/org/<str:organization>/repos",
        bounded(repositories.create_for_organization),
        name="api-org-repos",
        token_scope="write",
    ),
    _signed_in(
        "api/v1/repos/migrate", bounded(migrating.migrate), name="api-repos-migrate", token_scope="write"
    ),
    _signed_in(
        "api/v1/admin/users/<str:username>/rename", bounded(people.rename_user), name="api-user-rename"
    ),
    _signed_in(
        "api/v1/orgs/<str:organization>/rename",
        bounded(people.rename_organization),
        name="api-organization-rename",
    ),
    _project(
        _REPO,
        bounded(repositories.repository),
        needs=Permission.PROJECT_VIEW,
        writes=Permission.SETTINGS_WRITE,
        name="api-repo",
    ),
    _project(
        f"{_REPO}/transfer",
        bounded(transfers.transfer),
        needs=Permission.PROJECT_VIEW,
        writes=Permission.PROJECT_MOVE,
        name="api-transfer",
    ),
    # Who answers may not see the project yet, so no gate of the project's: the views find only what is offered to the caller.
    _signed_in(
        "api/v1/repos/<str:offered_by>/<str:offered>/transfer/accept",
        bounded(transfers.accept),
        name="api-transfer-accept",
    ),
    _signed_in(
        "api/v1/repos/<str:offered_by>/<str:offered>/transfer/reject",
        bounded(transfers.refuse),
        name="api-transfer-reject",
    ),
    _project(
        f"{_REPO}/forks",
        bounded(forks.forks),
        needs=Permission.PROJECT_VIEW,
        writes=Permission.PROJECT_FORK,
        name="api-forks",
    ),
    _project(
        f"{_REPO}/merge-upstream",
        bounded(forks.merge_upstream),
        needs=Permission.CODE_WRITE,
        name="api-merge-upstream",
    ),
    _code(f"{_REPO}/branches", bounded(branches.branches), name="api-branches"),
    _code(f"{_REPO}/branches/<revpath:branch>", bounded(branches.branch), name="api-branch"),
    _settings(f"{_REPO}/branch_protections", bounded(protections.protections), name="api-branch-protections"),
    _settings(
        f"{_REPO}/branch_protections/<revpath:rule_name>",
        bounded(protections.protection),
        name="api-branch-protection",
    ),
    _project(
        f"{_REPO}/commits/<path:revision>",
        bounded(revisions.commit),
        needs=Permission.CODE_READ,
        name="api-commit",
    ),
    _project(
        f"{_REPO}/availability/<path:revision>",
        bounded(availability.availability),
        needs=Permission.DATA_READ,
        name="api-availability",
    ),
    _project(
        f"{_REPO}/data-compare/<revpath:path>",
        bounded(data_compare.data_compare),
        needs=Permission.DATA_READ,
        name="api-data-compare",
    ),
    *(
        _project(f"{_REPO}/{path}", bounded(view), needs=Permission.DATA_READ, name=name)
        for name, path, view in (
            ("api-data-rows", "data-rows/<revpath:rev_path>", data_contents.rows),
            ("api-data-gallery", "data-gallery/<revpath:rev_path>", data_contents.gallery),
            ("api-plots", "plots/<revpath:revision>", data_contents.plots),
        )
    ),
    _project(
        f"{_REPO}/data-usage/<revpath:rev_path>",
        bounded(data_usage.data_usage),
        needs=Permission.DATA_READ,
        name="api-data-usage",
    ),
    _project(
        f"{_REPO}/contents",
        bounded(gitea.contents, most=gitea.MAX_BODY_BYTES),
        needs=Permission.CODE_READ,
        writes=Permission.CODE_WRITE,
        name="api-contents",
    ),
    _project(
        f"{_REPO}/contents/",
        bounded(gitea.contents, most=gitea.MAX_BODY_BYTES),
        needs=Permission.CODE_READ,
        writes=Permission.CODE_WRITE,
        name="api-contents",
    ),
    _project(
        f"{_REPO}/contents/<revpath:path>",
        bounded(gitea.contents_path, most=gitea.MAX_BODY_BYTES),
        needs=Permission.CODE_READ,
        writes=Permission.CODE_WRITE,
        name="api-contents-path",
    ),
    _project(
        f"{_REPO}/content/<revpath:rev_path>",
        bounded(content.content, most=uploads.MAX_UPLOAD_BYTES),
        needs=Permission.CODE_READ,
        writes=Permission.CODE_WRITE,
        name="api-content",
    ),
    _project(f"{_REPO}/raw/<revpath:rev_path>", entries.raw, needs=Permission.CODE_READ, name="api-raw"),
    _project(f"{_REPO}/storage", bounded(storage.storages), needs=Permission.DATA_READ, name="api-storage"),
    *(
        _project(
            f"{_REPO}/storage/content/<str:protocol>/<str:bucket_name>{rest}",
            bounded(storage.content),
            needs=Permission.DATA_READ,
            name=f"api-storage-{name}",
        )
        for name, rest in (("bucket", ""), ("top", "/"), ("content", "/<path:storage_path>"))
    ),
    _project(
        f"{_REPO}/storage/raw/<str:protocol>/<str:bucket_name>/<path:storage_path>",
        storage.raw,
        needs=Permission.DATA_READ,
        name="api-storage-raw",
    ),
    _project(f"{_REPO}/archive/<path:archive>", code.archive, needs=Permission.CODE_READ, name="api-archive"),
    _project(
        f"{_REPO}/search/code", bounded(code.search), needs=Permission.CODE_READ, name="api-code-search"
    ),
    _project(
        f"{_REPO}/search",
        bounded(search.search_project),
        needs=Permission.PROJECT_VIEW,
        name="api-project-search",
    ),
    _code(f"{_REPO}/tags", bounded(tags.tags), name="api-tags"),
    _code(f"{_REPO}/tags/<revpath:tag>", bounded(tags.tag), name="api-tag"),
    _code(f"{_REPO}/releases", bounded(releases.releases), name="api-releases"),
    _code(f"{_REPO}/releases/latest", bounded(releases.latest), name="api-release-latest"),
    _code(f"{_REPO}/releases/tags/<revpath:tag>", bounded(releases.release_by_tag), name="api-release-tag"),
    _code(f"{_REPO}/releases/<int:release_id>", bounded(releases.release), name="api-release"),
    _code(f"{_REPO}/releases/<int:release_id>/assets", assets.assets, name="api-assets"),
    _code(f"{_REPO}/releases/<int:release_id>/assets/<int:file_id>", bounded(assets.asset), name="api-asset"),
    _project(f"{_REPO}/jobs", bounded(work.jobs), needs=Permission.JOBS_READ, name="api-jobs"),
    _project(f"{_REPO}/jobs/<uuid:job>", bounded(work.job), needs=Permission.JOBS_READ, name="api-job"),
    _public(
        "api/v1/hooks/mirror/<str:hook_id>",
        bounded(hooks.mirror, most=hooks.MAX_BODY_BYTES),
        name="api-mirror-hook",
    ),
    _public(
        "api/v1/hooks/mirror/<str:hook_id>/<str:secret>",
        bounded(hooks.mirror, most=hooks.MAX_BODY_BYTES),
        name="api-mirror-hook-secret",
    ),
    _project(
        f"{_REPO}/mirror-sync",
        bounded(mirrors.mirror_sync),
        needs=Permission.CODE_SYNC,
        name="api-mirror-sync",
    ),
    _project(
        f"{_REPO}/usage",
        bounded(usage.project_usage),
        needs=Permission.SETTINGS_READ,
        name="api-usage",
    ),
    _signed_in("api/v1/user/usage", bounded(usage.my_usage), name="api-user-usage"),
    _settings(f"{_REPO}/push_mirrors", bounded(mirrors.push_mirrors), name="api-push-mirrors"),
    _settings(f"{_REPO}/push_mirrors/<str:push_key>", bounded(mirrors.push_mirror), name="api-push-mirror"),
    _project(
        f"{_REPO}/push_mirrors-sync",
        bounded(mirrors.push_mirrors_sync),
        needs=Permission.CODE_SYNC,
        name="api-push-mirrors-sync",
    ),
    _removed(f"{_REPO}/removals", bounded(removals.removals), name="api-removals"),
    _removed(f"{_REPO}/removals/<int:removal_id>", bounded(removals.removal), name="api-removal"),
    _removed(f"{_REPO}/removals/<int:removal_id>/restore", bounded(removals.restore), name="api-restore"),
    _removed(f"{_REPO}/collections", bounded(collections.collections), name="api-collections"),
    _removed(
        f"{_REPO}/collections/<int:collection_id>", bounded(collections.collection), name="api-collection"
    ),
    _removed(
        f"{_REPO}/collections/<int:collection_id>/run", bounded(collections.run), name="api-collection-run"
    ),
    _project(
        f"{_REPO}/pipeline/<revpath:revision>",
        bounded(pipelines.pipeline),
        needs=Permission.DATA_READ,
        name="api-pipeline",
    ),
    _public("api/v1/search", bounded(search.search), name="api-search"),
    _public("api/v1/schema", bounded(docs.schema), name="api-schema"),
    _public("api/docs", bounded(docs.page), name="api-docs"),
    _public(r"^api(?:/(?P<rest>.*))?$", unknown_path, name="api-unknown", regex=True),
]
