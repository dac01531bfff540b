"""Tags on the pages: made, listed, found and deleted as a push would, and nothing else."""

import re
import subprocess
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ropewalk.projects.models import Project
from ropewalk.repos import git, refs, selectors
from ropewalk.repos.models import Push
from tests.factories import builders

pytestmark = pytest.mark.django_db(transaction=True)


def run_git(project: Project, *args: str) -> str:
    directory = str(git.repository_path(project.pk))
    person = ["-c", "user.name=Tess", "-c", "user.email=tess@example.org"]
    done = subprocess.run(
        ["git", "-C", directory, *person, *args], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def make(client: Client, url: str, **values: str) -> int:
    return client.post(f"{url}/tags/new", values).status_code


def test_a_message_makes_an_annotated_tag_that_git_accepts(
    writer: Client, project: Project, url: str
) -> None:
    assert make(writer, url, name="v1.0", target="main", message="First\r\n\r\nBecause.") == 302
    assert run_git(project, "cat-file", "-t", "refs/tags/v1.0") == "tag"
    assert run_git(project, "for-each-ref", "--format=%(contents)", "refs/tags/v1.0") == "First\n\nBecause."
    run_git(project, "fsck", "--strict")
    assert run_git(project, "rev-parse", "v1.0^{commit}") == run_git(project, "rev-parse", "main")
    found = selectors.tag(project.pk, "v1.0")
    assert (found.annotated, found.message, found.signed) == (True, "First\n\nBecause.", False)
    assert found.author == project.created_by.username
    push = Push.objects.for_project(project.pk).latest("pk")
    assert [change["name"] for change in push.updates] == ["refs/tags/v1.0"] and not push.repaired
    page = writer.get(f"{url}/tags").content.decode()
    assert re.search(r"First<details.*?Because\.</div>", page)
    assert "First" in page and f"{url}/archive/v1.0.tar.gz" in page and f"{url}/compare/v0.9...v1.0" in page


def test_without_a_message_it_is_only_a_name(writer: Client, project: Project, url: str) -> None:
    assert make(writer, url, name="rc/1", target="v0.9") == 302
    assert run_git(project, "cat-file", "-t", "refs/tags/rc/1") == "commit"
    assert run_git(project, "rev-parse", "rc/1") == run_git(project, "rev-parse", "main~1")
    assert "Two &lt;b&gt;" not in writer.get(f"{url}/tags?q=RC").content.decode()


IMPOSSIBLE = [
    ("", "required"),
    ("a..b", "git forbids"),
    ("../../x", "git forbids|dot"),
    ("-delete", "commands"),
    ("a\0b", "Null|forbids"),
    ("a\nb", "git forbids"),
    ("refs/tags/x", "commands"),
    ("HEAD", "commands"),
    ("f" * 40, "looks like a commit"),
    ("v" * 401, "at most 400"),
    ("v0.9", "already a tag"),
    ("v0.9/sub", "both exist"),
    ("a b", "git forbids"),
    ("x.lock", "lock"),
]


def test_impossible_names_are_refused_in_words(writer: Client, project: Project, url: str) -> None:
    for name, words in IMPOSSIBLE:
        answer = writer.post(f"{url}/tags/new", {"name": name, "target": "main", "message": "m"})
        assert answer.status_code == 200, name
        assert any(word in answer.content.decode() for word in words.split("|")), name
    assert set(refs.read_refs(project.pk)) == {"refs/heads/main", "refs/tags/v0.9"}


def test_unknown_targets_and_paths_are_refused(writer: Client, project: Project, url: str) -> None:
    for target in ("nothing", "main/a.txt", "1" * 40, "../.."):
        answer = writer.post(f"{url}/tags/new", {"name": "v2", "target": target})
        assert "There is no branch, tag or commit" in answer.content.decode(), target
    assert "refs/tags/v2" not in refs.read_refs(project.pk)


def test_odd_names_are_listed_linked_and_deleted(writer: Client, project: Project, url: str) -> None:
    for name in ("50%25", "ümlaut/日本", "a#b", "x&y=z"):
        assert make(writer, url, name=name, target="main") == 302, name
        page = writer.get(f"{url}/tags", {"q": name}).content.decode()
        tag = selectors.tag(project.pk, name)
        assert tag.sha == run_git(project, "rev-parse", "main")
        assert page.count("<tr>") == 2
        links = [part.split('"')[0] for part in page.split('href="')]
        link = next(unescape(link) for link in links if "/tags/delete/" in link)
        assert writer.post(link, {"confirm": name, "seen": tag.oid}).status_code == 302
        assert f"refs/tags/{name}" not in refs.read_refs(project.pk)


def test_a_tag_goes_only_by_its_name_and_as_it_was_seen(writer: Client, project: Project, url: str) -> None:
    seen = selectors.tag(project.pk, "v0.9").oid
    answer = writer.post(f"{url}/tags/delete/v0.9", {"confirm": "v0.8", "seen": seen})
    assert "This is not" in answer.content.decode()
    run_git(project, "update-ref", "refs/tags/v0.9", "main")
    answer = writer.post(f"{url}/tags/delete/v0.9", {"confirm": "v0.9", "seen": seen})
    assert "changed meanwhile" in answer.content.decode()
    assert writer.get(f"{url}/tags/delete/v0.9").status_code == 200
    assert "refs/tags/v0.9" in refs.read_refs(project.pk)
    assert writer.post(f"{url}/tags/delete/nothing", {"confirm": "nothing"}).status_code == 404
    assert writer.post(f"{url}/tags/delete/main", {"confirm": "main"}).status_code == 404


def test_readers_and_archived_projects_make_no_tags(
    writer: Client, stranger: Client, project: Project, url: str
) -> None:
    for client, prepare in ((stranger, ""), (writer, f"{url}/settings/archive")):
        if prepare:
            assert client.post(prepare).status_code == 302
        assert make(client, url, name="v2", target="main") == 403
        assert client.post(f"{url}/tags/delete/v0.9", {"confirm": "v0.9"}).status_code == 403
        page = client.get(f"{url}/tags").content.decode()
        assert "v0.9" in page and f"{url}/tags/new" not in page and "Delete" not in page
    assert set(refs.read_refs(project.pk)) == {"refs/heads/main", "refs/tags/v0.9"}


def test_a_tag_of_no_commit_and_a_signed_one_say_so(writer: Client, project: Project, url: str) -> None:
    run_git(project, "tag", "-a", "-m", "A tree", "tree", "main^{tree}")
    text = (
        f"object {run_git(project, 'rev-parse', 'main')}\ntype commit\ntag signed\ntagger T <t@e> 3000 +0000\n\nWords\n"
        "-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\n"
    )
    directory = str(git.repository_path(project.pk))
    oid = subprocess.run(
        ["git", "-C", directory, "hash-object", "-t", "tag", "-w", "--stdin"],
        input=text.encode(), check=True, capture_output=True,
    ).stdout.decode().strip()  # fmt: skip
    run_git(project, "update-ref", "refs/tags/signed", oid)
    page = writer.get(f"{url}/tags").content.decode()
    assert "names a tree, no commit" in page and f"{url}/src/tree" not in page
    signed = selectors.tag(project.pk, "signed")
    assert (signed.signed, signed.message, signed.sha != "") == (True, "Words", True)


def test_a_tag_named_as_a_branch_is_linked_as_a_tag(writer: Client, project: Project, url: str) -> None:
    run_git(project, "update-ref", "refs/tags/main", "v0.9")
    page = writer.get(f"{url}/tags").content.decode()
    assert f"{url}/src/refs/tags/main" in page and f"{url}/archive/refs/tags/main.zip" in page


def test_many_tags_are_paged_sorted_and_cost_the_same(writer: Client, project: Project, url: str) -> None:
    main = run_git(project, "rev-parse", "main")
    lines = "".join(f"create refs/tags/v{number}.{number % 7}.0 {main}\n" for number in range(1, 1201))
    directory = str(git.repository_path(project.pk))
    subprocess.run(["git", "-C", directory, "update-ref", "--stdin"], input=lines.encode(), check=True)
    first = writer.get(f"{url}/tags?sort=name").content.decode()
    assert first.index("v1200.3.0") < first.index("v1199.2.0") < first.index("v1198.1.0")
    assert "1–30 of 1,201" in first and "v100.2.0" not in first
    assert "v1.1.0" in writer.get(f"{url}/tags?sort=name&page=40").content.decode()
    assert "No tag’s name contains" in writer.get(f"{url}/tags?q=nothing").content.decode()
    with CaptureQueriesContext(connection) as many:
        writer.get(f"{url}/tags")
    with CaptureQueriesContext(connection) as few:
        writer.get(f"{url}/tags?q=v0.9")
    assert len(many) == len(few)


def test_an_empty_repository_has_an_empty_page(project: Project, writer: Client) -> None:
    url = f"/{project.owner.slug}/{project.slug}"
    assert "No tags yet" in writer.get(f"{url}/tags").content.decode()
    answer = writer.post(f"{url}/tags/new", {"name": "v1"})
    assert "empty" in answer.content.decode()
    assert builders.access_of(None, project).project.slug in answer.content.decode()
