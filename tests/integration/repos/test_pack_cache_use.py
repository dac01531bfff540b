"""Which fetches start the pack cache's program: those whose pack somebody else could ask for, too."""

import os
import tempfile
from pathlib import Path
from typing import IO, Any

import pytest

from ropewalk.repos import git, transport
from ropewalk.repos.pktline import packet
from tests.integration.repos.conftest import Fill, commit, write


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> list[tuple[str, ...]]:
    """The configuration of each git that ran, beside the fixed one."""
    settings.PACK_CACHE_ROOT = tmp_path / "packs"
    found: list[tuple[str, ...]] = []

    class Watched(git.Process):
        def __init__(self, *args: Any, config: Any = (), **options: Any) -> None:
            found.append(tuple(config))
            super().__init__(*args, config=config, **options)

    monkeypatch.setattr(git, "Process", Watched)
    return found


def asked(*lines: bytes) -> IO[bytes]:
    """A fetch's request in protocol version 0, as a file."""
    file = tempfile.TemporaryFile()  # noqa: SIM115  # given to the caller
    file.write(lines[0])
    file.writelines((b"0000", *lines[1:]))
    file.seek(0)
    return file


@pytest.mark.parametrize("has", [False, True])
def test_only_who_has_nothing_may_share_a_pack(
    fill: Fill, configured: list[tuple[str, ...]], has: bool
) -> None:
    number = fill(
        commit("refs/heads/main", 1, "one", write("a.bin", os.urandom(2 << 20)))
        + commit("refs/heads/main", 2, "two", write("b.bin", os.urandom(1 << 20)), parent="")
    )
    directory = git.repository_path(number)
    git.run(directory, "repack", "-adq")  # fast-import leaves few objects loose
    old, new = (git.run(directory, "rev-parse", name).data.strip() for name in ("main~1", "main"))
    configured.clear()
    haves = [packet(b"have " + old + b"\n")] if has else []
    request = asked(packet(b"want " + new + b" ofs-delta\n"), *haves, packet(b"done\n"))
    with request, transport.upload_pack(number, request, "") as process:
        got = b"".join(iter(lambda: process.read(idle=60), b""))
        assert process.finish(timeout=10) == 0, process.detail
    size = 1 << 20 if has else 3 << 20
    assert size < len(got) < size + (1 << 19)
    assert [any("packObjectsHook" in line for line in config) for config in configured] == [not has]
