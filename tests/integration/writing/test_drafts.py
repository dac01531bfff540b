"""Looking at what was typed before it is a commit: nothing is written, and what is shown is what would come."""

import re

import pytest
from django.test import Client

from ropewalk.projects.models import Project
from tests.integration.repos.conftest import fill
from tests.integration.writing.test_pages import content, hidden, open_form, project, tip, url, writer

__all__ = ["fill", "project", "url", "writer"]
pytestmark = pytest.mark.django_db(transaction=True)


def look(client: Client, address: str, show: str, text: str, **more: str) -> str:
    form = open_form(client, address) | {"text": text, "show": show} | more
    answer = client.post(address, form)
    assert answer.status_code == 200
    return answer.content.decode()


def test_markdown_is_shown_as_it_will_look_and_not_committed(
    project: Project, url: str, writer: Client
) -> None:
    before = tip(project)
    page = look(
        writer,
        f"{url}/edit/main/README.md",
        "preview",
        "# Two\n\n[run](src/run.sh)<script>x</script>",
        path="README.md",
    )
    assert 'aria-label="Preview"' in page
    assert f'href="{url}/src/main/src/run.sh"' in page
    assert "<script>x" not in page
    assert "# Two" in page, "the form still holds what was typed"
    assert hidden(page)["seen"] == before == tip(project)


def test_links_of_a_preview_begin_at_the_files_own_folder(url: str, writer: Client) -> None:
    page = look(writer, f"{url}/new/main/src", "preview", "![p](a.png)", path="src/deep/notes.md")
    assert f'src="{url}/raw/main/src/deep/a.png"' in page


def test_the_lines_that_change_are_shown_with_their_numbers(
    project: Project, url: str, writer: Client
) -> None:
    before = tip(project)
    page = look(
        writer,
        f"{url}/edit/main/src/run.sh",
        "changes",
        "echo 1\necho 3\n",
        path="src/run.sh",
        fragment="1",
    )
    assert "<html" not in page
    assert "+1" in page
    assert "−1" in page
    lines = [re.sub(r"<[^>]+>", "", row) for row in re.findall(r"<tr.*?</tr>", page)]
    assert [line.strip("1234 @,-+−") for line in lines] == ["", "echo", "echo", "echo"], "CR LF is no change"
    assert [re.sub(r"\D", "", line)[-1] for line in lines[1:]] == ["1", "2", "3"]
    assert before == tip(project)


def test_nothing_changed_says_so(url: str, writer: Client) -> None:
    page = look(writer, f"{url}/edit/main/README.md", "changes", "# One\n", path="README.md")
    assert "Nothing changed yet." in page


def test_a_new_file_is_all_new(url: str, writer: Client) -> None:
    page = look(writer, f"{url}/new/main", "changes", "a\nb\n", path="x.py", fragment="1")
    assert "+2" in page
    assert "−0" in page


def test_other_kinds_have_no_preview(url: str, writer: Client) -> None:
    page = look(writer, f"{url}/edit/main/src/run.sh", "preview", "# x", path="src/run.sh", fragment="1")
    assert "Only Markdown has a preview" in page


def test_too_much_text_is_told(url: str, writer: Client) -> None:
    page = look(
        writer, f"{url}/edit/main/README.md", "preview", "x" * (300 << 10), path="README.md", fragment="1"
    )
    assert "Too large to show here" in page


def test_a_bad_commit_field_does_not_hinder_a_look(url: str, writer: Client) -> None:
    page = look(
        writer,
        f"{url}/edit/main/README.md",
        "changes",
        "# Two\n",
        path="README.md",
        where="new",
        new_branch="",
        fragment="1",
    )
    assert "# Two" in page


def test_who_may_not_write_sees_no_draft(url: str, project: Project) -> None:
    answer = Client().post(
        f"{url}/edit/main/README.md", {"show": "preview", "text": "# x", "path": "README.md"}
    )
    assert answer.status_code == 401


def test_a_look_at_what_others_changed_meanwhile_shows_only_ones_own(
    project: Project, url: str, writer: Client
) -> None:
    mine = open_form(writer, f"{url}/edit/main/README.md")
    theirs = open_form(writer, f"{url}/edit/main/README.md") | {"path": "README.md", "text": "# Theirs\n"}
    assert writer.post(f"{url}/edit/main/README.md", theirs).status_code == 302
    assert content(project, "README.md") == b"# Theirs\n"
    sent = mine | {"path": "README.md", "text": "# One\nmine\n", "show": "changes", "fragment": "1"}
    page = writer.post(f"{url}/edit/main/README.md", sent).content.decode()
    assert "Theirs" not in page
    assert "mine" in page
