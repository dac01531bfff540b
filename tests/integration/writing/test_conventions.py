"""A revision's ``.editorconfig`` in the editor: told, handed to the script, and followed by what is committed."""

import pytest
from django.test import Client

from ropewalk.projects.models import Project
from tests.integration.repos.conftest import Fill, commit, fill, write
from tests.integration.writing.test_pages import MAIN, content, open_form, project, tip, url, writer

__all__ = ["fill", "project", "url", "writer"]
pytestmark = pytest.mark.django_db(transaction=True)
TOP = (
    b"[*]\nindent_style = tab\ntab_width = 3\ntrim_trailing_whitespace = true\ninsert_final_newline = true\n"
)
NEAR = b"root = true\n[*.txt]\nindent_style = space\nindent_size = 2\ncharset = latin1\n"


@pytest.fixture
def ruled(url: str, fill: Fill) -> str:
    files = [write(".editorconfig", TOP), write("src/deep/.editorconfig", NEAR)]
    fill(commit(MAIN, 2, "Rules", *files, parent=f"{MAIN}^0"))
    return url


def test_the_editor_is_told_and_the_commit_follows(project: Project, ruled: str, writer: Client) -> None:
    address = f"{ruled}/edit/main/src/run.sh"
    page = writer.get(address).content.decode()
    assert 'indent="\t" tab-width="3"' in page
    assert "tabs, no blanks at the ends of lines, a line break at the end." in page
    form = open_form(writer, address) | {"path": "src/run.sh", "text": "echo 1  \n\necho 2\t"}
    looked = writer.post(address, form | {"show": "changes", "fragment": "1"}).content.decode()
    assert "+1" in looked
    assert writer.post(address, form).status_code == 302
    assert content(project, "src/run.sh") == b"echo 1\r\n\r\necho 2\r\n", "the file's own line ends stay"


def test_the_nearest_rules_count_and_another_charset_is_told(
    project: Project, ruled: str, writer: Client
) -> None:
    page = writer.get(f"{ruled}/edit/main/src/deep/only.txt").content.decode()
    assert 'indent="  " tab-width="2"' in page
    assert "asks for latin1; what is written here is UTF-8" in page
    form = open_form(writer, f"{ruled}/new/main/src/deep") | {"path": "src/deep/new.txt", "text": "é "}
    assert writer.post(f"{ruled}/new/main/src/deep", form).status_code == 302
    assert content(project, "src/deep/new.txt") == "é ".encode()


def test_a_new_path_is_written_by_the_rules_that_hold_there(
    project: Project, ruled: str, writer: Client
) -> None:
    form = open_form(writer, f"{ruled}/new/main/src/deep") | {"path": "top.txt", "text": "a "}
    assert writer.post(f"{ruled}/new/main/src/deep", form).status_code == 302
    assert content(project, "top.txt") == b"a\n"


@pytest.mark.parametrize("path", ["../../etc/passwd", "", "/", "a\0b", ".git/config"])
def test_an_odd_path_has_no_rules_and_is_refused_as_ever(
    project: Project, ruled: str, writer: Client, path: str
) -> None:
    before = tip(project)
    form = open_form(writer, f"{ruled}/new/main") | {"path": path, "text": "a "}
    assert writer.post(f"{ruled}/new/main", form).status_code in {200, 400}
    assert writer.post(f"{ruled}/new/main", form | {"show": "changes"}).status_code == 200
    assert tip(project) == before
