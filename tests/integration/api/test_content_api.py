"""Files of a revision through the API in DagsHub's words: listings, bytes, uploads, refusals; by content, not only by status."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test.utils import CaptureQueriesContext

from ropewalk.data import services as data
from ropewalk.data.oids import ObjectAddress
from ropewalk.projects import services as projects
from ropewalk.projects.models import Project
from ropewalk.repos import refs, selectors, services
from tests.factories import builders
from tests.integration.api.conftest import Ask
from tests.integration.repos.conftest import Fill, commit, write

MAIN = "refs/heads/main"
TYPES = {
    "path": str,
    "type": str,
    "size": int,
    "hash": str,
    "versioning": str,
    "download_url": str,
    "content_url": str,
}


def tip(project: Project, branch: str = "main") -> str:
    return refs.read_refs(project.pk).get(f"refs/heads/{branch}", "")


def bytes_at(project: Project, path: str, branch: str = "main") -> bytes:
    return selectors.blob(project.pk, tip(project, branch), path, limit=1 << 24).data


def md5(content: bytes) -> str:
    return hashlib.md5(content).hexdigest()


@pytest.fixture
def tree(fill: Fill, project: Project, index: Callable[[], None]) -> dict[str, bytes]:
    """A repository with what git and DVC have; gives the bytes of what DVC tracks and was pushed."""
    images = {"a.png": b"first", "deep/b.png": b"second!"}
    listed = json.dumps([{"md5": md5(c), "relpath": p} for p, c in images.items()]).encode()
    for content, is_dir in [(b"first", False), (b"second!", False), (listed, True), (b"1,2\n", False)]:
        address = ObjectAddress(md5(content), is_dir=is_dir)
        data.receive_object(project_id=project.pk, address=address, blocks=iter([content]), user_id=None)
    pointer = "outs:\n- md5: {}\n  size: {}\n  hash: md5\n  path: {}\n"
    fill(
        commit(
            MAIN, 1, "Begin",
            write("README.md", b"# One\n"),
            write("src/a b%20.py", b"print()\n"),
            write("data.csv.dvc", pointer.format(md5(b"1,2\n"), 4, "data.csv").encode()),
            write("images.dvc", pointer.format(md5(listed) + ".dir", 12, "images").encode()),
            write("lost.bin.dvc", pointer.format("f" * 32, 7, "lost.bin").encode()),
            write("link", b"README.md", "120000"),
            b"M 160000 " + b"1" * 40 + b" module\n",
        )
    )  # fmt: skip
    services.reconcile(project_id=project.pk)
    data.ensure_indexed(project_id=project.pk, commit_sha=tip(project))
    index()
    return images


def test_a_listing_has_gits_and_dvcs_files_with_the_clients_types(ask: Ask, tree: dict[str, bytes]) -> None:
    found = {entry["path"]: entry for entry in ask("GET", "content/main/").json()}
    assert {name: type(value) for name, value in found["README.md"].items() if name in TYPES} == TYPES
    assert {
        path: (e["type"], e["kind"], e["versioning"], e["size"], e["present"]) for path, e in found.items()
    } == {
        "images": ("dir", "directory", "dvc", 12, True),
        "src": ("dir", "directory", "git", 0, True),
        "README.md": ("file", "file", "git", 6, True),
        "data.csv": ("file", "file", "dvc", 4, True),
        "data.csv.dvc": ("file", "file", "git", 85, True),
        "images.dvc": ("file", "file", "git", 88, True),
        "link": ("file", "symlink", "git", 9, True),
        "lost.bin": ("file", "file", "dvc", 7, False),
        "lost.bin.dvc": ("file", "file", "git", 85, True),
        "module": ("dir", "submodule", "git", 0, True),
    }
    assert found["data.csv"]["hash"] == md5(b"1,2\n")
    assert [entry["path"] for entry in ask("GET", "content/main/images").json()] == [
        "images/deep",
        "images/a.png",
    ]
    assert ask("GET", "content/main/images/deep/b.png").json()["size"] == 7
    assert ask("GET", "content/main/module").json() == []


def test_every_file_that_is_listed_can_be_read_at_the_address_that_is_told(
    ask: Ask, tree: dict[str, bytes]
) -> None:
    expected = {
        "README.md": b"# One\n",
        "src/a b%20.py": b"print()\n",
        "data.csv": b"1,2\n",
        "link": b"README.md",
    }
    expected |= {f"images/{path}": content for path, content in tree.items()}
    read, waiting = {}, ["content/main/"]
    while waiting:
        for entry in ask("GET", waiting.pop()).json():
            where = entry["content_url"].partition("/api/v1/repos/")[2].split("/", 2)[2]
            if entry["type"] == "dir":
                waiting.append(where)
            elif entry["present"]:
                answer = ask("GET", entry["download_url"].partition("/api/v1/repos/")[2].split("/", 2)[2])
                assert answer.headers["Content-Disposition"].startswith("attachment")
                read[entry["path"]] = b"".join(answer)
    assert {path: content for path, content in read.items() if not path.endswith(".dvc")} == expected


def test_bytes_come_in_ranges_and_are_not_sent_twice(
    ask: Ask, tree: dict[str, bytes], project: Project
) -> None:
    for path, whole in (("README.md", b"# One\n"), ("images/deep/b.png", b"second!")):
        part = ask("GET", f"raw/main/{path}", headers={"Range": "bytes=2-3"})
        assert (part.status_code, b"".join(part), part["Content-Range"]) == (
            206,
            whole[2:4],
            f"bytes 2-3/{len(whole)}",
        )
        again = ask("GET", f"raw/main/{path}", headers={"If-None-Match": part["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert ask("GET", f"raw/main/{path}", headers={"Range": "bytes=99-"}).status_code == 416
        head = ask("HEAD", f"raw/main/{path}")
        assert (head["Content-Length"], head.content) == (str(len(whole)), b"")
    assert "immutable" in ask("GET", f"raw/{tip(project)}/README.md")["Cache-Control"]
    assert b"".join(ask("GET", "raw/README.md?ref=main")) == b"# One\n"
    missing = ask("GET", "raw/main/lost.bin")
    assert (missing.status_code, missing.json()["code"]) == (404, "object_missing")
    assert ask("GET", "raw/main/src").status_code == 404


@pytest.mark.parametrize(
    "path", ["content/main/absent", "content/main/images/absent", "content/none/a", "raw/main/../x"]
)
def test_what_is_not_there_is_404_in_json(ask: Ask, tree: dict[str, bytes], path: str) -> None:
    answer = ask("GET", path)
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/json")


def test_a_large_folder_is_read_in_pages_for_a_constant_number_of_queries(
    ask: Ask,
    fill: Fill,
    project: Project,
    django_assert_max_num_queries: Callable[[int], CaptureQueriesContext],
) -> None:
    fill(commit(MAIN, 1, "Many", *(write(f"d/{number:04}", b"x" * number) for number in range(1500))))
    services.reconcile(project_id=project.pk)
    assert len(ask("GET", "content/main/d").json()) == 1500  # asks for the commit's index, once
    with django_assert_max_num_queries(12):
        answer = ask("GET", "content/main/d?limit=700&page=3")
    assert [entry["size"] for entry in answer.json()] == list(range(1400, 1500))
    assert (answer["X-Total-Count"], answer["X-HasMore"]) == ("1500", "false")
    assert ask("GET", "content/main/d?limit=x").status_code == 400


def form(**fields: Any) -> dict[str, Any]:
    return {
        "commit_choice": "direct",
        "commit_summary": "Add",
        "versioning": "git",
        "last_commit": "",
        **fields,
    }


def test_an_upload_is_one_commit_of_all_files_below_the_folder(
    ask: Ask, tree: dict[str, bytes], project: Project
) -> None:
    before = tip(project)
    answer = ask("PUT", "content/main/src%2Fnew", form(files={"a.txt": b"one", "deep/ü b.bin": b"\0\1"}))
    assert answer.status_code == 200, answer.content
    assert answer.headers["ETag"] == answer.json()["commit"] == tip(project)
    made = selectors.commit(project.pk, tip(project))
    assert (made.subject, made.parents) == ("Add", (before,))
    assert made.author.email.startswith(project.created_by.username)
    assert (bytes_at(project, "src/new/a.txt"), bytes_at(project, "src/new/deep/ü b.bin")) == (
        b"one",
        b"\0\1",
    )


def test_replacing_takes_the_commit_that_was_seen(
    ask: Ask, tree: dict[str, bytes], project: Project, fill: Fill
) -> None:
    seen = tip(project)
    blind = ask("PUT", "content/main/", form(files={"README.md": b"two"}))
    assert (blind.status_code, blind.json()["error"]) == (409, "missing last_commit")
    assert ask("PUT", "content/main/", form(last_commit=seen, files={"README.md": b"two"})).status_code == 200
    # what others change elsewhere is no conflict, what they change here is
    fill(commit(MAIN, 9, "Else", write("other", b"o"), parent=f"{MAIN}^0"))
    services.reconcile(project_id=project.pk)
    old = ask("PUT", "content/main/", form(last_commit=seen, files={"README.md": b"three"}))
    assert (old.status_code, old.json()["error"]) == (409, "invalid last_commit")
    assert "README.md" in old.json()["details"]
    unknown = ask("PUT", "content/main/", form(last_commit="9" * 40, files={"README.md": b"three"}))
    assert (unknown.status_code, unknown.json()["error"]) == (400, "invalid last_commit")
    assert bytes_at(project, "README.md") == b"two"
    same = ask("PUT", "content/main/", form(last_commit=tip(project), files={"README.md": b"two"}))
    assert (same.status_code, same.headers["ETag"]) == (204, tip(project))


def test_a_new_branch_grows_from_the_named_one(ask: Ask, tree: dict[str, bytes], project: Project) -> None:
    to_new = form(commit_choice="commit-to-new-branch", new_branch_name="feature/x", files={"n.txt": b"n"})
    assert ask("PUT", "content/main/", to_new).status_code == 200
    assert (bytes_at(project, "n.txt", "feature/x"), bytes_at(project, "README.md", "feature/x")) == (
        b"n",
        b"# One\n",
    )
    assert ask("PUT", "content/feature/x/sub", form(files={"m.txt": b"m"})).json()["branch"] == "feature/x"
    assert bytes_at(project, "sub/m.txt", "feature/x") == b"m"
    assert ask("PUT", "content/main/", to_new).json()["code"] == "branch_exists"
    nameless = ask("PUT", "content/main/", form(commit_choice="commit-to-new-branch", files={"z": b""}))
    assert nameless.status_code == 422


def test_the_first_upload_makes_the_first_commit(ask: Ask, project: Project) -> None:
    assert ask("GET", "content/main/").json()["code"] == "empty_repository"
    assert ask("PUT", "content/main/", form(files={"a.txt": b"one"})).status_code == 200
    assert bytes_at(project, "a.txt") == b"one"


def test_deleting_is_a_commit(ask: Ask, tree: dict[str, bytes], project: Project) -> None:
    before = tip(project)
    assert ask("DELETE", "content/main/src?commit_summary=Gone").status_code == 200
    assert selectors.commit(project.pk, tip(project)).subject == "Gone"
    assert not selectors.exists(project.pk, tip(project), "src")
    assert ask("DELETE", "content/main/src").status_code == 404
    for root in ("content/main", "content/main/", "content/main//"):
        assert ask("DELETE", root).status_code == 400
    stale = ask("DELETE", f"content/main/README.md?last_commit={before}")
    assert stale.status_code == 200  # it did not change since


def test_gits_uploads_do_not_touch_what_dvc_tracks(
    ask: Ask, tree: dict[str, bytes], project: Project
) -> None:
    before = tip(project)
    bucket = ask("PUT", "content/main/", form(versioning="bucket", files={"a": b"1"}))
    assert (bucket.status_code, bucket.json()["error"]) == (501, "versioning not offered")
    for folder, name in (("images", "c.png"), ("", "data.csv"), ("images/deep", "b.png")):
        answer = ask("PUT", f"content/main/{folder}", form(files={name: b"1"}))
        assert (answer.status_code, answer.json()["error"]) == (409, "versioning conflict"), name
    assert tip(project) == before
    assert ask("PUT", "content/main/", form(versioning="auto", files={"small": b"1"})).status_code == 200
    assert bytes_at(project, "small") == b"1"


HOSTILE = [
    "../x",
    "a/../../x",
    "/../x",
    ".git/config",
    "a/.GIT/x",
    "..",
    ".",
    "a\\b",
    "x" * 300,
    "README.md/in",
    "a\x01b",
]


@pytest.mark.parametrize("path", [*HOSTILE, "a." + "b" * 300, "git~1/x", ".g\u200cit/x", "/".join("d" * 100)])
def test_hostile_names_of_files(ask: Ask, tree: dict[str, bytes], project: Project, path: str) -> None:
    before = tip(project)
    answer = ask("PUT", "content/main/", form(last_commit=before, files={path: b"x"}))
    assert answer.status_code in {400, 409}, answer.content
    assert answer.json()["error"] == "path conflict"
    assert tip(project) == before


def test_hostile_forms(ask: Ask, tree: dict[str, bytes], project: Project) -> None:
    before = tip(project)
    assert ask("PUT", f"content/{before}/", form(files={"a": b"1"})).json()["code"] == "not_a_branch"
    assert ask("PUT", "content/none/", form(files={"a": b"1"})).status_code == 404
    assert ask("PUT", "content/main/", form()).status_code == 422
    assert ask("PUT", "content/main/", form(files=[("a", b"1"), ("a", b"2")])).status_code == 400
    assert ask("PUT", "content/main/", form(files={str(n): b"" for n in range(101)})).status_code == 400
    assert ask("PUT", "content/main/", form(last_commit="x", files={"a": b"1"})).status_code == 422
    assert ask("PUT", "content/main/", form(commit_choice="force", files={"a": b"1"})).status_code == 422
    assert ask("PUT", "content/main/", form(versioning="svn", files={"a": b"1"})).status_code == 422
    assert ask("PUT", "content/main/", form(commit_summary="x" * 2000, files={"a": b"1"})).status_code == 422
    assert ask("PUT", "content/main/", (b"--edge", "multipart/form-data; boundary=edge")).status_code in {
        400,
        422,
    }
    assert ask("PUT", "content/main/", (b"nothing", "multipart/form-data")).status_code == 400
    assert ask("PUT", "content/main/", body=[1]).status_code == 400
    assert ask("PUT", "content/main/", body={"files": ["a"]}).status_code == 422
    assert ask("PATCH", "content/main/a", body={}).status_code == 405
    assert (
        ask("PUT", "content/main/", form(files={"a": b"1"}), CONTENT_LENGTH=str(1 << 30)).status_code == 413
    )
    assert tip(project) == before


def test_who_may_write(ask: Ask, tree: dict[str, bytes], project: Project) -> None:
    before, asked = tip(project), form(files={"a.txt": b"1"})
    reader = builders.make_token(builders.make_collaborator(project, "reader"))
    assert ask("PUT", "content/main/", asked, token=reader).status_code == 403
    assert (
        ask("PUT", "content/main/", asked, token=builders.make_token(builders.make_user())).status_code == 404
    )
    assert (
        ask("PUT", "content/main/", asked, token=builders.make_token(project.created_by, "read")).status_code
        == 403
    )
    other = builders.make_token(project.created_by, project=builders.make_project(owner=project.created_by))
    assert ask("GET", "content/main/", token=other).status_code == 404
    projects.archive_project(project_id=project.pk, archived=True)
    assert ask("PUT", "content/main/", asked).status_code in {403, 409}
    assert tip(project) == before
