"""A project's settings of branches: the default one, and the rules that protect branches."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from ropewalk.access.types import ProjectAccess
from ropewalk.core.errors import Conflict, Invalid
from ropewalk.edges.web.branches.forms import RuleForm
from ropewalk.edges.web.fields import add_error
from ropewalk.edges.web.frame import project_page
from ropewalk.repos import selectors as repos
from ropewalk.repos import services
from ropewalk.repos.patterns import MAX_PATTERN, matching
from ropewalk.repos.rules import Protection

_CHOICES = 100
_SHOWN = 10
_SECONDS = 1.0
_FIELDS = {
    "bad_pattern": "pattern",
    "rule_exists": "pattern",
    "no_writer": "people",
    "too_many_people": "people",
    "bad_checks": "required_checks",
}


def rules(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """The default branch, and every rule with the branches that it covers."""
    project_id = access.project.id
    found = repos.protections(project_id)
    context = {
        "section": "branches",
        "default_branch": repos.state(project_id).default_branch or access.project.default_branch,
        "starts": repos.branch_names(project_id, limit=_CHOICES),
        "rules": [
            (rule, covered) for rule, covered in zip(found, _all_covered(project_id, found), strict=True)
        ],
        "full": len(found) >= services.MAX_RULES,
    }
    return project_page(request, access, "branches/settings.html", "settings", context)


def new(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """Make a rule."""
    form = RuleForm(request.POST or None, initial={"pattern": request.GET.get("pattern", "")})
    return _form(request, access, form, None)


def change(request: HttpRequest, access: ProjectAccess, protection_id: int) -> HttpResponse:
    """Change a rule."""
    rule = repos.protection_by_id(access.project.id, protection_id)
    return _form(request, access, RuleForm(request.POST or None, initial=RuleForm.values_of(rule)), rule)


def _form(
    request: HttpRequest, access: ProjectAccess, form: RuleForm, rule: Protection | None
) -> HttpResponse:
    status = 200
    if request.method == "POST" and "preview" not in request.POST and form.is_valid():
        try:
            services.protect_branches(
                project=access.project, protection_id=rule.id if rule else None, **form.cleaned_data
            )
        except (Conflict, Invalid) as error:
            add_error(form, error, _FIELDS.get(error.code))
            status = error.status
        else:
            messages.success(request, f"The rule for {form.cleaned_data['pattern']} holds from now on.")
            return _to_rules(access)
    context = {"section": "branches", "form": form, "rule": rule}
    context |= covered_by(access, str(form["pattern"].value() or ""))
    return project_page(request, access, "branches/rule.html", "settings", context, status=status)


def remove(request: HttpRequest, access: ProjectAccess, protection_id: int) -> HttpResponse:
    """Take a rule away, after asking."""
    rule = repos.protection_by_id(access.project.id, protection_id)
    if request.method == "POST":
        services.remove_protection(project=access.project, protection_id=protection_id)
        messages.success(request, f"Removed the rule for {rule.pattern}.")
        return _to_rules(access)
    context = {"section": "branches", "rule": rule} | covered_by(access, rule.pattern)
    return project_page(request, access, "branches/rule_delete.html", "settings", context)


def covered(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """Which branches a pattern covers now: a line for the form, while somebody types."""
    context = {"access": access} | covered_by(access, request.GET.get("pattern", ""))
    response = render(request, "branches/covered.html", context)
    response.headers["X-Fragment"] = "1"
    return response


def covered_by(access: ProjectAccess, pattern: str) -> dict[str, Any]:
    """The context of ``branches/covered.html``."""
    pattern = pattern.strip()[:MAX_PATTERN]
    names = (tip.name for tip in repos.branch_tips(access.project.id))
    found, complete = matching(pattern, names, seconds=_SECONDS) if pattern else ([], True)
    return {
        "pattern": pattern,
        "covered": found[:_SHOWN],
        "covered_count": len(found),
        "covered_complete": complete,
    }


def _all_covered(project_id: int, found: list[Protection]) -> list[dict[str, Any]]:
    """For each rule how many branches it covers, all in bounded time."""
    names = [tip.name for tip in repos.branch_tips(project_id)]
    share = _SECONDS / max(len(found), 1)
    counted = [matching(rule.pattern, names, seconds=share) for rule in found]
    return [{"names": names[:3], "count": len(names), "complete": complete} for names, complete in counted]


def _to_rules(access: ProjectAccess) -> HttpResponse:
    return redirect("branch-rules", access.project.owner, access.project.slug)
