"""A DVC remote under its project's former name: old commits name it in ``.dvc/config``, so it is answered in place."""

import secrets
from pathlib import Path

from tests.fixtures.instance import Instance
from tests.protocol.dvc.conftest import make_remote
from tests.protocol.dvc.test_client import working_copy

_RENAME = """
from ropewalk.projects import services
from ropewalk.projects.standing import find
owner, slug = {owner!r}, {slug!r}
services.rename_project(project_id=find(owner, slug, None)[0].id, name=slug + "-renamed")
"""


def test_push_and_pull_by_the_old_address(instance: Instance, tmp_path: Path) -> None:
    remote = make_remote(instance)
    _, owner, slug = remote.path.removesuffix(".dvc").split("/")
    copy = working_copy(tmp_path / "repo", remote, "dvc-writer", "PUT")
    (copy.folder / "data").mkdir()
    for number in range(5):
        (copy.folder / "data" / f"{number}.bin").write_bytes(secrets.token_bytes(1000))
    copy.dvc("add", "-q", "data")
    copy.dvc("push", "-q")
    remote.instance.manage("shell", "-c", _RENAME.format(owner=owner, slug=slug))
    before = copy.digests()
    copy.forget()
    copy.dvc("pull", "-q")
    assert copy.digests() == before
    (copy.folder / "data" / "more.bin").write_bytes(secrets.token_bytes(5000))
    copy.dvc("add", "-q", "data")
    copy.dvc("push", "-q")
    copy.dvc("remote", "modify", "ropewalk", "url", f"{remote.instance.url}/{owner}/{slug}-renamed.dvc")
    assert "in sync" in copy.dvc("status", "-c")
    status, _, _ = remote.ask("GET", "files/md5/00/" + "0" * 30, who="dvc-stranger")
    assert status == 404
