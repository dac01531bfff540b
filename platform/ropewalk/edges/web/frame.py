"""The frame around a project's pages: its tabs and rendering."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from ropewalk.access.roles import Permission
from ropewalk.access.types import ProjectAccess
from ropewalk.projects import lineage as kin
from ropewalk.repos.selectors import pull_mirror


@dataclass(frozen=True)
class Tab:
    """One tab of a project."""

    key: str
    label: str
    icon: str
    url: str


_TABS: list[tuple[str, str, str, str, Permission]] = [
    ("overview", "Overview", "home", "", Permission.PROJECT_VIEW),
    ("files", "Files", "files", "/src", Permission.CODE_READ),
    ("data", "Data", "database", "/data", Permission.DATA_READ),
    ("pipeline", "Pipeline", "pipeline", "/pipeline", Permission.DATA_READ),
    ("experiments", "Experiments", "flask", "/experiments", Permission.RUNS_READ),
    ("models", "Models", "cube", ".mlflow/#/models", Permission.MODELS_READ),
    ("drift", "Drift", "drift", "/drift", Permission.ANALYSES_READ),
    ("jobs", "Jobs", "job", "/jobs", Permission.JOBS_READ),
    ("settings", "Settings", "settings", "/settings", Permission.SETTINGS_READ),
]


def rights(access: ProjectAccess) -> dict[str, bool]:
    """What the viewer may do, as templates ask for it: ``may.runs_write``."""
    return {permission.name.lower(): access.may(permission) for permission in Permission}


def project_page(
    request: HttpRequest,
    access: ProjectAccess,
    template: str,
    active: str,
    context: dict[str, Any],
    status: int = 200,
) -> HttpResponse:
    """Render a page of a project, with the tabs that the viewer may open."""
    tabs = [
        Tab(key, label, icon, access.project.path + suffix)
        for key, label, icon, suffix, needs in _TABS
        if access.may(needs)
    ]
    mirror = pull_mirror(access.project.id) if access.project.mirror_of else None
    lineage = {
        "forks": kin.count_forks(access.actor.viewer_id, access.project.id),
        "parent": kin.parent_for(access.actor.viewer_id, access.project),
    }
    return render(
        request,
        template,
        {
            "access": access,
            "tabs": tabs,
            "active": active,
            "may": rights(access),
            "mirror": mirror,
            "lineage": lineage,
            **context,
        },
        status=status,
    )
