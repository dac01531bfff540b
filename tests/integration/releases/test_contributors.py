"""Who wrote the history: counted once, merged by mailmap and account, bounded, drawn."""

import re
import subprocess
import time

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ropewalk.core.jobs import Job
from ropewalk.projects.models import Project
from ropewalk.repos import git, refs, selectors, services
from ropewalk.repos.selectors import contributors as walking
from tests.factories import builders
from tests.integration.releases.conftest import MAIN
from tests.integration.releases.test_tags import run_git
from tests.integration.repos.conftest import Fill, write
from workers.runners import base

pytestmark = pytest.mark.django_db(transaction=True)
NOW = int(time.time())
WEEK = 7 * 24 * 3600


def by(person: str, when: int, *changes: bytes, merge: str = "") -> bytes:
    """A commit on main by somebody, after the one before it."""
    lines = f"commit {MAIN}\nauthor {person} {when} +0000\ncommitter {person} {when} +0000\ndata 1\nx\n"
    origin = f"merge {merge}\n" if merge else ""
    return lines.encode() + origin.encode() + b"".join(changes) + b"\n"


def grow(fill: Fill, project: Project, *commits: bytes) -> str:
    """Put commits on main; the page's address."""
    services.ensure_repository(project_id=project.pk, default_branch="main")
    known = MAIN in refs.read_refs(project.pk)
    fill((f"reset {MAIN}\nfrom {MAIN}^0\n\n".encode() if known else b"") + b"".join(commits))
    services.reconcile(project_id=project.pk)
    return f"/{project.owner.slug}/{project.slug}/contributors"


def tip(project: Project) -> str:
    return run_git(project, "rev-parse", "main")


def test_the_mailmap_of_the_commit_merges_people(fill: Fill, project: Project) -> None:
    mailmap = b"Grace Hopper <grace@navy.mil>\nGrace Hopper <grace@navy.mil> <g@home.example>\n"
    grow(
        fill,
        project,
        by("G <g@home.example>", NOW - 90 * WEEK, write("a", b"1")),
        by("Grace <grace@navy.mil>", NOW - 2 * WEEK, write("a", b"2")),
    )
    before = selectors.activity(project.pk, tip(project))
    assert [(person.name, person.commits) for person in before.people] == [("G", 1), ("Grace", 1)]
    grow(fill, project, by("Bob <Bob@Example.org>", NOW, write(".mailmap", mailmap)))
    found = selectors.activity(project.pk, tip(project))
    assert [(p.name, p.email, p.commits) for p in found.people] == [
        ("Grace Hopper", "grace@navy.mil", 2),
        ("Bob", "bob@example.org", 1),
    ]
    assert (found.authors, found.commits, found.complete) == (2, 3, True)
    grace = found.people[0]
    assert int(grace.first.timestamp()) == NOW - 90 * WEEK and sum(grace.weeks.values()) == 2
    for week in grace.weeks:
        assert selectors.monday(week).isoweekday() == 1


def test_a_mailmap_that_is_none_harms_nobody(fill: Fill, project: Project) -> None:
    for content in (
        write(".mailmap/inside", b"x"),
        write(".mailmap", b"\0<<>>\n" * 1000),
        write(".mailmap", b"/etc/passwd", "120000"),
    ):
        grow(fill, project, by("Ada <a@e>", NOW, b"deleteall\n", content))
        assert [person.name for person in selectors.activity(project.pk, tip(project)).people] == ["Ada"]


def test_one_account_is_one_person(fill: Fill, project: Project) -> None:
    ada = builders.make_user("ada", email="ada@work.example")
    from allauth.account.models import EmailAddress

    EmailAddress.objects.update_or_create(user=ada, email="ada@work.example", defaults={"verified": True})
    EmailAddress.objects.create(user=ada, email="ada@home.example", verified=True)
    EmailAddress.objects.create(user=builders.make_user("eve"), email="bob@example.org", verified=False)
    url = grow(
        fill,
        project,
        by("A <ada@work.example>", NOW - WEEK, write("a", b"1")),
        by("Ada <ADA@home.example>", NOW, write("a", b"2")),
        by('Bob & "Co" <bob@example.org>', NOW, write("a", b"3")),
    )
    page = Client().get(url).content.decode()
    assert '<a href="/ada">ada</a>' in page and page.count('<li class="panel">') == 2
    assert "2 commits" in page and "/eve" not in page
    assert "Bob &amp; &quot;Co&quot;" in page


def test_merges_count_for_nobody_and_wrong_clocks_stay_on_the_axis(fill: Fill, project: Project) -> None:
    url = grow(
        fill,
        project,
        by("Ada <a@e>", 5, write("a", b"1")),
        by("Bob <b@e>", NOW + 50 * 365 * 24 * 3600, write("a", b"2")),
    )
    grow(fill, project, by("Max <m@e>", NOW, merge=run_git(project, "rev-parse", "main~1")))
    found = selectors.activity(project.pk, tip(project))
    assert {person.name for person in found.people} == {"Ada", "Bob"} and found.commits == 2
    assert max(person.last.timestamp() for person in found.people) <= time.time() + 1
    page = Client().get(url).content.decode()
    assert "2 people wrote" in page and page.count("<svg") >= 3


def test_the_page_draws_ranks_and_pages(fill: Fill, project: Project) -> None:
    commits = [by("First <f@e>", NOW - 300 * WEEK, write("a", b"0"))]
    for number in range(40):
        commits += [by(f"P{number:02} <p{number}@e>", NOW - number * WEEK, write("a", b"%d" % number))] * (
            1 + number % 3
        )
    url = grow(fill, project, *commits)
    page = Client().get(url).content.decode()
    assert "41 people wrote" in page and "1–30 of 41" in page and page.index("P02") < page.index("P01")
    paths = re.findall(r'role="img"[^>]*><path d="([^"]*)"', page)
    assert len(paths) == 31 and all(path.startswith("M") for path in paths)
    width = int(re.search(r'viewBox="0 0 (\d+) 100"', page)[1])  # type: ignore[index]
    assert width == 10 * 101  # 301 weeks, three in each bar
    assert "31–41 of 41" in Client().get(f"{url}?page=2").content.decode()
    year = Client().get(f"{url}?page=2&range=year").content.decode()
    assert "31–40 of 40" in year and "First" not in year and "1 in the last year" in year
    assert 'viewBox="0 0 520 100"' in year


def test_ten_thousand_commits_are_walked_once_and_cost_the_same(fill: Fill, project: Project) -> None:
    few = grow(fill, project, by("Ada <a@e>", NOW, write("a", b"1")))
    client = Client()
    client.get(few)
    with CaptureQueriesContext(connection) as one:
        client.get(few)
    commits = [by(f"P{n % 300} <p{n % 300}@e>", NOW - n * 3600, write("a", b"%d" % n)) for n in range(10_000)]
    grow(fill, project, *commits)
    sha = tip(project)
    found = selectors.activity(project.pk, sha, seconds=60)
    assert (found.authors, found.commits, found.complete) == (301, 10_001, True)
    assert sum(found.weeks.values()) == 10_001
    listed = subprocess.run(
        ["git", "-C", str(git.repository_path(project.pk)), "shortlog", "-sne", "--no-merges", "main"],
        check=True, capture_output=True, text=True,
    ).stdout.splitlines()  # fmt: skip
    assert {(p.name, p.commits) for p in found.people} == {
        (line.split("\t")[1].partition(" <")[0], int(line.split("\t")[0])) for line in listed
    }
    with CaptureQueriesContext(connection) as many:
        assert "10,001 commits" in client.get(few).content.decode()
    assert len(many) == len(one)


def test_what_takes_long_becomes_a_job(fill: Fill, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    url = grow(fill, project, by("Ada <a@e>", NOW, write("a", b"1")))
    walk = walking._walk
    monkeypatch.setattr(
        walking, "_walk", lambda pid, sha, end: walk(pid, sha, end if end > time.monotonic() + 10 else 0)
    )
    page = Client().get(url).content.decode()
    assert "only the newest are counted so far" in page and "<rw-job" in page
    job = Job.objects.get(project_id=project.pk, kind="find-contributors")
    base.run(str(job.pk), "test")
    job.refresh_from_db()
    assert job.state == "succeeded" and job.result == {"authors": 1, "commits": 1, "complete": True}
    page = Client().get(url).content.decode()
    assert "1 person wrote" in page and "<rw-job" not in page and "only the newest" not in page


def test_an_empty_repository_has_nobody(project: Project) -> None:
    page = Client().get(f"/{project.owner.slug}/{project.slug}/contributors").content.decode()
    assert "Nobody yet" in page
