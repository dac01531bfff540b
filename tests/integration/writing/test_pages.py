"""Writing in the browser, through HTTP: each form makes the commit that it says, and loses nothing when it can't."""

import re
from html import unescape
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from ropewalk.accounts.selectors import commit_identity
from ropewalk.core.derived import cache
from ropewalk.edges.web import upload_limit
from ropewalk.projects.models import Project
from ropewalk.repos import git, refs, selectors, services
from ropewalk.repos.services import protect_branches
from ropewalk.repos.types import ZERO
from tests.factories import builders
from tests.integration.repos.conftest import Fill, commit, fill, write

__all__ = ["fill"]
pytestmark = pytest.mark.django_db(transaction=True)
MAIN = "refs/heads/main"


@pytest.fixture
def project(settings: object, tmp_path: Path) -> Project:
    settings.REPOSITORIES_ROOT = tmp_path / "repos"  # type: ignore[attr-defined]
    cache.clear()
    return builders.make_project(visibility="public")


@pytest.fixture
def url(project: Project, fill: Fill) -> str:
    fill(
        commit(
            MAIN,
            1,
            "Begin",
            write("README.md", b"# One\n"),
            write("src/run.sh", b"echo 1\r\necho 2\r\n", "100755"),
            write("src/deep/only.txt", b"x\n"),
            write("picture.bin", b"\0\1\2"),
            write("latin.txt", b"caf\xe9\n"),
        )
    )
    services.reconcile(project_id=project.pk)
    return f"/{project.owner.slug}/{project.slug}"


@pytest.fixture
def writer(project: Project) -> Client:
    client = Client()
    client.force_login(project.created_by)
    return client


def tip(project: Project, branch: str = "main") -> str:
    return refs.read_refs(project.pk)[f"refs/heads/{branch}"]


def content(project: Project, path: str, branch: str = "main") -> bytes:
    return selectors.blob(project.pk, tip(project, branch), path, limit=1 << 23).data


def hidden(page: str) -> dict[str, str]:
    """What the form carries by itself."""
    found = {}
    for tag in re.findall(r"<input[^>]*type=\"hidden\"[^>]*>", page):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and name[1] != "csrfmiddlewaretoken":
            found[name[1]] = unescape(value[1]) if value else ""
    return found


def open_form(client: Client, address: str) -> dict[str, str]:
    answer = client.get(address)
    assert answer.status_code == 200, answer.content.decode()[-2000:]
    return hidden(answer.content.decode()) | {"where": "same"}


def test_an_edit_is_a_commit_by_the_person(writer: Client, project: Project, url: str) -> None:
    form = open_form(writer, f"{url}/edit/main/README.md")
    answer = writer.post(
        f"{url}/edit/main/README.md", form | {"path": "README.md", "text": "# Two\r\n", "details": "Because."}
    )
    assert (answer.status_code, answer["Location"]) == (302, f"{url}/src/main/README.md")
    made = selectors.commit(project.pk, tip(project))
    assert made.subject == "Update README.md"
    assert made.author.name == commit_identity(project.created_by_id)[0]
    assert (
        "Because."
        in git.run(git.repository_path(project.pk), "log", "-1", "--format=%B", "main").data.decode()
    )
    assert content(project, "README.md") == b"# Two\n"


def test_line_ends_and_the_executable_bit_stay_also_under_a_new_name(
    writer: Client, project: Project, url: str
) -> None:
    form = open_form(writer, f"{url}/edit/main/src/run.sh")
    sent = form | {"path": "bin/run.sh", "text": "echo 1\r\necho 3\r\n", "message": "Move it"}
    assert writer.post(f"{url}/edit/main/src/run.sh", sent).status_code == 302
    assert content(project, "bin/run.sh") == b"echo 1\r\necho 3\r\n"
    assert selectors.entry(project.pk, tip(project), "bin/run.sh").executable
    assert "src/run.sh" not in {e.path for e in selectors.listing(project.pk, tip(project), "src")}


def test_a_conflict_keeps_the_text_and_shows_what_happened(
    writer: Client, project: Project, url: str, fill: Fill
) -> None:
    form = open_form(writer, f"{url}/edit/main/README.md")
    before = tip(project)
    fill(commit(MAIN, 2, "Meanwhile", write("README.md", b"# Theirs\n"), parent=f"{MAIN}^0"))
    services.reconcile(project_id=project.pk)
    theirs = tip(project)
    sent = form | {"path": "README.md", "text": "# Mine & more\n"}
    answer = writer.post(f"{url}/edit/main/README.md", sent)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "# Mine &amp; more" in page
    assert f"{url}/diff/{before}/{theirs}/README.md" in page
    assert tip(project) == theirs
    # a new branch grows from what was opened, and the other way replaces what the person was shown
    again = hidden(page) | {"path": "README.md", "text": "# Mine & more\n"}
    assert (
        writer.post(f"{url}/edit/main/README.md", again | {"where": "new", "new_branch": "mine"}).status_code
        == 302
    )
    assert content(project, "README.md", "mine") == b"# Mine & more\n"
    assert git.run(git.repository_path(project.pk), "rev-parse", "mine^").data.decode().strip() == before
    assert writer.post(f"{url}/edit/main/README.md", again | {"where": "same"}).status_code == 302
    assert content(project, "README.md") == b"# Mine & more\n"
    assert git.run(git.repository_path(project.pk), "rev-parse", "main^").data.decode().strip() == theirs


def test_what_others_changed_elsewhere_is_no_conflict(
    writer: Client, project: Project, url: str, fill: Fill
) -> None:
    form = open_form(writer, f"{url}/edit/main/README.md")
    fill(commit(MAIN, 2, "Elsewhere", write("other.txt", b"o\n"), parent=f"{MAIN}^0"))
    services.reconcile(project_id=project.pk)
    assert (
        writer.post(f"{url}/edit/main/README.md", form | {"path": "README.md", "text": "a"}).status_code
        == 302
    )
    assert (content(project, "other.txt"), content(project, "README.md")) == (b"o\n", b"a")


def test_a_branch_deleted_meanwhile_costs_no_text(
    writer: Client, project: Project, url: str, fill: Fill
) -> None:
    fill(commit("refs/heads/topic", 2, "Topic", write("t.txt", b"t\n"), parent=f"{MAIN}^0"))
    services.reconcile(project_id=project.pk)
    form = open_form(writer, f"{url}/edit/topic/t.txt")
    git.run(git.repository_path(project.pk), "update-ref", "-d", "refs/heads/topic")
    services.reconcile(project_id=project.pk)
    answer = writer.post(f"{url}/edit/topic/t.txt", form | {"path": "t.txt", "text": "kept words"})
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "was deleted meanwhile" in page
    assert "kept words" in page
    sent = hidden(page) | {"path": "t.txt", "text": "kept words", "where": "new", "new_branch": "topic-2"}
    assert writer.post(f"{url}/edit/topic/t.txt", sent).status_code == 302
    assert content(project, "t.txt", "topic-2") == b"kept words"


def test_new_files_make_their_folders_and_replace_nothing(writer: Client, project: Project, url: str) -> None:
    form = open_form(writer, f"{url}/new/main/src")
    sent = form | {"path": "src/new/folder/a b%.txt", "text": "hello"}
    answer = writer.post(f"{url}/new/main/src", sent)
    assert answer["Location"] == f"{url}/src/main/src/new/folder/a%20b%25.txt"
    assert writer.get(answer["Location"]).status_code == 200
    assert content(project, "src/new/folder/a b%.txt") == b"hello"
    refused = writer.post(f"{url}/new/main", form | {"path": "README.md", "text": "x"})
    assert refused.status_code == 409
    assert "already a file" in refused.content.decode()


def test_the_first_file_of_an_empty_repository(writer: Client, project: Project) -> None:
    url = f"/{project.owner.slug}/{project.slug}"
    assert f"{url}/new/main?name=README.md" in writer.get(f"{url}/src").content.decode()
    form = open_form(writer, f"{url}/new/main?name=README.md")
    assert writer.post(f"{url}/new/main", form | {"path": "README.md", "text": "# First"}).status_code == 302
    assert content(project, "README.md") == b"# First"
    assert selectors.commit(project.pk, tip(project)).parents == ()


@pytest.mark.parametrize(
    "path",
    [
        "../x",
        "a/../../x",
        ".git/config",
        "a/.GIT/x",
        "git~1/x",
        ".g\u200cit/x",
        "a\\b",
        "x" * 300,
        "src/run.sh/in",
        " ",
        "a\x01b",
    ],
)
def test_paths_that_are_no_paths(writer: Client, project: Project, url: str, path: str) -> None:
    before, form = tip(project), open_form(writer, f"{url}/new/main")
    answer = writer.post(f"{url}/new/main", form | {"path": path, "text": "kept"})
    assert answer.status_code in {200, 400, 409}
    assert "kept" in answer.content.decode()
    assert tip(project) == before


def test_what_can_not_be_edited_says_so(writer: Client, url: str) -> None:
    for path in ("picture.bin", "latin.txt", "src"):
        answer = writer.get(f"{url}/edit/main/{path}")
        assert answer.status_code == 400, path
    assert writer.get(f"{url}/edit/main/nothing").status_code == 404
    assert writer.get(f"{url}/edit/nobranch/README.md").status_code == 404


def test_tags_and_commits_are_not_written(writer: Client, project: Project, url: str) -> None:
    answer = writer.get(f"{url}/edit/{tip(project)}/README.md")
    assert answer.status_code == 400
    assert "only branches" in answer.content.decode()


def test_the_root_is_no_file_to_change(writer: Client, project: Project, url: str) -> None:
    before, form = tip(project), open_form(writer, f"{url}/new/main")
    for deed in ("edit", "move", "delete"):
        assert writer.get(f"{url}/{deed}/main").status_code in {400, 404}, deed
        answer = writer.post(f"{url}/{deed}/main", form | {"path": "elsewhere", "text": "x"})
        assert answer.status_code in {400, 404, 409}, deed
    assert tip(project) == before


def test_a_folder_is_not_replaced_by_the_text_of_a_form(writer: Client, project: Project, url: str) -> None:
    before, form = tip(project), open_form(writer, f"{url}/new/main")
    for path in ("src", "lib"):
        answer = writer.post(f"{url}/edit/main/src", form | {"path": path, "text": "x"})
        assert answer.status_code in {400, 409}
    assert tip(project) == before


def test_files_and_folders_move_and_go(writer: Client, project: Project, url: str) -> None:
    form = open_form(writer, f"{url}/move/main/src")
    assert writer.post(f"{url}/move/main/src", form | {"path": "lib"})["Location"] == f"{url}/src/main/lib"
    assert selectors.entry(project.pk, tip(project), "lib/run.sh").executable
    form = open_form(writer, f"{url}/delete/main/lib/deep/only.txt")
    answer = writer.post(f"{url}/delete/main/lib/deep/only.txt", form)
    assert answer["Location"] == f"{url}/src/main/lib", "the folder of the last file is gone with it"
    form = open_form(writer, f"{url}/delete/main/lib")
    assert writer.post(f"{url}/delete/main/lib", form)["Location"] == f"{url}/src/main"
    assert {entry.name for entry in selectors.listing(project.pk, tip(project), "")} == {
        "README.md",
        "picture.bin",
        "latin.txt",
    }
    assert writer.get(f"{url}/delete/main").status_code == 400


def test_several_files_are_one_commit(writer: Client, project: Project, url: str) -> None:
    before, form = tip(project), open_form(writer, f"{url}/upload/main/src")
    files = [SimpleUploadedFile("a.txt", b"a" * 3_000_000), SimpleUploadedFile("empty", b"")]
    answer = writer.post(f"{url}/upload/main/src", form | {"folder": "src/up", "uploads": files})
    assert answer["Location"] == f"{url}/src/main/src/up", answer.content.decode()[-1500:]
    assert len(content(project, "src/up/a.txt")) == 3_000_000
    assert content(project, "src/up/empty") == b""
    assert git.run(git.repository_path(project.pk), "rev-parse", "main^").data.decode().strip() == before


def test_an_uploaded_files_suffix_may_be_of_any_length(writer: Client, project: Project, url: str) -> None:
    before, form = tip(project), open_form(writer, f"{url}/upload/main")
    for length, status in ((230, 302), (249, 400), (5000, 400)):
        name = f"a.{'x' * length}"
        answer = writer.post(
            f"{url}/upload/main", form | {"folder": "", "uploads": SimpleUploadedFile(name, b"a")}
        )
        assert answer.status_code == status, answer.content.decode()[-1500:]
        assert status == 302 or "more than 240 bytes" in answer.content.decode()
    assert content(project, f"a.{'x' * 230}") == b"a" and tip(project) != before


def test_too_much_at_once_is_refused(
    writer: Client, project: Project, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload_limit, "MAX_BYTES", 1000)
    before, form = tip(project), open_form(writer, f"{url}/upload/main")
    answer = writer.post(
        f"{url}/upload/main", form | {"folder": "", "uploads": SimpleUploadedFile("a", b"a" * 2000)}
    )
    assert answer.status_code == 413
    assert "64 MiB" in answer.content.decode()
    assert tip(project) == before


def test_other_forms_take_no_files(writer: Client, project: Project, url: str) -> None:
    form = open_form(writer, f"{url}/new/main")
    answer = writer.post(
        f"{url}/new/main",
        form | {"path": "a.txt", "text": "t", "uploads": SimpleUploadedFile("b", b"b" * 100)},
    )
    assert answer.status_code == 302
    assert not answer.wsgi_request.FILES


def test_a_protected_branch_offers_a_new_one(writer: Client, project: Project, url: str) -> None:
    view = builders.access_of(project.created_by, project).project
    protect_branches(project=view, pattern="main", push_role="nobody", people=[])
    page = writer.get(f"{url}/edit/main/README.md").content.decode()
    assert "protected by the rule" in page
    assert 'value="same" disabled' in page
    form = hidden(page) | {"path": "README.md", "text": "new"}
    before = tip(project)
    assert writer.post(f"{url}/edit/main/README.md", form | {"where": "same"}).status_code == 403
    assert (
        writer.post(
            f"{url}/edit/main/README.md", form | {"where": "new", "new_branch": "patch-1"}
        ).status_code
        == 302
    )
    assert (tip(project), content(project, "README.md", "patch-1")) == (before, b"new")


def test_a_new_branch_needs_a_free_and_possible_name(writer: Client, project: Project, url: str) -> None:
    form = open_form(writer, f"{url}/edit/main/README.md") | {
        "path": "README.md",
        "text": "new",
        "where": "new",
    }
    for name, status in (("", 200), ("main", 409), ("a..b", 400), ("-x", 400)):
        answer = writer.post(f"{url}/edit/main/README.md", form | {"new_branch": name})
        assert answer.status_code == status, name
        assert 'role="alert"' in answer.content.decode()
    assert set(refs.read_refs(project.pk)) == {MAIN}


def test_readers_see_no_way_to_write(project: Project, url: str) -> None:
    reader = Client()
    reader.force_login(builders.make_user("reader"))
    for page in (f"{url}/src/main", f"{url}/src/main/README.md"):
        assert f"{url}/edit/" not in reader.get(page).content.decode()
        assert f"{url}/upload/" not in reader.get(page).content.decode()
    assert reader.get(f"{url}/edit/main/README.md").status_code == 403
    assert ZERO not in refs.read_refs(project.pk).values()


def test_an_error_within_a_project_leads_back_to_it(writer: Client, project: Project, url: str) -> None:
    back = f'href="{url}">{project}</a>'
    assert back in writer.get(f"{url}/edit/main/none.txt").content.decode()
    assert back not in Client().get(f"{url}/edit/main/none.txt", follow=True).content.decode()


def test_a_message_is_suggested_and_given_to_who_types_none(
    writer: Client, project: Project, url: str
) -> None:
    for deed, path, words in (
        ("edit", "/README.md", "Update README.md"),
        ("move", "/src", "Rename src"),
        ("delete", "/src/run.sh", "Delete src/run.sh"),
        ("new", "/src", "Create a file"),
        ("new", "/src?name=b.txt", "Create src/b.txt"),
        ("upload", "/src", "Upload files to src"),
    ):
        page = writer.get(f"{url}/{deed}/main{path}").content.decode()
        assert f'placeholder="{words}"' in page, deed
    form = open_form(writer, f"{url}/new/main")
    writer.post(f"{url}/new/main", form | {"path": "a/b.txt", "text": "x"})
    assert selectors.commit(project.pk, tip(project)).subject == "Create a/b.txt"
