"""Settings → Branches: rules are made, changed and removed on the pages, and hold from then on."""

import re

import pytest
from django.test import Client

from ropewalk.core.models import AuditEvent
from ropewalk.repos import git, refs, services
from ropewalk.repos.selectors import protections
from tests.factories import builders
from tests.integration.branches.conftest import Stage, browser

pytestmark = pytest.mark.django_db(transaction=True)
RULE = {"pattern": "topic/*", "push_role": "maintainer", "people": "", "required_checks": ""}


def settings(stage: Stage, tail: str = "") -> str:
    answer = stage.owner.get(f"{stage.url}/settings/branches{tail}")
    assert answer.status_code == 200
    return answer.content.decode()


def send(stage: Stage, tail: str = "/new", client: Client | None = None, **data: str) -> str:
    """What the person is shown in the end."""
    address = f"{stage.url}/settings/branches{tail}"
    return (client or stage.owner).post(address, RULE | data, follow=True).content.decode()


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def edit(stage: Stage, branch: str, text: str) -> int:
    """Commit on the page, as the writer."""
    form = {
        "where": "same",
        "branch": branch,
        "seen": stage.branches[branch],
        "opened": stage.branches[branch],
    }
    sent = form | {"path": "a", "text": text}
    return stage.writer.post(f"{stage.url}/edit/{branch}/a", sent).status_code


def test_a_rule_is_made_holds_is_changed_and_removed(stage: Stage) -> None:
    assert "No rules yet" in settings(stage)
    assert edit(stage, "topic/one", "before") == 302
    page = send(stage, required_checks="unit tests, lint\nunit tests", allow_delete="on")
    assert "The rule for topic/* holds from now on." in page
    assert "topic/* 1 branch Maintainers no allowed" in words(page)
    [rule] = protections(stage.project.pk)
    assert rule.required_checks == ("unit tests", "lint") and rule.delete and not rule.force
    assert edit(stage, "topic/one", "refused") == 403
    assert "topic/one protected" in words(stage.page())

    tail = f"/{rule.id}"
    form = settings(stage, tail)
    assert 'value="topic/*"' in form and "unit tests, lint" in form
    writer = stage.writer_name
    page = send(stage, tail, push_role="nobody", people=f" {writer.upper()},  ")
    assert f"topic/* 1 branch {writer.capitalize()} no no" in words(page)
    assert edit(stage, "topic/one", "allowed again") == 302
    assert stage.owner.get(f"{stage.url}/edit/topic/one/a").content.decode().count("nobody") == 0

    assert "Remove the rule for" in settings(stage, f"{tail}/delete")
    assert len(protections(stage.project.pk)) == 1, "looking removes nothing"
    assert "Removed the rule for topic/*." in send(stage, f"{tail}/delete")
    assert protections(stage.project.pk) == []
    actions = list(
        AuditEvent.objects.filter(subject="topic/*").order_by("pk").values_list("action", flat=True)
    )
    assert actions == [f"branch_protection.{deed}" for deed in ("created", "changed", "removed")]


def test_what_is_no_rule_is_refused_beside_its_field(stage: Stage) -> None:
    send(stage)
    reader = builders.make_collaborator(stage.project, "reader").username
    refused = {
        "There is a rule for “topic/*” already": {},
        "no pattern for branch names": {"pattern": "a b"},
        f"{reader} may not write in": {"pattern": "x", "people": reader},
        "no-such-person may not write in": {"pattern": "x", "people": "no-such-person"},
        "Select a valid choice": {"pattern": "x", "push_role": "everybody"},
        "At most 20 checks": {"pattern": "x", "required_checks": ",".join(map(str, range(30)))},
        "This field is required": {"pattern": ""},
        "at most 255 characters": {"pattern": "x" * 256},
        "Null characters": {"pattern": "x\x00"},
    }
    for text, data in refused.items():
        page = send(stage, **data)
        assert text in page and 'role="alert"' in page, data
    for pattern in ("..", "/", "a//b", "a~", "@{", "\\", "x.lock", "a\nb", "[a]", "refs/../x"):
        send(stage, pattern=pattern)
    kept = {rule.pattern for rule in protections(stage.project.pk)}
    assert kept == {"topic/*"}, kept


def test_the_branches_that_a_pattern_covers_are_shown_while_typing(stage: Stage) -> None:
    def line(pattern: str) -> str:
        answer = stage.owner.get(f"{stage.url}/settings/branches/covered", {"pattern": pattern})
        assert answer.headers["X-Fragment"] == "1"
        return words(answer.content.decode())

    assert line("topic/*") == "Covers 1 branch: topic/one"
    assert line("*") == "Covers 2 branches: main , old"
    assert line("**").startswith("Covers 3 branches:")
    assert line("nothing") == "Covers no branch yet; it holds for those to come."
    assert line("") == ""
    assert "&lt;script&gt;" not in line("<script>") and "<script" not in line("<script>")
    directory = git.repository_path(stage.project.pk)
    sha = stage.branches["main"]
    lines = "".join(f"create refs/heads/many/{n:03} {sha}\n" for n in range(40)).encode()
    git.run(directory, "update-ref", "--stdin", stdin=lines)
    assert line("many/*").startswith("Covers 40 branches: many/0") and line("many/*").endswith(", …")
    # without script a button asks, and saves nothing
    page = send(stage, pattern="many/*", preview="1")
    assert "Covers 40 branches" in page and protections(stage.project.pk) == []


def test_rules_are_for_those_who_may_change_settings(stage: Stage) -> None:
    send(stage)
    [rule] = protections(stage.project.pk)
    for tail in ("", "/new", "/covered", f"/{rule.id}", f"/{rule.id}/delete"):
        assert stage.writer.get(f"{stage.url}/settings/branches{tail}").status_code == 403
        assert stage.writer.post(f"{stage.url}/settings/branches{tail}", RULE).status_code == 403
    stranger = browser(builders.make_user())
    assert stranger.post(f"{stage.url}/settings/branches/{rule.id}/delete").status_code == 403
    elsewhere = builders.make_project(owner=stage.project.created_by)
    for tail in (f"/{rule.id}", f"/{rule.id}/delete"):
        address = f"/{elsewhere.owner.slug}/{elsewhere.slug}/settings/branches{tail}"
        assert stage.owner.post(address, RULE).status_code == 404
    assert [found.pattern for found in protections(stage.project.pk)] == ["topic/*"]


def test_a_project_has_a_bounded_number_of_rules(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ropewalk.repos.services.protections.MAX_RULES", 2)
    monkeypatch.setattr(services, "MAX_RULES", 2)
    send(stage, pattern="a")
    send(stage, pattern="b")
    assert "at most 2 rules" in send(stage, pattern="c")
    assert "Add a rule" not in settings(stage)
    assert "refs/heads/main" in refs.read_refs(stage.project.pk)
