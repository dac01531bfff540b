"""DVC's own client with an S3 remote: push, pull, status and the run cache, through the bucket ``dvc``."""

import time
from pathlib import Path

from tests.protocol.s3.conftest import Storage
from tests.protocol.working_copies import WorkingCopy

_STAGE = """
stages:
  make:
    cmd: cp in.txt out.txt
    deps: [in.txt]
    outs: [out.txt]
"""


def working_copy(folder: Path, storage: Storage, who: str, url: str = "") -> WorkingCopy:
    """One whose remote is the project's ``.s3``."""
    token = storage.token(who)
    options = {"endpointurl": url or storage.url, "region": "us-east-1"}
    return WorkingCopy(
        folder, "s3://dvc", options, {"access_key_id": token, "secret_access_key": token}, "dvc-s3"
    )


def test_data_and_the_run_cache_go_there_and_back(storage: Storage, tmp_path: Path) -> None:
    work = working_copy(tmp_path / "work", storage, "writer")
    (work.folder / "data/deep").mkdir(parents=True)
    for number in range(30):
        (work.folder / f"data/deep/{number}.bin").write_bytes(b"%d" % number * 999)
    (work.folder / "in.txt").write_text("in\n")
    (work.folder / "dvc.yaml").write_text(_STAGE)
    work.dvc("add", "-q", "data")
    work.dvc("repro", "-q")
    assert "new" in work.dvc("status", "-c")
    work.dvc("push", "--run-cache")
    assert "in sync" in work.dvc("status", "-c")
    work.forget()
    work.dvc("pull", "--run-cache")
    assert (work.folder / "data/deep/7.bin").read_bytes() == b"7" * 999
    assert (work.folder / "out.txt").read_text() == "in\n"
    keys = [item["Key"] for item in storage.client().list_objects_v2(Bucket="dvc")["Contents"]]
    assert any(key.startswith("runs/") for key in keys) and sum(key.endswith(".dir") for key in keys) == 1
    (work.folder / "dvc.lock").unlink()
    assert "Stage 'make' is cached" in work.dvc("repro", "--pull")


def test_wrong_credentials_are_said(storage: Storage, tmp_path: Path) -> None:
    work = working_copy(tmp_path / "work", storage, "stranger")
    (work.folder / "a.txt").write_text("a\n")
    work.dvc("add", "-q", "a.txt")
    assert "NoSuchBucket" in (said := work.dvc("push", fails=True)) or "does not exist" in said
    work.dvc("remote", "modify", "--local", "ropewalk", "secret_access_key", "wrong")
    assert "Forbidden" in work.dvc("push", fails=True)


_RESTORE = """
from ropewalk.data import selectors, services
from ropewalk.projects.models import Project
project = Project.objects.get(slug={slug!r}).pk
(removal,) = selectors.removals(project)
services.request_restoration(project_id=project, removal_id=removal.id, user_id=None)
print(removal.count, removal.removed_by)
"""


def test_garbage_collection_removes_what_is_not_needed_until_it_is_restored(
    storage: Storage, tmp_path: Path
) -> None:
    work = working_copy(tmp_path / "work", storage, "owner")
    data = work.folder / "data"
    data.mkdir()
    for number in range(5):
        (data / f"{number}.txt").write_text(f"{number}\n")
    work.dvc("add", "-q", "data")
    work.dvc("push", "-q")
    first = (work.folder / "data.dvc").read_text()
    for number in range(3):
        (data / f"{number}.txt").write_text(f"again {number}\n")
    work.dvc("add", "-q", "data")
    work.dvc("push", "-q")

    def keys() -> set[str]:
        return {item["Key"] for item in storage.client().list_objects_v2(Bucket="dvc")["Contents"]}

    second, before = (work.folder / "data.dvc").read_text(), keys()
    assert len(before) == 10
    work.dvc("remote", "modify", "--local", "ropewalk", "access_key_id", storage.token("writer"))
    work.dvc("remote", "modify", "--local", "ropewalk", "secret_access_key", storage.token("writer"))
    assert "does not let you remove its data" in work.dvc("gc", "-w", "-c", "-f", fails=True)
    assert keys() == before
    for name in ("access_key_id", "secret_access_key"):
        work.dvc("remote", "modify", "--local", "ropewalk", name, storage.token("owner"))
    work.dvc("gc", "-w", "-c", "-f")
    assert len(keys()) == 6 and keys() < before
    assert sum(key.endswith(".dir") for key in keys()) == 1
    work.forget()
    work.dvc("pull", "-q")
    assert (data / "1.txt").read_text() == "again 1\n"
    work.forget()
    (work.folder / "data.dvc").write_text(first)
    assert "missing" in work.dvc("pull", fails=True).lower()
    restored = storage.instance.manage("shell", "-v", "0", "-c", _RESTORE.format(slug=storage.slug))
    assert restored.split() == ["4", "s3-owner"]
    for _ in range(60):
        if keys() == before:
            break
        time.sleep(1)
    assert keys() == before
    for pointer, line in ((first, "1\n"), (second, "again 1\n")):
        work.forget()
        (work.folder / "data.dvc").write_text(pointer)
        work.dvc("pull", "-q")
        assert (data / "1.txt").read_text() == line
