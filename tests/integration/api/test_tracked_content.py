"""Uploads that DVC keeps: new objects, merged lists, pointers as DVC would have written them, and what is refused."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from ropewalk.data import selectors as data
from ropewalk.data import services
from ropewalk.data.models import StoredObject
from ropewalk.data.oids import ObjectAddress
from ropewalk.projects.models import Project
from ropewalk.repos import refs, selectors
from ropewalk.repos import services as repos
from tests.factories import builders
from tests.integration.api.conftest import Ask
from tests.integration.repos.conftest import Fill, commit, write
from tests.integration.repos.test_editing import MAIN

FOLDER = """\
# kept
outs:
- md5: {}.dir # here
  nfiles: 2
  hash: md5
  path: images
  desc: Cats
"""
IMPORTED = f"""\
deps:
- path: x
  repo:
    url: https://example.org/x
outs:
- md5: {"d" * 32}
  hash: md5
  path: imported.csv
"""


def md5(content: bytes) -> str:
    return hashlib.md5(content).hexdigest()


def tip(project: Project) -> str:
    return refs.read_refs(project.pk).get(MAIN, "")


def text(project: Project, path: str) -> str:
    return selectors.blob(project.pk, tip(project), path).text


def out_of(project: Project, pointer: str) -> dict[str, Any]:
    [out] = yaml.safe_load(text(project, pointer))["outs"]
    return dict(out)


def folder_of(project: Project, pointer: str) -> dict[str, str]:
    """Path → md5 of a tracked folder, by the bytes of its list."""
    oid = out_of(project, pointer)["md5"]
    assert oid.endswith(".dir")
    raw = b"".join(data.open_object(project.pk, ObjectAddress(oid[:-4], is_dir=True)))
    assert md5(raw) == oid[:-4]
    return {entry["relpath"]: entry["md5"] for entry in json.loads(raw)}


def form(**fields: Any) -> dict[str, Any]:
    return {
        "commit_choice": "direct",
        "commit_summary": "Add",
        "versioning": "dvc",
        "last_commit": "",
        **fields,
    }


@pytest.fixture
def tree(fill: Fill, project: Project) -> dict[str, bytes]:
    """A folder of two files that DVC tracks, a file that it tracks, one of git, and a lost folder."""
    images = {"a.png": b"first", "deep/b.png": b"second!"}
    listed = json.dumps([{"md5": md5(c), "relpath": p} for p, c in images.items()]).encode()
    for content, is_dir in [(b"first", False), (b"second!", False), (listed, True), (b"1,2\n", False)]:
        address = ObjectAddress(md5(content), is_dir=is_dir)
        services.receive_object(project_id=project.pk, address=address, blocks=iter([content]), user_id=None)
    pointer = "outs:\n- md5: {}\n  size: {}\n  hash: md5\n  path: {}\n"
    fill(
        commit(
            MAIN, 1, "Begin",
            write("README.md", b"# One\n"),
            write(".dvc/config", b"[core]\n"),
            write(".gitignore", b"*.pyc\n/images"),
            write("images.dvc", FOLDER.format(md5(listed)).encode()),
            write("data.csv.dvc", pointer.format(md5(b"1,2\n"), 4, "data.csv").encode()),
            write("lost.dvc", pointer.format("f" * 32 + ".dir", 7, "lost").encode()),
            write("old.dvc", b"outs:\n- md5: " + b"e" * 32 + b".dir\n  path: old\n"),
            write("imported.csv.dvc", IMPORTED.encode()),
        )
    )  # fmt: skip
    repos.reconcile(project_id=project.pk)
    return images


def test_files_join_a_tracked_folder_that_nobody_has(
    ask: Ask, tree: dict[str, bytes], project: Project
) -> None:
    answer = ask(
        "PUT", "content/main/images", form(is_dvc_dir="true", files={"c.png": b"third", "deep/d.png": b"4"})
    )
    assert answer.status_code == 200, answer.content
    expected = tree | {"c.png": b"third", "deep/d.png": b"4"}
    assert folder_of(project, "images.dvc") == {path: md5(content) for path, content in expected.items()}
    pointer = text(project, "images.dvc")
    assert pointer.startswith("# kept\n") and "desc: Cats" in pointer
    out = out_of(project, "images.dvc")
    assert (out["size"], out["nfiles"], out["hash"]) == (sum(map(len, expected.values())), 4, "md5")
    assert text(project, ".gitignore") == "*.pyc\n/images"
    # a second batch, before anything is indexed; a file that is there already, with the same bytes, is no conflict
    again = ask("PUT", "content/main/images/deep", form(files={"e.png": b"5", "d.png": b"4"}))
    assert again.status_code == 200, again.content
    assert sorted(folder_of(project, "images.dvc")) == [
        "a.png",
        "c.png",
        "deep/b.png",
        "deep/d.png",
        "deep/e.png",
    ]
    same = ask("PUT", "content/main/images", form(files={"c.png": b"third"}))
    assert same.status_code == 204


def test_a_new_tracked_folder_and_single_files(ask: Ask, project: Project) -> None:
    assert (
        ask(
            "PUT", "content/main/sets/one", form(is_dvc_dir="true", files={"a": b"1", "b/c": b"22"})
        ).status_code
        == 200
    )
    assert folder_of(project, "sets/one.dvc") == {"a": md5(b"1"), "b/c": md5(b"22")}
    assert text(project, "sets/.gitignore") == "/one\n"
    assert f"url = {project_url(project)}" in text(project, ".dvc/config")
    assert (
        ask("PUT", "content/main/sets", form(files={"big [1].bin": b"x" * 5, "two.csv": b"a\n"})).status_code
        == 200
    )
    assert out_of(project, "sets/two.csv.dvc") == {
        "md5": md5(b"a\n"),
        "size": 2,
        "hash": "md5",
        "path": "two.csv",
    }
    assert text(project, "sets/.gitignore") == "/one\n/big \\[1\\].bin\n/two.csv\n"
    assert not selectors.exists(project.pk, tip(project), "sets/two.csv")


def project_url(project: Project) -> str:
    return f"http://testserver/{project.owner.slug}/{project.slug}.dvc"


def test_auto_keeps_paths_where_they_are_and_gives_large_new_files_to_dvc(
    ask: Ask, tree: dict[str, bytes], project: Project
) -> None:
    seen, large = tip(project), b"1" * ((10 << 20) + 1)
    files = {
        "README.md": b"# Two\n",
        "data.csv": b"3,4\n",
        "images/new.png": b"n",
        "small": b"s",
        "large": large,
    }
    answer = ask("PUT", "content/main/", form(versioning="auto", last_commit=seen, files=files))
    assert answer.status_code == 200, answer.content
    assert (text(project, "README.md"), text(project, "small")) == ("# Two\n", "s")
    assert out_of(project, "data.csv.dvc")["md5"] == md5(b"3,4\n")
    assert out_of(project, "large.dvc")["size"] == len(large)
    assert "new.png" in folder_of(project, "images.dvc")
    assert selectors.commit(project.pk, tip(project)).parents == (seen,)


def test_replacing_takes_the_commit_that_was_seen(ask: Ask, tree: dict[str, bytes], project: Project) -> None:
    seen = tip(project)
    for folder, name in (("images", "a.png"), ("", "data.csv")):
        blind = ask("PUT", f"content/main/{folder}", form(files={name: b"other"}))
        assert (blind.status_code, blind.json()["error"]) == (409, "missing last_commit"), name
    assert (
        ask("PUT", "content/main/images", form(last_commit=seen, files={"a.png": b"2nd"})).status_code == 200
    )
    # elsewhere in the same folder is no conflict; the same file is
    assert (
        ask("PUT", "content/main/images", form(last_commit=seen, files={"deep/b.png": b"2"})).status_code
        == 200
    )
    old = ask("PUT", "content/main/images", form(last_commit=seen, files={"a.png": b"3rd"}))
    assert (old.status_code, old.json()["error"]) == (409, "invalid last_commit")
    assert folder_of(project, "images.dvc") == {"a.png": md5(b"2nd"), "deep/b.png": md5(b"2")}


@pytest.mark.parametrize(
    ("folder", "name", "error"),
    [
        ("lost", "a", "versioning conflict"),
        ("old", "a", "versioning conflict"),
        ("", "imported.csv", "versioning conflict"),
        ("", "README.md", "versioning conflict"),
        ("", "README.md/x", "path conflict"),
        ("data.csv", "x", "path conflict"),
        ("images", "a.png/x", "path conflict"),
        ("images", "deep", "path conflict"),
        ("images", "../x", "path conflict"),
        (".dvc", "config", "path conflict"),
        ("", "images.dvc", "path conflict"),
        ("new", ".gitignore", "path conflict"),
    ],
)
def test_what_is_refused_changes_nothing(
    ask: Ask, tree: dict[str, bytes], project: Project, folder: str, name: str, error: str
) -> None:
    before = tip(project)
    answer = ask("PUT", f"content/main/{folder}", form(last_commit=before, files={name: b"new"}))
    assert (answer.status_code in {400, 409}, answer.json().get("error")) == (True, error), answer.content
    assert tip(project) == before


def test_a_folder_of_git_and_the_root_can_not_become_a_tracked_folder(
    ask: Ask, tree: dict[str, bytes], project: Project
) -> None:
    assert ask("PUT", "content/main/src", form(versioning="git", files={"a.py": b"1"})).status_code == 200
    in_git = ask("PUT", "content/main/src", form(is_dvc_dir="true", files={"b": b"1"}))
    assert in_git.json()["error"] == "versioning conflict"
    assert ask("PUT", "content/main/", form(is_dvc_dir="true", files={"b": b"1"})).status_code == 400


def test_a_stages_output_is_not_edited(
    ask: Ask, tree: dict[str, bytes], project: Project, fill: Fill, index: Callable[[], None]
) -> None:
    lock = (
        "schema: '2.0'\nstages:\n  train:\n    cmd: python train.py\n    outs:\n    - path: model\n      hash: md5\n"
        f"      md5: {'a' * 32}\n      size: 3\n"
    )
    pipeline = b"stages:\n  train:\n    cmd: python train.py\n    outs: [model]\n"
    fill(
        commit(
            MAIN,
            9,
            "Pipeline",
            write("dvc.yaml", pipeline),
            write("dvc.lock", lock.encode()),
            parent=f"{MAIN}^0",
        )
    )
    repos.reconcile(project_id=project.pk)
    services.ensure_indexed(project_id=project.pk, commit_sha=tip(project))
    index()
    refused = ask("PUT", "content/main/", form(last_commit=tip(project), files={"model": b"new"}))
    assert (refused.status_code, refused.json()["error"]) == (409, "edit pipeline unsupported")
    assert "train" in refused.json()["details"]


def test_deleting_from_a_tracked_folder_and_a_tracked_file(
    ask: Ask, tree: dict[str, bytes], project: Project
) -> None:
    assert ask("DELETE", "content/main/images/deep").status_code == 200
    assert folder_of(project, "images.dvc") == {"a.png": md5(b"first")}
    assert ask("DELETE", "content/main/images/none").status_code == 404
    assert ask("DELETE", "content/main/images").status_code == 200
    assert not selectors.exists(project.pk, tip(project), "images.dvc")
    assert text(project, ".gitignore") == "*.pyc\n"
    assert ask("DELETE", "content/main/lost").status_code == 200, "its bytes need not be here"


def test_who_may_write_data(ask: Ask, tree: dict[str, bytes], project: Project) -> None:
    before, stored = tip(project), StoredObject.objects.for_project(project.pk).count()
    reader = builders.make_token(builders.make_collaborator(project, "reader"))
    assert ask("PUT", "content/main/", form(files={"new": b"1"}), token=reader).status_code == 403
    assert (tip(project), StoredObject.objects.for_project(project.pk).count()) == (before, stored)
