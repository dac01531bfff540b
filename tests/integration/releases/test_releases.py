"""Releases through HTTP: drafted, published with their tag, read, changed, deleted; hostile forms; what they cost."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ropewalk.core.models import AuditEvent
from ropewalk.projects.models import Project
from ropewalk.releases import selectors, services
from ropewalk.releases.types import ReleaseText, ReleaseView
from ropewalk.repos import refs
from ropewalk.repos import services as repo_services
from tests.factories import builders
from tests.integration.releases.conftest import MAIN
from tests.integration.releases.test_tags import run_git
from tests.integration.repos.conftest import Fill, commit, write

pytestmark = pytest.mark.django_db(transaction=True)
NOTES = "# Hi\n\n[rel](a.txt)\n\n<script>alert(1)</script> <img src=x onerror=alert(2)>"


def send(client: Client, address: str, do: str = "publish", **values: str) -> str:
    """Where the form leads; the page's text when it was refused."""
    form = {"tag": "v1.0", "title": "First", "notes": "", "do": do} | values
    answer = client.post(address, form)
    return answer["Location"] if answer.status_code == 302 else answer.content.decode()


def only(project: Project) -> ReleaseView:
    (found,) = selectors.releases(project.pk, drafts=True)
    return found


def test_publishing_makes_the_tag_and_shows_safe_notes(
    writer: Client, stranger: Client, project: Project, url: str
) -> None:
    assert (
        send(writer, f"{url}/releases/new", target="main", notes=NOTES, latest="on")
        == f"{url}/releases/tag/v1.0"
    )
    assert run_git(project, "cat-file", "-t", "refs/tags/v1.0") == "tag"
    main = run_git(project, "rev-parse", "main")
    found = only(project)
    assert (found.sha, found.draft, found.latest) == (main, False, True)
    for page in (f"{url}/releases", f"{url}/releases/tag/v1.0"):
        text = stranger.get(page).content.decode()
        assert "<h1" in text and "alert(1)" not in text and "onerror" not in text
        assert f"{url}/src/{main}/a.txt" in text and f"{url}/archive/v1.0.zip" in text
        assert "latest" in text and "/edit" not in text
    assert stranger.get(f"{url}/releases/latest")["Location"] == f"{url}/releases/tag/v1.0"
    assert AuditEvent.objects.filter(action="release.published", project_id=project.pk).count() == 1


def test_drafts_are_for_writers_and_make_no_tag(
    writer: Client, stranger: Client, project: Project, url: str
) -> None:
    where = send(writer, f"{url}/releases/new", "draft", title="Secret plan")
    assert where == f"{url}/releases/{only(project).id}/edit"
    assert "refs/tags/v1.0" not in refs.read_refs(project.pk)
    assert "Secret plan" in writer.get(f"{url}/releases").content.decode()
    assert writer.get(f"{url}/releases/tag/v1.0").status_code == 200
    services.receive_file(
        project_id=project.pk, release_id=only(project).id, name="a", blocks=[b"x"], user_id=None
    )
    reading = Client(headers={"Authorization": f"Bearer {builders.make_token(project.created_by, 'read')}"})
    for client in (stranger, reading, Client()):
        assert "Secret plan" not in client.get(f"{url}/releases").content.decode()
        assert "Secret plan" not in client.get(f"{url}/tags").content.decode()
        for page in ("releases/tag/v1.0", "releases/latest", "releases/download/v1.0/a"):
            assert client.get(f"{url}/{page}").status_code == 404, page
    assert writer.get(f"{url}/releases/download/v1.0/a").status_code == 200
    assert send(writer, where, "publish").endswith("/releases/tag/v1.0")
    assert stranger.get(f"{url}/releases/download/v1.0/a").status_code == 200
    assert send(writer, where, "draft", tag="ignored") == where
    assert stranger.get(f"{url}/releases/tag/v1.0").status_code == 404
    assert "refs/tags/v1.0" in refs.read_refs(project.pk)


def test_a_published_releases_tag_stays(writer: Client, project: Project, url: str) -> None:
    send(writer, f"{url}/releases/new")
    edit = f"{url}/releases/{only(project).id}/edit"
    assert send(writer, edit, "save", tag="other", title="Renamed").endswith("/releases/tag/v1.0")
    assert (only(project).tag, only(project).title) == ("v1.0", "Renamed")


UNPUBLISHABLE: list[tuple[dict[str, str], str]] = [
    ({"tag": "a..b"}, "git forbids"),
    ({"tag": "../../settings"}, "dot"),
    ({"tag": "a\0b"}, "Null"),
    ({"tag": "x" * 401}, "at most 400"),
    ({"tag": "v2", "target": "nothing"}, "no branch, tag or commit"),
    ({"tag": "v2", "target": "main/a.txt"}, "no branch, tag or commit"),
    ({"title": ""}, "required"),
    ({"title": "x" * 201}, "at most 200"),
    ({"notes": "x" * 125_001}, "at most 125000"),
    ({"notes": "a\0b"}, "Null"),
]


def test_what_can_not_be_published_leaves_nothing(writer: Client, project: Project, url: str) -> None:
    for values, words in UNPUBLISHABLE:
        text = send(writer, f"{url}/releases/new", **values)
        assert words in text and 'role="alert"' in text, words
    assert set(refs.read_refs(project.pk)) == {MAIN, "refs/tags/v0.9"}
    assert not selectors.releases(project.pk, drafts=True).items


def test_a_tag_has_one_release_and_must_name_a_commit(writer: Client, project: Project, url: str) -> None:
    send(writer, f"{url}/releases/new", tag="v0.9")
    assert only(project).sha == run_git(project, "rev-parse", "v0.9")
    assert "has a release already" in send(writer, f"{url}/releases/new", tag="v0.9")
    run_git(project, "update-ref", "refs/tags/tree", "main^{tree}")
    assert "names a tree" in send(writer, f"{url}/releases/new", tag="tree")
    assert len(selectors.releases(project.pk, drafts=True)) == 1


def test_the_latest_is_marked_or_the_newest_and_never_a_pre_release(
    writer: Client, project: Project, url: str
) -> None:
    for tag, marks in (("v1", {"latest": "on"}), ("v2", {}), ("v3", {"prerelease": "on", "latest": "on"})):
        send(writer, f"{url}/releases/new", tag=tag, **marks)
    assert selectors.latest_release(project.pk).tag == "v1"
    first = selectors.release_of_tag(project.pk, "v1", drafts=False)
    send(writer, f"{url}/releases/{first.id}/edit", "draft", tag="v1")
    assert selectors.latest_release(project.pk).tag == "v2"
    second = selectors.release_of_tag(project.pk, "v2", drafts=False)
    assert send(writer, f"{url}/releases/{second.id}/delete", confirm="v2") == f"{url}/releases"
    assert writer.get(f"{url}/releases/latest").status_code == 404


def test_generated_notes_name_commits_by_author_and_save_nothing(
    writer: Client, project: Project, url: str, fill: Fill
) -> None:
    fill(commit(MAIN, 3000, "Fix *all* [of] <it>", write("a.txt", b"3"), parent=f"{MAIN}^0"))
    repo_services.reconcile(project_id=project.pk)
    text = send(writer, f"{url}/releases/new", "notes", title="", notes="Mine", prerelease="on")
    assert 'role="alert"' not in text and re.search(r'name="prerelease"[^>]*checked', text)
    assert not re.search(r'name="latest"[^>]*checked', text)
    assert "## Changes since v0.9" in text and "**Ada**" in text and "Mine" in text
    assert r"Fix \*all\* \[of\] \&lt;it\&gt;" in text and r"Two \&lt;b\&gt;" in text and "- One" not in text
    assert not selectors.releases(project.pk, drafts=True).items
    assert "no branch, tag or commit" in send(writer, f"{url}/releases/new", "notes", target="nothing")
    again = send(writer, f"{url}/releases/new", "notes", tag="v0.9")
    assert "## Changes\n" in again and "- One" in again


def test_a_preview_is_safe_and_saves_nothing(writer: Client, project: Project, url: str) -> None:
    text = send(writer, f"{url}/releases/new", "preview", notes=NOTES, title="")
    assert 'role="alert"' not in text
    assert "as people will see them" in text and f'href="{url}/src/main/a.txt"' in text
    shown = text[text.index('id="preview"') :]
    assert "<h1" in shown and "<script>alert" not in shown and "onerror" not in shown
    assert not selectors.releases(project.pk, drafts=True).items
    assert '<option value="v0.9">' in text and '<option value="main">' in text
    send(writer, f"{url}/releases/new", notes="Kept")
    edit = f"{url}/releases/{only(project).id}/edit"
    assert "Other words" in send(writer, edit, "preview", notes="Other words")
    assert only(project).notes == "Kept"


def test_what_happened_to_the_tag_is_said(writer: Client, project: Project, url: str) -> None:
    send(writer, f"{url}/releases/new", title="Gift")
    sure = writer.get(f"{url}/tags/delete/v1.0").content.decode()
    assert "tag of the release" in sure and "Gift" in sure
    run_git(project, "update-ref", "refs/tags/v1.0", "main~1")
    assert "was moved after this release" in writer.get(f"{url}/releases").content.decode()
    assert writer.post(f"{url}/tags/delete/v1.0", {"confirm": "v1.0"}).status_code == 302
    page = writer.get(f"{url}/releases/tag/v1.0")
    assert page.status_code == 200 and "was deleted after this release" in page.content.decode()
    assert f"{url}/archive/{only(project).sha}.zip" in page.content.decode()
    assert writer.get(f"{url}/releases/tag/nothing").status_code == 404


def test_the_list_says_what_lies_between(writer: Client, project: Project, url: str) -> None:
    send(writer, f"{url}/releases/new", tag="v0.9")
    send(writer, f"{url}/releases/new", tag="v1.0")
    old, new = run_git(project, "rev-parse", "v0.9"), run_git(project, "rev-parse", "main")
    for page in ("releases", "releases/tag/v1.0"):
        text = writer.get(f"{url}/{page}").content.decode()
        assert "1 commit since v0.9" in text and f"{url}/compare/{old}...{new}" in text
    assert "1 commit on main" in writer.get(f"{url}/releases/tag/v0.9").content.decode()


def test_long_notes_are_cut_in_the_list_only(writer: Client, project: Project, url: str) -> None:
    send(writer, f"{url}/releases/new", notes="".join(f"Line {number}\n\n" for number in range(2000)))
    listed, whole = (
        writer.get(f"{url}/{page}").content.decode() for page in ("releases", "releases/tag/v1.0")
    )
    assert "Line 500<" in listed and "Line 1999<" not in listed and "Read all of the notes" in listed
    assert "Line 1999<" in whole and "Read all of the notes" not in whole


def test_deleting_asks_for_the_tag_and_keeps_it(writer: Client, project: Project, url: str) -> None:
    send(writer, f"{url}/releases/new")
    address = f"{url}/releases/{only(project).id}/delete"
    assert "This is not" in send(writer, address, confirm="v1")
    assert send(writer, address, confirm="v1.0") == f"{url}/releases"
    assert not selectors.releases(project.pk, drafts=True).items
    assert "refs/tags/v1.0" in refs.read_refs(project.pk)
    assert writer.post(address, {"confirm": "v1.0"}).status_code == 404


def test_others_write_nothing_here(writer: Client, stranger: Client, project: Project, url: str) -> None:
    send(writer, f"{url}/releases/new", "draft")
    pk = only(project).id
    other = builders.make_project(owner=builders.make_user())
    foreign = services.create_draft(project_id=other.pk, author_id=None, text=ReleaseText("v1", "Theirs"))
    for deed in ("edit", "delete", "files"):
        assert stranger.post(f"{url}/releases/{pk}/{deed}", {"confirm": "v1.0"}).status_code == 403
        assert writer.post(f"{url}/releases/{foreign}/{deed}", {"confirm": "v1"}).status_code == 404
    assert writer.put(f"{url}/releases/{foreign}/upload/a", b"x").status_code == 404
    checked = Client(enforce_csrf_checks=True)
    checked.force_login(project.created_by)
    assert checked.post(f"{url}/releases/{pk}/delete", {"confirm": "v1.0"}).status_code == 403
    assert checked.put(f"{url}/releases/{pk}/upload/a", b"x").status_code == 403
    writer.post(f"{url}/settings/archive")
    assert send(writer, f"{url}/releases/new").find("archived") > 0
    assert only(project).files == ()


def test_many_releases_cost_no_more_queries(writer: Client, project: Project, url: str) -> None:
    def add(start: int, count: int) -> None:
        for number in range(start, start + count):
            text = ReleaseText(f"v{number}", f"Release {number}", notes="Words", target="main")
            pk = services.create_draft(project_id=project.pk, author_id=project.created_by_id, text=text)
            sha = run_git(project, "rev-parse", "main")
            services.publish(project_id=project.pk, release_id=pk, sha=sha, latest=False)

    def cost() -> int:
        writer.get(f"{url}/releases")
        with CaptureQueriesContext(connection) as asked:
            text = writer.get(f"{url}/releases").content.decode()
        assert "Release" in text
        return len(asked)

    add(0, 3)
    few = cost()
    add(3, 6)
    assert cost() == few
    add(9, 4)
    page = writer.get(f"{url}/releases?page=2").content.decode()
    assert "Release 2" in page and "Release 12" not in page and "11–13 of 13" in page


def test_a_push_that_deletes_a_releases_tag_says_so(writer: Client, project: Project, url: str) -> None:
    from ropewalk.access.roles import Permission
    from ropewalk.data.services.pushes import record_and_index
    from ropewalk.repos.types import ZERO

    send(writer, f"{url}/releases/new", title="Gift")
    oid = refs.read_refs(project.pk)["refs/tags/v1.0"]
    run_git(project, "update-ref", "-d", "refs/tags/v1.0")
    access = builders.access_of(project.created_by, project, Permission.CODE_WRITE)
    lines = record_and_index(access, [("refs/tags/v1.0", oid, ZERO)])
    assert any("“Gift” (v1.0) has lost its tag" in line for line in lines)


ODD = [
    "%00",
    "..",
    "../../settings",
    "%2e%2e%2f",
    "a%0ab",
    "*",
    "v0.9*",
    "~1",
    "@{0}",
    "-x",
    "%ff",
    "x" * 3000,
    "🎁",
    "%",
]


def test_odd_addresses_are_pages_that_are_not_there(writer: Client, project: Project, url: str) -> None:
    send(writer, f"{url}/releases/new", tag="v0.9")
    api = f"/api/v1/repos{url}"
    for odd in ODD:
        for address in (
            f"{url}/releases/tag/{odd}",
            f"{url}/releases/download/v0.9/{odd}",
            f"{url}/releases/download/{odd}/a",
            f"{url}/releases/latest/download/{odd}",
            f"{url}/tags/delete/{odd}",
            f"{api}/tags/{odd}",
            f"{api}/releases/tags/{odd}",
            f"{api}/releases/{odd}",
        ):
            for method in ("get", "post", "delete"):
                assert getattr(writer, method)(address).status_code in {403, 404, 405}, (method, address)
        for page in ("tags", "releases", "contributors"):
            for query in (f"q={odd}", f"page={odd}", f"sort={odd}", f"range={odd}"):
                assert writer.get(f"{url}/{page}?{query}").status_code == 200, (page, query)
    assert set(refs.read_refs(project.pk)) == {MAIN, "refs/tags/v0.9"}
    assert only(project).tag == "v0.9"
