"""Changes inside folders that DVC tracks: 10,000 files through HTTP, and lists drawn at random against a model."""

import html
import re
from typing import Any

import pytest
from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ropewalk.data import selectors as data
from ropewalk.data.models import StoredObject
from ropewalk.data.oids import ObjectAddress
from ropewalk.data.selectors import folder_parts as pages
from ropewalk.data.selectors.folder_parts import FolderPart
from ropewalk.projects.models import Project
from tests.integration.data.conftest import listing, md5, send
from tests.integration.monitors.repository import Repository
from workers.runners.index_revision import index_now

Files = dict[str, bytes]


@pytest.fixture(autouse=True)
def no_answers_of_others() -> None:
    caches["derived"].clear()


@pytest.fixture
def url(project: Project) -> str:
    return f"/{project.owner.slug}/{project.slug}"


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", page)))


def folder(project: Project, files: Files) -> tuple[bytes, ObjectAddress]:
    for content in dict.fromkeys(files.values()):
        send(project, content)
    whole = listing(files)
    return whole, send(project, whole, is_dir=True)


def tracked(
    project: Project, repository: Repository, *versions: Files, path: str = "data/pictures"
) -> list[str]:
    """One commit for each version of a folder."""
    name, shas = path.rpartition("/")[2], []
    for files in versions:
        whole, _ = folder(project, files)
        pointer = f"outs:\n- md5: {md5(whole)}.dir\n  size: {len(whole)}\n  nfiles: {len(files)}\n  hash: md5\n  path: {name}\n"
        shas.append(repository.commit({f"{path}.dvc": pointer}))
        index_now(project.pk, shas[-1])
    return shas


def part_of(client: Client, address: str) -> str:
    answer = client.get(address, {"fragment": "1"} if "?" not in address else {})
    assert answer.status_code == 200, answer.content[:300]
    return answer.content.decode()


def table(page: str, label: str) -> list[list[str]]:
    """The cells of the table in a region, as text."""
    if f'aria-label="{label} in ' not in page:
        return []
    body = page.split(f'aria-label="{label} in ')[1].partition("<tbody>")[2].partition("</tbody>")[0]
    rows = [re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL) for row in body.split("</tr>")[:-1]]
    return [[text_of(cell).strip() for cell in row] for row in rows]


def name(n: int) -> str:
    return f"class{n % 10}/part{n % 3}/{n:05d}.txt"


def two_versions() -> tuple[Files, Files]:
    """10,000 files of contents that many share; then 100 less in class0, 200 changed in class1, 2,037 more, three moved."""
    old = {name(n): b"%d" % (n % 50) for n in range(10_000)}
    old["class7/unique-a.bin"] = b"only a"
    new = dict(old)
    for n in range(0, 10_000, 100):
        del new[name(n)]
    for n in range(1, 10_000, 50):
        new[name(n)] = b"changed"
    for n in range(2037):
        new[f"extra/deep/{n // 1000}/{n:04d}.txt"] = b"new %d" % (n % 7)
    new["moved/unique-a.bin"] = new.pop("class7/unique-a.bin")
    new["class8/renamed.txt"] = new.pop(name(8))
    new["class9/part0/Capital.TXT"] = new.pop(name(9))
    return old, new


def test_ten_thousand_files(client: Client, url: str, project: Project, repository: Repository):
    old, new = two_versions()
    first, second = tracked(project, repository, old, new)
    here = f"{url}/diff/{first}/{second}/data/pictures"
    page = part_of(client, here)
    added, removed = (
        sum(len(files[path]) for path in files.keys() - other.keys())
        for files, other in ((new, old), (old, new))
    )
    text = text_of(page)
    assert f"10,001 → {len(new):,} files" in text and len(new) == 11_938
    assert "all 2,340 added 2,037 removed 100 changed 200 renamed 3" in text
    assert len(table(page, "Changed files")) == 50 and "1 to 50 of 2,340" in text
    moved = sum(
        len(new[path]) for path in ("moved/unique-a.bin", "class8/renamed.txt", "class9/part0/Capital.TXT")
    )
    changed = [path for path in old.keys() & new.keys() if old[path] != new[path]]
    came = added - moved + sum(len(new[path]) for path in changed)
    went = removed - moved + sum(len(old[path]) for path in changed)
    folders = {row[0]: row[1:] for row in table(page, "Changes by folder")}
    assert folders["class0/"] == [
        "0",
        "100",
        "0",
        "0",
        "",
        f"−{went - sum(len(old[path]) for path in changed)} B",
    ]
    assert folders["class1/"][:4] == ["0", "0", "200", "0"]
    assert folders["class7/"][:4] == folders["moved/"][:4] == ["0", "0", "0", "1"]
    assert (
        folders["extra/"] == ["2,037", "0", "0", "0", "+9.9 KiB", ""]
        and f"−{went} B" in text
        and came > 10_000
    )
    assert f"{sum(map(len, old.values())) / 1024:.1f} KiB" in text

    listed: list[str] = []
    for number in range(1, 48):
        rows = table(part_of(client, f"{here}?fragment=1&page={number}"), "Changed files")
        listed += [row[0] for row in rows]
        assert len(rows) == (50 if number < 47 else 40)
    paths = [entry.split(" → ")[-1].split()[-1] for entry in listed]
    assert paths == sorted(paths) and len(set(paths)) == 2340
    assert {entry.split()[-1] for entry in listed if entry.startswith("A ")} == {
        path for path in new.keys() - old.keys() if path.startswith("extra/")
    }
    assert "No changed file is found so" in part_of(client, f"{here}?fragment=1&page=48")
    renamed = table(part_of(client, f"{here}?fragment=1&status=renamed"), "Changed files")
    assert [row[0] for row in renamed] == [
        f"R renamed {name(8)} → class8/renamed.txt",
        f"R renamed {name(9)} → class9/part0/Capital.TXT",
        "R renamed class7/unique-a.bin → moved/unique-a.bin",
    ]


def test_parts_of_ten_thousand_files(client: Client, url: str, project: Project, repository: Repository):
    first, second = tracked(project, repository, *two_versions())
    here = f"{url}/diff/{first}/{second}/data/pictures"
    deep = part_of(client, f"{here}/extra/deep")
    text = text_of(deep)
    assert "0 → 2,037 files, 0 B →" in text and "pictures / extra / deep" in text
    assert [row[:2] for row in table(deep, "Changes by folder")] == [
        ["0/", "1,000"],
        ["1/", "1,000"],
        ["2/", "37"],
    ]
    last = table(part_of(client, f"{here}/extra/deep/2?fragment=1"), "Changed files")
    assert len(last) == 37 and last[-1] == ["A added extra/deep/2/2036.txt", "—", "5 B"]
    filtered = part_of(client, f"{here}?fragment=1&q=CAPITAL")
    assert (
        "all 1 added 0 removed 0 changed 0 renamed 1" in text_of(filtered) and 'value="CAPITAL"' in filtered
    )
    both = part_of(client, f"{here}?fragment=1&q=part1&status=removed&page=1")
    expected = sum(n % 3 == 1 for n in range(0, 10_000, 100))
    assert f"removed {expected}" in text_of(both) and f"of {expected}" in text_of(both)
    assert {row[0].split()[0] for row in table(both, "Changed files")} == {"D"}
    left = part_of(client, f"{here}/class7?fragment=1")
    assert "unique-a.bin → moved/unique-a.bin" in text_of(left) and "1,001 → 1,000 files" in text_of(left)
    assert "No changed file is found so" in part_of(client, f"{here}?fragment=1&q=%25_nothing")
    for odd in ("q=%00", "q=" + "x" * 5000, "status=../x", "page=-1", "page=999999999999", "q=%F0%9F%90%88"):
        assert client.get(f"{here}?fragment=1&{odd}").status_code == 200, odd
    for nowhere in (f"{here}/class77", f"{here}/extra/dee", f"{here}/class0/../class1"):
        assert client.get(nowhere).status_code == 404, nowhere


def test_a_page_of_a_large_folder_costs_a_page(
    client: Client, url: str, project: Project, repository: Repository, monkeypatch: Any
):
    first, second = tracked(project, repository, *two_versions())
    here = f"{url}/diff/{first}/{second}/data/pictures?fragment=1"
    with CaptureQueriesContext(connection) as cold:
        part_of(client, here)
    read = []
    monkeypatch.setattr(pages, "dir_changes", lambda *args, **more: read.append(args))
    with CaptureQueriesContext(connection) as warm:
        page = part_of(client, f"{here}&page=20")
    assert not read and len(table(page, "Changed files")) == 50 and "951 to 1,000 of 2,340" in text_of(page)
    assert len(warm) == len(cold) - 3 and not any(
        "direntry" in query["sql"] for query in warm.captured_queries
    )
    assert page.count("<tr>") < 50 + pages.MOST_FOLDERS + 5


def lines_of(page: str) -> list[str]:
    body = page.partition("<tbody>")[2].partition("</tbody>")[0]
    rows = re.findall(r'<span class="sign">(.)</span>(.*?)</td>', body)
    return [sign + html.unescape(re.sub(r"<[^>]*>", "", text)) for sign, text in rows]


def test_files_inside_open_to_what_changed(
    client: Client, url: str, project: Project, repository: Repository
):
    old = {
        "notes/a.txt": b"one\ntwo\nthree\n",
        "notes/<b>.py": b"x = 1\n",
        "t.csv": b"id,v\n1,2\n",
        "w.bin": b"\0a",
        "gone.txt": b"bye\n",
        "same.txt": b"s",
    }
    new = old | {
        "notes/a.txt": b"one\n2 <i>\nthree\n",
        "notes/<b>.py": b"x  =  1\n",
        "t.csv": b"id,v\n1,3\n",
        "w.bin": b"\0b",
    }
    new["fresh.md"] = b"hello\n"
    del new["gone.txt"]
    first, second = tracked(project, repository, old, new)
    here = f"{url}/diff/{first}/{second}/data/pictures"
    listed = re.findall(
        r'<a href="([^"]*)">', part_of(client, here).split('aria-label="Changed files in ')[1]
    )
    pages = {address.partition("/data/pictures/")[2].partition("?")[0]: address for address in listed}
    assert set(pages) == {"fresh.md", "gone.txt", "notes/a.txt", "notes/%3Cb%3E.py", "t.csv", "w.bin"}
    found = {name: part_of(client, html.unescape(address) + "&fragment=1") for name, address in pages.items()}
    assert (
        lines_of(found["notes/a.txt"]) == [" one", "−two", "+2 <i>", " three"]
        and "<i>" not in found["notes/a.txt"]
    )
    assert lines_of(found["notes/%3Cb%3E.py"]) == ["−x = 1", "+x  =  1"]
    assert lines_of(found["fresh.md"]) == ["+hello"] and lines_of(found["gone.txt"]) == ["−bye"]
    assert "<table" in found["w.bin"] and md5(b"\0a")[:8] in found["w.bin"] and not lines_of(found["w.bin"])
    assert "Waiting for a worker" in found["t.csv"] and "as=text" in found["t.csv"]
    assert lines_of(part_of(client, f"{here}/t.csv?fragment=1&as=text"))[-2:] == ["−1,2", "+1,3"]
    assert "Only white space changed" in part_of(client, f"{here}/notes/%3Cb%3E.py?fragment=1&w=1")
    split = part_of(client, f"{here}/notes/a.txt?fragment=1&view=split")
    assert lines_of(split) == [" one", " one", "−two", "+2 <i>", " three", " three"]
    assert client.get(f"{here}/same.txt").status_code == 404


def test_a_list_that_is_gone_is_not_shown_from_the_cache(
    client: Client, url: str, project: Project, repository: Repository
):
    first, second = tracked(project, repository, {"a/x": b"1"}, {"a/y": b"2"})
    here = f"{url}/diff/{first}/{second}/data/pictures?fragment=1"
    assert "a/y" in part_of(client, here)
    StoredObject.objects.for_project(project.pk).filter(kind="dir").delete()
    page = part_of(client, here)
    assert "a/y" not in page and "was not pushed here" in text_of(page)
    inside = client.get(f"{url}/diff/{first}/{second}/data/pictures/a/y")
    assert inside.status_code == 404 and "its list of files was not pushed here" in text_of(
        inside.content.decode()
    )


@pytest.mark.django_db
def test_changes_applied_to_the_old_list_give_the_new(project: Project):
    files = st.dictionaries(
        st.sampled_from(["a", "b/a", "b/c", "d/a", "d/e/f", "d/e/g"]),
        st.sampled_from([b"1", b"22", b"333"]),
        min_size=1,
    )

    @given(files, files, st.sampled_from(["", "b", "d", "d/e"]))
    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    def check(old: Files, new: Files, under: str) -> None:
        sides = folder(project, old)[1], folder(project, new)[1]
        changes, _ = data.dir_changes(project.pk, *sides)
        state = {path: len(content) for path, content in old.items()}
        for file in changes:
            if file.status != "added":
                assert state.pop(file.old_path) == file.old_size
        for file in changes:
            if file.status != "removed":
                state[file.path] = file.new_size or 0
        assert state == {path: len(content) for path, content in new.items()}
        assert data.dir_changes(project.pk, sides[1], sides[1]) == ([], False)
        sums, page = data.folder_changes(project.pk, *sides, FolderPart(under), 1)
        inside = [
            file
            for file in changes
            if not under or any(path.startswith(f"{under}/") for path in (file.path, file.old_path))
        ]
        assert list(page) == inside and sums.total.files == len(inside) == page.total
        for number, side in enumerate((old, new)):
            mine = [content for path, content in side.items() if not under or path.startswith(f"{under}/")]
            assert (sums.before, sums.after)[number] == (sum(map(len, mine)), len(mine))
        if not under:
            grown = sum(map(len, new.values())) - sum(map(len, old.values()))
            assert sums.total.bytes_added - sums.total.bytes_removed == grown

    check()


def test_more_changes_than_are_read_are_said(project: Project, monkeypatch: pytest.MonkeyPatch):
    _, address = folder(project, {f"{n}/x": b"x" for n in range(20)})
    changes, truncated = data.dir_changes(project.pk, None, address, limit=5)
    assert truncated and len(changes) == 5
    assert data.dir_changes(project.pk, None, address, limit=20)[1] is False
    monkeypatch.setattr(pages, "MOST_FOLDERS", 3)
    sums, _ = data.folder_changes(project.pk, None, address, FolderPart(), 1)
    assert len(sums.folders) == 3 and sums.folders_total == 20 and not sums.truncated
