"""Comparisons and commits through HTTP: which files, which lines, which of them wait to be asked for."""

import html
import re

import pytest
from django.test import Client

from ropewalk.projects.models import Project
from ropewalk.repos.git import repository_path
from tests.integration.monitors.repository import Repository

CODE = "def rate():\n    return 0.1\n\n\ndef other():\n    return 2\n"


@pytest.fixture
def url(project: Project) -> str:
    return f"/{project.owner.slug}/{project.slug}"


def text_of(page: str) -> str:
    return html.unescape(re.sub(r"<[^>]*>", "", page))


def page_of(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, answer.content[:2000]
    return answer.content.decode()


@pytest.fixture
def history(repository: Repository) -> dict[str, str]:
    first = repository.commit(
        {
            "src/rate.py": CODE,
            "old.txt": "a\nb\nc\nd\n",
            "gone.txt": "bye\n",
            "uv.lock": "one\n",
            "gen/x.py": "A = 1\n",
            ".gitattributes": "gen/* linguist-generated\nkept/* -linguist-generated\n",
            "space.py": "if x:\n  y()\n",
            "run.sh": "#!/bin/sh\n",
            "blob.bin": b"\0\1\2",
        },
        tag="release/1.0",
    )
    repository._git("mv", "old.txt", "new.txt")
    repository._git("rm", "-q", "gone.txt")
    repository._git("update-index", "--chmod=+x", "run.sh")
    (repository.folder / "run.sh").chmod(0o755)
    second = repository.commit(
        {
            "src/rate.py": CODE.replace("0.1", "0.15"),
            "uv.lock": "two\n",
            "gen/x.py": "A = 2\n",
            "space.py": "if x:\n    y()\n",
            "blob.bin": b"\0\1\3",
            "large.txt": "".join(f"row {n}\n" for n in range(900)),
            "empty.txt": "",
        }
    )
    return {"first": first, "second": second}


def test_a_comparison_shows_each_kind_of_change(client: Client, url: str, history: dict[str, str]):
    page = page_of(client, f"{url}/compare/release/1.0...main")
    text = text_of(page)
    assert "1 commit ahead of release/1.0" in re.sub(r"\s+", " ", text)
    assert '<span class="x">15</span>' in page or '<span class="mf x">' in page or 'x">5<' in page
    assert "−    return 0.1" in text and "+    return 0.15" in text
    assert "old.txt → new.txt" in text and "100644 → 100755" in text
    assert "A binary file." in text and "An empty file." in text
    assert (
        page.count("Load the diff of this generated file") == 2
    )  # the lock file and what .gitattributes names
    assert "Load this large diff" in text and "row 5" not in text and "−one" not in text


def test_white_space_is_set_aside_and_the_view_is_remembered(
    client: Client, url: str, history: dict[str, str]
):
    address = f"{url}/compare/{history['first']}..main"
    assert "Only white space changed." not in page_of(client, address)
    quiet = page_of(client, f"{address}?w=1&view=split")
    assert "Only white space changed." in quiet and "is-split" in quiet
    assert "return 0.15" in text_of(quiet)  # files behind the equal one are still their own
    assert "is-split" in page_of(client, address)
    assert "is-split" not in page_of(client, f"{address}?view=unified")
    assert "is-split" not in page_of(client, address)


def test_one_file_whole_and_as_a_part(client: Client, url: str, history: dict[str, str]):
    address = f"{url}/diff/{history['first']}/{history['second']}"
    large = client.get(f"{address}/large.txt?fragment=1")
    assert large.headers["X-Fragment"] == "1" and "row 899" in large.content.decode()
    assert "<html" not in large.content.decode()
    narrow, wide = (
        page_of(client, f"{address}/new.txt?from=old.txt"),
        page_of(client, f"{address}/src/rate.py?context=all"),
    )
    assert "old.txt" in narrow and "def rate" in text_of(wide) and "def other" in text_of(wide)
    page_of(client, f"{address}/nothing.txt", 404)
    page_of(client, f"{url}/diff/{'1' * 40}/{history['second']}/large.txt", 404)
    page_of(client, f"{url}/diff/{'0' * 40}/{history['first']}/src/rate.py")
    page_of(client, f"{url}/diff/{history['first']}/{'0' * 40}/src/rate.py", 404)


def test_branches_that_parted(client: Client, url: str, repository: Repository):
    repository.commit({"a.txt": "1\n"})
    repository._git("checkout", "-q", "-b", "feature/x...y".replace("...", "-"))
    repository.commit({"b.txt": "on the branch\n"})
    repository._git("push", "-q", "origin", "HEAD:refs/heads/feature/x/deep")
    repository._git("checkout", "-q", "main")
    repository.commit({"a.txt": "2 on main\n"})
    three = text_of(page_of(client, f"{url}/compare/main...feature/x/deep"))
    assert "on the branch" in three and "on main" not in three
    assert "1 commit ahead of and 1 commit behind main" in re.sub(r"\s+", " ", three)
    two = text_of(page_of(client, f"{url}/compare/main..feature/x/deep"))
    assert "on the branch" in two and "−2 on main" in two
    assert "Nothing to compare" in page_of(client, f"{url}/compare/main...main")


def test_the_form_leads_to_an_address_and_wrong_names_to_the_form(
    client: Client, url: str, history: dict[str, str]
):
    answer = client.get(f"{url}/compare", {"base": "release/1.0", "head": "main"})
    assert answer.status_code == 302 and answer.headers["Location"] == f"{url}/compare/release/1.0...main"
    assert "Recent branches" in page_of(client, f"{url}/compare")
    wrong = page_of(client, f"{url}/compare/main...no/such", 404)
    assert "There is no branch, tag or commit “no/such”." in text_of(wrong) and 'name="head"' in wrong


def test_a_commit_has_the_same_parts_and_a_merge_each_parent(
    client: Client, url: str, repository: Repository
):
    root = repository.commit({"a.txt": "1\n"})
    assert "+1" in text_of(page_of(client, f"{url}/commit/{root}"))
    repository._git("checkout", "-q", "-b", "side")
    repository.commit({"side.txt": "beside\n"})
    repository._git("checkout", "-q", "main")
    repository.commit({"main.txt": "before\n"})
    repository._git("merge", "-q", "--no-ff", "-m", "Merge", "side")
    repository._git("push", "-q", "origin", "main")
    merge = repository._git("rev-parse", "HEAD")
    first = text_of(page_of(client, f"{url}/commit/{merge}"))
    assert "beside" in first and "before" not in first and "A merge." in first
    second = text_of(page_of(client, f"{url}/commit/{merge}?parent=2"))
    assert "before" in second and "beside" not in second


HOSTILE = {
    "long.js": "x" * 3_000_000 + "\n",
    "bin.py": b"\0" * 1000,
    "latin.txt": "caf\xe9\n".encode("latin-1"),
    "script.html": "<script>alert('x')</script>\n",
    "cr.txt": b"a\rb\r\nc\r\n",
    'q"uo\\te.txt': "quoted\n",
    "tab\there.txt": "tabbed\n",
    "line\nbreak.txt": "broken\n",
    "café/ü.txt": "unicode\n",
    "per%cent #1?.txt": "percent\n",
}


def test_hostile_names_and_contents(client: Client, url: str, repository: Repository):
    repository.commit({"a": "a\n"})
    sha = repository.commit(HOSTILE)  # type: ignore[arg-type]
    page = page_of(client, f"{url}/commit/{sha}")
    assert len(page) < 400_000 and "<script>alert" not in page and "x" * 2500 not in page
    text = text_of(page)
    for expected in (
        "+quoted",
        "+tabbed",
        "+broken",
        "+unicode",
        "+percent",
        "+caf\ufffd",
        "<script>alert('x')</script>",
    ):
        assert expected in text
    for link in re.findall(r'href="([^"]*/diff/[^"]*)" data-load', page) + re.findall(
        r'<a href="([^"]*/diff/[^"]*)">Only', page
    ):
        page_of(client, html.unescape(link))


def test_many_files_are_paged_and_all_are_named(client: Client, url: str, repository: Repository):
    repository.commit({"a": "a\n"})
    sha = repository.commit({f"f{n:03d}.txt": f"text {n}\n" for n in range(130)})
    page = page_of(client, f"{url}/commit/{sha}")
    assert "130 files changed" in text_of(page) and page.count('class="panel diff-card"') == 60
    assert all(f"f{n:03d}.txt" in page for n in range(130))
    assert (
        "text 129" not in page
        and page_of(client, f"{url}/commit/{sha}?page=3").count('class="panel diff-card"') == 10
    )


def test_an_attributes_file_of_any_kind_is_survived(
    client: Client, url: str, project: Project, repository: Repository
):
    repository.commit({"a": "a\n"})
    sha = repository.commit(
        {".gitattributes": b"\xff\xfe * \0 linguist-generated\n[attr]x y\n", "b.py": "b = 1\n"}
    )
    assert "b = 1" in text_of(page_of(client, f"{url}/commit/{sha}"))
    assert repository_path(project.pk).is_dir()
