"""Rows of a folder: their order does not matter, equals are found, galleries are read in parts."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ropewalk.monitors.galleries import DamagedGallery, Gallery, Shelf, packed
from workers.analysis.errors import AnalysisError
from workers.analysis.media import rows as stored
from workers.analysis.media.duplicates import grouped
from workers.analysis.media.folder import MediaFolder
from workers.analysis.media.kinds import class_of, leading_kind, media_kind, split_of
from workers.analysis.media.shelves import shelves_of
from workers.analysis.profile.storage import dumps as profile_bytes


def _row(number: int, **facts: object) -> dict:
    return {"content": f"sha256:{number}", "bytes": 100 + number, "format": "PNG", "width": 10 + number, "height": 10,
            "mode": "RGB", "orientation": 1, "brightness": number % 7 / 7, "contrast": 0.2, "sharpness": 3.0,
            "colourfulness": 9.0, "look": (number * 0x9E3779B97F4A7C15) % 2**64, **facts}  # fmt: skip


ROWS = {f"train/{'cat' if n % 3 else 'dog'}/{n:03d}.png": _row(n) for n in range(150)}
ROWS["test/dog/copy.png"] = _row(0)
ROWS["train/cat/bad.png"] = {
    "content": "sha256:bad",
    "bytes": 3,
    "error": "damaged_image",
    "why": "It is damaged.",
}


def test_what_a_name_and_a_place_say() -> None:
    assert [media_kind(name) for name in ("a.JPG", "b.flac", "c.md", "d.csv", "jpg", "e.svg")] == [
        "image",
        "audio",
        "text",
        "",
        "",
        "",
    ]
    assert [class_of(path) for path in ("a.png", "cat/a.png", "train/cat/a.png", "train/a.png")] == [
        None,
        "cat",
        "cat",
        None,
    ]
    assert [split_of(path) for path in ("test.png", "Train/x/a.png", "data/valid/a.png")] == [
        None,
        "train",
        "val",
    ]


@pytest.mark.parametrize(
    ("counts", "kind"),
    [
        ({"image": 9, "table": 1}, "image"),
        ({"image": 1, "table": 1}, "table"),
        ({"image": 5, "text": 5}, "image"),
        ({"image": 1, "text": 9}, "text"),
        ({"table": 1, "text": 9}, "table"),
        ({"audio": 2, "image": 1}, "audio"),
        ({"text": 1}, "text"),
        ({}, ""),
    ],
)
def test_what_a_folder_is_a_folder_of(counts: dict[str, int], kind: str) -> None:
    assert leading_kind(counts) == kind


def test_a_folder_as_a_table() -> None:
    folder = MediaFolder.of("image", ROWS)
    profile = folder.profile()
    assert profile.rows == profile.files == len(ROWS)
    columns = profile.columns
    assert columns["class"].categories is not None and dict(columns["class"].categories.top(5)) == {
        "cat": 101,
        "dog": 51,
    }
    assert columns["width"].missing == 1 and columns["year"].n == 0
    facts = folder.facts()
    assert facts["broken_first"] == [{"path": "train/cat/bad.png", "why": "It is damaged."}]
    assert facts["alike"] == {"files": 2, "groups": 1, "across": 2}
    assert facts["classes"] == [{"name": "cat", "files": 101}, {"name": "dog", "files": 51}]
    assert facts["extensions"] == [{"name": "png", "files": len(ROWS)}]


@settings(max_examples=30, deadline=None)
@given(st.permutations(sorted(ROWS)))
def test_the_order_of_the_rows_changes_no_byte(order: list[str]) -> None:
    first, second = (
        MediaFolder.of("image", ROWS),
        MediaFolder.of("image", {path: ROWS[path] for path in order}),
    )
    assert profile_bytes(first.profile()) == profile_bytes(second.profile())
    assert first.facts() == second.facts() and shelves_of(first) == shelves_of(second)


def test_rows_are_kept_as_they_were() -> None:
    kept = stored.dumps(ROWS.values())
    wanted = {"sha256:3", "sha256:bad"}
    assert sorted(stored.loads(kept, wanted), key=lambda row: row["bytes"]) == [
        ROWS["train/cat/bad.png"],
        ROWS["train/dog/003.png"],
    ]
    assert stored.dumps(reversed(list(ROWS.values()))) == kept
    for broken in (b"", kept[:-40], b"PAR1" + b"\0" * 100 + b"PAR1"):
        with pytest.raises(AnalysisError):
            stored.loads(broken, wanted)


LOOKS = st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=12)


@settings(max_examples=60, deadline=None)
@given(
    LOOKS,
    st.lists(st.tuples(st.integers(0, 11), st.sets(st.integers(0, 63), max_size=3)), max_size=12),
    st.randoms(),
)
def test_near_looks_are_found_in_any_order(
    looks: list[int], changes: list[tuple[int, set[int]]], source
) -> None:
    for place, bits in changes:
        looks.append(looks[place % len(looks)] ^ sum(1 << bit for bit in bits))
    names = [f"c{number}" for number in range(len(looks))]

    def together(order: list[int]) -> set[frozenset[str]]:
        groups = grouped([names[place] for place in order], [looks[place] for place in order], near=True)
        return {
            frozenset(names[order[at]] for at in np.flatnonzero(groups == group))
            for group in range(1, groups.max() + 1)
        }

    order = list(range(len(looks)))
    straight = together(order)
    source.shuffle(order)
    assert together(order) == straight

    def plain(look: int) -> bool:
        return not 8 <= look.bit_count() <= 56

    for one in range(len(looks)):
        for other in range(one):
            if (
                (looks[one] ^ looks[other]).bit_count() <= 3
                and not plain(looks[one])
                and not plain(looks[other])
            ):
                assert any({names[one], names[other]} <= group for group in straight)


def test_flat_images_are_not_alike_unless_they_are_the_same() -> None:
    assert grouped(["a", "b", "c", "c"], [0, 0, 1, 1], near=True).tolist() == [0, 0, 1, 1]
    assert grouped(["a", "b", "c"], [5, 5, None], near=False).tolist() == [1, 1, 0]


def _gallery(folder: MediaFolder) -> tuple[Gallery, bytes, list[int]]:
    found = shelves_of(folder)
    shelves = {
        name: Shelf(one.count, one.order, one.by_class, one.starts) for name, one in found.shelves.items()
    }
    data, read = packed({"kind": folder.kind}, found.classes, shelves, found.records), []

    def read_part(start: int, end: int | None) -> bytes:
        part = io.BytesIO(data).getvalue()[start:end]
        read.append(len(part))
        return part

    return Gallery(read_part), data, read


def test_a_gallery_is_read_page_by_page() -> None:
    gallery, _, _ = _gallery(MediaFolder.of("image", ROWS))
    total, first = gallery.page("path", 0, 60)
    assert total == len(ROWS) and [one["path"] for one in first] == sorted(ROWS)[:60]
    assert [one["path"] for one in gallery.page("path", 120, 60)[1]] == sorted(ROWS)[120:]
    assert gallery.page("path", 999, 60) == (len(ROWS), [])
    total, largest = gallery.page("megapixels", 0, 3, backwards=True)
    assert total == len(ROWS) - 1, "what was not measured is not sorted by what it measures"
    assert [one["width"] for one in largest] == [159, 158, 157]
    assert gallery.classes == [("cat", 101), ("dog", 51)]
    total, dogs = gallery.page("bytes", 0, 100, of_class=1)
    assert total == 51 and [one["bytes"] for one in dogs] == sorted(one["bytes"] for one in dogs)
    assert {one["class"] for one in dogs} == {"dog"}
    assert [one["path"] for one in gallery.page("alike", 0, 9)[1]] == [
        "test/dog/copy.png",
        "train/dog/000.png",
    ]
    assert gallery.page("broken", 0, 9, of_class=0)[1] == [
        {"path": "train/cat/bad.png", "bytes": 3, "class": "cat", "split": "train", "why": "It is damaged."}
    ]


def test_a_page_of_a_large_gallery_reads_little_of_it() -> None:
    many = {f"{number:06d}.png": _row(number) for number in range(20_000)}
    gallery, data, read = _gallery(
        MediaFolder("image", sorted(many), [many[path] for path in sorted(many)], np.zeros(20_000, np.int64))
    )
    read.clear()
    assert len(gallery.page("path", 10_000, 48)[1]) == 48
    assert sum(read) < len(data) / 50


def test_what_is_no_gallery_is_refused() -> None:
    _, data, _ = _gallery(MediaFolder.of("image", ROWS))
    for broken in (b"", b"RWG1", b"RWG1\xff\xff\xff\xff" + b"x" * 50, data[:30], b"\0" + data[1:]):
        with pytest.raises(DamagedGallery):
            Gallery(lambda start, end, broken=broken: broken[start:end])
