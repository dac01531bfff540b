"""Beneath the gate: a project-owned model is only reached through a project."""

import ast
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command

from ropewalk.core.scoping import ProjectScopedManager, UnscopedQuery

ROOT = Path(__file__).resolve().parents[2]
# Rows that are asked for by something else than a project, with the reason.
NOT_SCOPED = {
    "core.Job": "the kernel knows no product; selectors take the project's id",
    "core.AuditEvent": "kept beyond the project; selectors take exactly one scope",
    "accounts.AccessToken": "belongs to a person; the project only narrows it",
    "accounts.SshKey": "belongs to a person; the project only narrows it",
    "projects.Project": "it is the project",
}


def ours():
    return [model for model in apps.get_models() if model.__module__.startswith("ropewalk.")]


def owned_by_a_project(model) -> bool:
    names = {field.name for field in model._meta.get_fields()} | {
        getattr(f, "attname", "") for f in model._meta.get_fields()
    }
    return bool({"project", "project_id", "workspace"} & names) or isinstance(
        model._default_manager, ProjectScopedManager
    )


def test_project_owned_models_have_the_fail_closed_manager():
    owned = [model for model in ours() if owned_by_a_project(model) and model._meta.label not in NOT_SCOPED]
    assert len(owned) >= 5
    open_ones = [
        model._meta.label for model in owned if not isinstance(model._default_manager, ProjectScopedManager)
    ]
    assert open_ones == []
    for model in owned:
        for manager in model._meta.managers:
            with pytest.raises(UnscopedQuery):
                manager.all()


def test_models_reached_from_a_project_owned_one_are_scoped_too():
    """A child row (a comparison's runs, a report's columns) has no project of its own, but is no less somebody's."""
    scoped = {model for model in ours() if isinstance(model._default_manager, ProjectScopedManager)}
    children = {
        model._meta.label
        for model in ours()
        for field in model._meta.get_fields()
        if getattr(field, "many_to_one", False) and field.related_model in scoped and model not in scoped
    }
    assert children == set()


def test_nobody_goes_around_the_manager():
    bad = []
    for path in (ROOT / "platform/ropewalk").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in {"_base_manager", "_default_manager"}:
                bad.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert bad == []


@pytest.mark.django_db
def test_migrations_are_complete():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
