"""Routes of the pages, per DESIGN: a project's pages below ``/<owner>/<project>``."""

from functools import partial
from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path

from ropewalk.access import routes
from ropewalk.access.roles import Permission
from ropewalk.edges.web.errors import html_error
from ropewalk.edges.web.experiments import reproduce
from ropewalk.edges.web.files import views as files
from ropewalk.edges.web.home import views as home
from ropewalk.edges.web.people import renaming, ssh_keys
from ropewalk.edges.web.people import views as people
from ropewalk.edges.web.projects import connect, deleted, importing, moving, offers, settings_views, views
from ropewalk.edges.web.search import views as search
from ropewalk.edges.web.storage import views as storage

_public = partial(routes.public_route, on_error=html_error)
_signed_in = partial(routes.signed_in_route, on_error=html_error)
_project = partial(routes.project_route, on_error=html_error)
_P = "<str:owner>/<str:project>"

urlpatterns: list[URLPattern | URLResolver] = [
    _public("", home.home, name="home"),
    _public("favicon.svg", home.favicon, name="favicon"),
    _public("explore", home.explore, name="explore"),
    _public("search", search.search, name="search"),
    _public("verify", reproduce.verify, name="verify-certificate"),
    _signed_in("settings/tokens", people.tokens, name="settings-tokens"),
    _signed_in("settings/tokens/<int:token_id>/revoke", people.revoke_token, name="token-revoke"),
    _signed_in("settings/ssh-keys", ssh_keys.ssh_keys, name="settings-ssh-keys"),
    _signed_in("settings/ssh-keys/<int:key_id>/delete", ssh_keys.delete_ssh_key, name="ssh-key-delete"),
    _signed_in("settings/deleted-projects", deleted.deleted_projects, name="deleted-projects"),
    _signed_in("settings/deleted-projects/<int:project_id>", deleted.restore, name="project-restore"),
    _signed_in("settings/storage", storage.mine, name="settings-storage"),
    _signed_in("settings/offers", offers.offers, name="offers"),
    _signed_in("settings/offers/<int:transfer_id>", offers.offer, name="offer"),
    _signed_in("settings/profile", people.profile, name="settings-profile"),
    _signed_in("settings/rename", renaming.rename_me, name="settings-rename"),
    _signed_in("orgs/<str:slug>/settings/rename", renaming.rename_organization, name="organization-rename"),
    _signed_in("organizations/new", people.new_organization, name="organization-new"),
    _signed_in("orgs/<str:slug>/settings", people.organization_settings, name="organization-settings"),
    _signed_in("orgs/<str:slug>/settings/storage", storage.organization, name="organization-storage"),
    _signed_in("orgs/<str:slug>/settings/members", people.organization_members, name="organization-members"),
    _signed_in(
        "orgs/<str:slug>/settings/members/<int:user_id>/remove", people.remove_member, name="member-remove"
    ),
    _signed_in("new", views.new, name="project-new"),
    _signed_in("new/import", importing.new_import, name="project-import"),
    _public("<str:owner>", home.owner, name="owner"),
    _project(_P, views.overview, needs=Permission.PROJECT_VIEW, name="project"),
    _project(f"{_P}/connect", connect.connect, needs=Permission.PROJECT_VIEW, name="project-connect"),
    _project(f"{_P}/search", search.search_project, needs=Permission.PROJECT_VIEW, name="project-search"),
    _project(f"{_P}/import", importing.import_state, needs=Permission.SETTINGS_WRITE, name="import-state"),
    _project(
        f"{_P}/import/cancel", importing.cancel_import, needs=Permission.SETTINGS_WRITE, name="import-cancel"
    ),
    _project(f"{_P}/src", files.root, needs=Permission.CODE_READ, name="files"),
    _project(f"{_P}/jobs", views.jobs, needs=Permission.JOBS_READ, name="project-jobs"),
    _project(f"{_P}/jobs/<uuid:job_id>.json", views.job_state, needs=Permission.JOBS_READ, name="job-state"),
    _project(
        f"{_P}/jobs/<uuid:job_id>/retry", views.job_retry, needs=Permission.ANALYSES_START, name="job-retry"
    ),
    _project(
        f"{_P}/settings", settings_views.general, needs=Permission.SETTINGS_WRITE, name="project-settings"
    ),
    _project(
        f"{_P}/settings/storage", storage.project, needs=Permission.SETTINGS_READ, name="project-storage"
    ),
    _project(f"{_P}/settings/rename", moving.rename, needs=Permission.PROJECT_MOVE, name="project-rename"),
    _project(
        f"{_P}/settings/transfer", moving.transfer, needs=Permission.PROJECT_MOVE, name="project-transfer"
    ),
    _project(
        f"{_P}/settings/transfer/withdraw",
        moving.withdraw,
        needs=Permission.PROJECT_MOVE,
        name="project-transfer-withdraw",
    ),
    _project(
        f"{_P}/settings/members",
        settings_views.members,
        needs=Permission.MEMBERS_WRITE,
        name="project-members",
    ),
    _project(
        f"{_P}/settings/members/<int:user_id>/remove",
        settings_views.remove_member,
        needs=Permission.MEMBERS_WRITE,
        name="project-member-remove",
    ),
    _project(
        f"{_P}/settings/danger", settings_views.danger, needs=Permission.SETTINGS_WRITE, name="project-danger"
    ),
    _project(
        f"{_P}/settings/archive",
        settings_views.archive,
        needs=Permission.SETTINGS_WRITE,
        name="project-archive",
    ),
    _project(
        f"{_P}/settings/delete", settings_views.delete, needs=Permission.PROJECT_DELETE, name="project-delete"
    ),
]

_AREAS = (
    "files",
    "branches",
    "mirrors",
    "forks",
    "writing",
    "releases",
    "diffs",
    "experiments",
    "data",
    "outside",
    "pipeline",
    "drift",
)
for _area in _AREAS:
    if find_spec(f"ropewalk.edges.web.{_area}.urls"):
        urlpatterns.append(path("", include(f"ropewalk.edges.web.{_area}.urls")))
