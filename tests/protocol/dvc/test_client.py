"""DVC's own client, unmodified, from a working copy through the remote and back."""

import secrets
import shutil
from pathlib import Path

import pytest

from tests.protocol.dvc.conftest import Remote
from tests.protocol.working_copies import WorkingCopy


def working_copy(folder: Path, remote: Remote, who: str, method: str) -> WorkingCopy:
    """One with DVC set up for the remote as one person."""
    username, token = remote.credentials(who)
    return WorkingCopy(
        folder, remote.url, {"method": method, "auth": "basic"}, {"user": username, "password": token}
    )


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_round_trip(remote: Remote, tmp_path: Path, method: str) -> None:
    copy = working_copy(tmp_path / "repo", remote, "dvc-writer", method)
    (copy.folder / "data" / "sub").mkdir(parents=True)
    for number in range(30):
        (copy.folder / "data" / f"sub/{number}.bin").write_bytes(secrets.token_bytes(1000))
    (copy.folder / "data" / "empty.txt").touch()
    (copy.folder / "data" / "uni çodé 漢.txt").write_text(secrets.token_hex(8), encoding="utf-8")
    (copy.folder / "big.bin").write_bytes(secrets.token_bytes(12 << 20))
    before = copy.digests()
    copy.dvc("add", "-q", "data", "big.bin")
    assert "new:" in copy.dvc("status", "-c")
    copy.dvc("push", "-q")
    assert "up to date" in copy.dvc("push")
    shutil.rmtree(tmp_path / "site")
    assert "up to date" in copy.dvc("push")
    assert "in sync" in copy.dvc("status", "-c")
    copy.forget()
    copy.dvc("pull", "-q")
    assert copy.digests() == before
    copy.forget()
    copy.dvc("pull", "-q", "data/sub/7.bin")
    assert list(copy.digests()) == ["data/sub/7.bin"]


def test_reader_pulls_but_hears_that_pushing_is_denied(remote: Remote, tmp_path: Path) -> None:
    copy = working_copy(tmp_path / "repo", remote, "dvc-reader", "PUT")
    (copy.folder / "data").mkdir()
    (copy.folder / "data" / "a.txt").write_text(secrets.token_hex(8))
    copy.dvc("add", "-q", "data")
    assert "403" in copy.dvc("push", fails=True)
