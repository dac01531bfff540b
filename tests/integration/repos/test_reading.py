import shutil

import pytest

from ropewalk.repos import git, selectors
from ropewalk.repos.errors import PathNotFound, RevisionNotFound, WrongKind
from ropewalk.repos.selectors import diffs, trees
from tests.integration.repos.conftest import Fill, commit, write

MAIN = "refs/heads/main"


@pytest.fixture
def pid(fill: Fill) -> int:
    return fill(
        commit(
            MAIN,
            1000,
            "Begin",
            write("src/a.py", b"one\ntwo\nthree\n"),
            write("bin/x", b"\0\1\2" * 100),
            write("link", b"../../etc/passwd", "120000"),
        )
        + commit(
            MAIN,
            2000,
            "Change a",
            write("src/a.py", b"one\nTWO\nthree\n"),
            write("run.sh", b"#!/bin/sh\n", "100755"),
        )
        + commit(
            MAIN,
            3000,
            "Rename and delete\n\nBecause.\n",
            b"R src/a.py src/b.py\n",
            b"D bin/x\n",
            write("big.txt", b"line\n" * 5000),
        )
    )


def tip(pid: int) -> str:
    return selectors.resolve(pid).sha


def test_a_folder_lists_directories_first_with_sizes(pid: int) -> None:
    found = selectors.tree(pid, tip(pid))
    assert [(e.name, e.kind, e.size) for e in found.entries] == [
        ("src", "directory", None), ("big.txt", "file", 25000), ("link", "symlink", 16), ("run.sh", "file", 10),
    ]  # fmt: skip
    assert found.entries[-1].executable and not found.truncated
    assert [e.path for e in selectors.tree(pid, tip(pid), "src").entries] == ["src/b.py"]
    assert [e.path for e in selectors.walk(pid, tip(pid)).entries] == [
        "big.txt",
        "link",
        "run.sh",
        "src/b.py",
    ]
    assert selectors.tree(pid, tip(pid), limit=2).truncated


def test_wrong_paths_are_errors_in_words(pid: int) -> None:
    for path in (
        "nope",
        "src/nope",
        "../x",
        "src/../big.txt",
        "link/passwd",
        "big.txt/x",
        "x" * 5000,
        "a/" * 300,
        "a\0b",
    ):
        with pytest.raises(PathNotFound):
            selectors.blob(pid, tip(pid), path)
    with pytest.raises(WrongKind):
        selectors.blob(pid, tip(pid), "src")
    with pytest.raises(WrongKind):
        selectors.tree(pid, tip(pid), "big.txt")
    for sha in ("main", "--all", "f" * 40, "HEAD"):
        with pytest.raises((RevisionNotFound, PathNotFound)):
            selectors.blob(pid, sha, "big.txt")


def test_files_come_whole_cut_or_streamed(pid: int) -> None:
    blob = selectors.blob(pid, tip(pid), "big.txt")
    assert blob.size == 25000 and not blob.truncated and not blob.binary and blob.text.count("\n") == 5000
    cut = selectors.blob(pid, tip(pid), "big.txt", limit=100)
    assert cut.size == 25000 and cut.truncated and len(cut.data) == 100
    assert b"".join(selectors.read_blob(pid, blob.oid, blob.size)) == blob.data
    link = selectors.blob(pid, tip(pid), "link")
    assert link.is_symlink and link.text == "../../etc/passwd"
    first = selectors.commits(pid, tip(pid)).items[-1].sha
    assert selectors.blob(pid, first, "bin/x").binary
    assert set(selectors.blobs(pid, tip(pid), ["src/b.py", "nope", "src", "link"])) == {"src/b.py", "link"}


def test_history_of_everything_and_of_a_path(pid: int) -> None:
    page = selectors.commits(pid, tip(pid), per_page=2)
    assert [item.subject for item in page] == ["Rename and delete", "Change a"]
    assert (page.total, page.has_next, page.items[0].body) == (3, True, "Because.")
    author, committer = page.items[0].author, page.items[0].committer
    assert (author.name, author.when.timestamp(), committer.email, committer.when.timestamp()) == (
        "Ada",
        3000,
        "bob@example.org",
        3060,
    )
    assert [item.subject for item in selectors.commits(pid, tip(pid), page=2, per_page=2)] == ["Begin"]
    assert [item.subject for item in selectors.commits(pid, tip(pid), path="src/a.py")] == [
        "Rename and delete",
        "Change a",
        "Begin",
    ]
    assert [item.subject for item in selectors.commits(pid, tip(pid), path="*.sh")] == []  # no pattern magic
    [ada] = selectors.activity(pid, tip(pid)).people
    assert (ada.name, ada.email, ada.commits) == ("Ada", "ada@example.org", 3)


def test_last_commits_of_entries(pid: int) -> None:
    names = ["src", "big.txt", "link", "run.sh"]
    for _ in range(2):  # walked, then from the cache
        found = selectors.last_commits(pid, tip(pid), "", names)
        assert found.complete
        assert {name: found.by_name[name].subject for name in names} == {
            "src": "Rename and delete", "big.txt": "Rename and delete", "link": "Begin", "run.sh": "Change a",
        }  # fmt: skip
    hurried = selectors.last_commits(pid, tip(pid), "src", ["b.py"], seconds=0)
    assert not hurried.complete and hurried.by_name == {}


def test_diffs_show_renames_lines_and_limits(pid: int, monkeypatch: pytest.MonkeyPatch) -> None:
    last, change, first = [item.sha for item in selectors.commits(pid, tip(pid))]
    shown = selectors.commit_diff(pid, last)
    assert {(f.file.status, f.file.old_path, f.file.path) for f in shown.files} == {
        ("added", "big.txt", "big.txt"), ("deleted", "bin/x", "bin/x"), ("renamed", "src/a.py", "src/b.py"),
    }  # fmt: skip
    notes = {f.file.path: f.note for f in shown.files}
    assert notes == {"big.txt": "too_large", "bin/x": "binary", "src/b.py": ""}

    two = selectors.diff(pid, first, change, paths=["src/a.py"])
    [file] = two.files
    assert [(line.kind, line.text, line.old_number, line.new_number) for line in file.hunks[0].lines] == [
        ("context", "one", 1, 1), ("deleted", "two", 2, None), ("added", "TWO", None, 2), ("context", "three", 3, 3),
    ]  # fmt: skip
    assert (two.added, two.deleted, two.truncated) == (1, 1, False)
    root = selectors.commit_diff(pid, first)
    assert {f.file.status for f in root.files} == {"added"} and len(root.files) == 3

    monkeypatch.setattr(diffs, "MAX_BYTES", 3000)
    cut = selectors.diff(pid, first, last)
    assert cut.truncated and any(f.note == "not_shown" for f in cut.files)
    assert len(selectors.changes(pid, first, last).files) == 4


def test_a_change_of_type_keeps_the_files_in_step(fill: Fill) -> None:
    pid = fill(
        commit(MAIN, 1, "A", write("a", b"text\n"), write("b", b"old\n"))
        + commit(MAIN, 2, "B", write("a", b"target", "120000"), write("b", b"new\n"))
    )
    files = {f.file.path: f for f in selectors.commit_diff(pid, tip(pid)).files}
    assert files["a"].file.status == "type"
    assert [line.text for hunk in files["b"].hunks for line in hunk.lines] == ["old", "new"]


def test_diff_text_that_looks_like_a_diff_stays_text(fill: Fill) -> None:
    evil = b"diff --git a/x b/x\n@@ -1 +1 @@\n--- a\n+++ b\nBinary files a and b differ\n"
    pid = fill(
        commit(MAIN, 1, "A", write("a", b"1\n")) + commit(MAIN, 2, "B", write("a", evil), write("z", b"z\n"))
    )
    files = selectors.commit_diff(pid, tip(pid)).files
    assert [f.file.path for f in files] == ["a", "z"]
    assert [
        line.text for line in files[0].hunks[0].lines if line.kind == "added"
    ] == evil.decode().splitlines()
    assert files[0].note == "" and files[1].added == 1


def test_hostile_names_and_messages(fill: Fill) -> None:
    odd_names = (
        b'M 100644 inline "caf\\303\\251 \\"q\\" %20#?.txt"\ndata 1\nx\n'
        b'M 100644 inline "bad\\377name"\ndata 1\ny\n'
    )
    deep = write("/".join(["d"] * 120) + "/f", b"deep")
    body = b"\xff\xfe \x00 raw".replace(b"\0", b"")
    raw = b"commit refs/heads/main\ncommitter X <x@y> 1000 +0000\ndata %d\n%s\n" % (len(body), body)
    pid = fill(
        raw
        + odd_names
        + deep
        + write("new\\nline", b"1")
        + b'M 100644 inline "tab\\there"\ndata 1\nz\n'
        + b"\n"
    )
    sha = tip(pid)
    names = [e.name for e in selectors.tree(pid, sha).entries]
    assert 'café "q" %20#?.txt' in names and "bad\ufffdname" in names and "tab\there" in names
    assert selectors.blob(pid, sha, 'café "q" %20#?.txt').text == "x"
    assert selectors.blob(pid, sha, "/".join(["d"] * 120) + "/f").text == "deep"
    assert "\ufffd" in selectors.commit(pid, sha).subject
    assert selectors.commit_diff(pid, sha).files
    assert selectors.last_commits(pid, sha, "", names).complete


def test_a_huge_folder_is_cut(fill: Fill) -> None:
    files = b"".join(
        b"M 100644 inline many/f%d\ndata 0\n\n" % number for number in range(trees.MAX_ENTRIES + 10)
    )
    pid = fill(commit(MAIN, 1, "Many", files))
    found = selectors.tree(pid, tip(pid), "many")
    assert found.truncated and len(found.entries) == trees.MAX_ENTRIES
    shown = selectors.commit_diff(pid, tip(pid))
    assert shown.truncated and len(shown.files) == diffs.MAX_FILES


def test_submodules_are_shown_and_not_followed(fill: Fill) -> None:
    pid = fill(
        commit(
            MAIN, 1, "Sub", b"M 160000 " + b"1" * 40 + b" vendor\n", write(".gitmodules", b"[submodule]\n")
        )
    )
    [first] = [e for e in selectors.tree(pid, tip(pid)).entries if e.name == "vendor"]
    assert (first.kind, first.oid, first.size) == ("submodule", "1" * 40, None)
    with pytest.raises(PathNotFound):
        selectors.tree(pid, tip(pid), "vendor/x")
    with pytest.raises(WrongKind):
        selectors.blob(pid, tip(pid), "vendor")


def test_a_repository_cannot_run_programs(fill: Fill, tmp_path) -> None:  # type: ignore[no-untyped-def]
    """Attributes name drivers; ours has none, whatever the repository says."""
    pid = fill(
        commit(
            MAIN,
            1,
            "A",
            write(".gitattributes", b"* diff=evil filter=evil textconv=evil\n"),
            write("a.txt", b"1\n"),
        )
        + commit(MAIN, 2, "B", write("a.txt", b"2\n"))
    )
    assert selectors.commit_diff(pid, tip(pid)).added == 1
    assert selectors.blob(pid, tip(pid), "a.txt").text == "2\n"


def test_missing_git_objects_are_an_error_not_a_crash(pid: int) -> None:
    sha = tip(pid)
    shutil.rmtree(git.repository_path(pid) / "objects")
    (git.repository_path(pid) / "objects").mkdir()
    with pytest.raises((PathNotFound, RevisionNotFound)):
        selectors.blob(pid, sha, "big.txt")
