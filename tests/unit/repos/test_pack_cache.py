"""The pack cache's own rules, without a server."""

import os
from pathlib import Path

import pytest

from ropewalk.repos.packs import hook

A, B = b"a" * 40, b"b" * 40


@pytest.mark.parametrize(
    ("request_", "clone"),
    [
        (A + b"\n--not\n\n", True),
        (A + b"\n" + B + b"\n--not\n\n", True),
        (A + b"\n--not\n" + B + b"\n\n", False),
        (b"--shallow " + A + b"\n" + A + b"\n--not\n\n", True),
        (b"", True),
    ],
)
def test_a_clone_is_who_has_nothing(request_: bytes, clone: bool) -> None:
    assert hook.is_clone(request_) is clone


def test_keys_differ_by_what_makes_packs_differ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    base = hook.key_of("1", ["git", "pack-objects", "--progress"], A)
    assert base == hook.key_of("1", ["git", "pack-objects", "-q"], A)
    others = [
        hook.key_of("2", ["git", "pack-objects"], A),
        hook.key_of("1", ["git", "pack-objects", "--thin"], A),
        hook.key_of("1", ["git", "pack-objects"], B),
        hook.key_of("1", ["git", "pack-objects", "--include-tag"], A),
    ]
    (tmp_path / "packed-refs").write_text("tags")
    others.append(hook.key_of("1", ["git", "pack-objects", "--include-tag"], A))
    assert len({base, *others}) == 6


def test_the_folder_stays_within_its_limit_and_the_newest_stays(tmp_path: Path) -> None:
    for number in range(10):
        for end in ("pack", "text", "lock"):
            path = tmp_path / f"1-{number}.{end}"
            path.write_bytes(os.urandom(100_000 if end == "pack" else 10))
            os.utime(path, (1000 + number, 1000 + number))
    hook.make_room(tmp_path, 350_000)
    left = sorted(path.stem for path in tmp_path.glob("*.pack"))
    assert left == ["1-7", "1-8", "1-9"]
    assert {path.stem for path in tmp_path.iterdir()} == set(left)


def test_what_is_being_written_is_not_removed(tmp_path: Path) -> None:
    entry = hook.Entry(tmp_path, "1-a")
    entry.part.write_bytes(b"x")
    held = entry.try_lock()
    assert not entry.written()
    entry.remove()
    assert entry.part.exists()
    os.close(held)
    assert entry.written()
    entry.remove()
    assert list(tmp_path.iterdir()) == []
