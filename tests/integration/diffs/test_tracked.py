"""What DVC and the pipeline say of a change, through HTTP, with a folder of 10,000 files."""

import html
import json
import re
from collections.abc import Callable

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ropewalk.core.models import Job
from ropewalk.data import selectors as data
from ropewalk.data.oids import ObjectAddress
from ropewalk.projects.models import Project
from tests.integration.data.conftest import listing, md5, send
from tests.integration.monitors.repository import Repository
from workers.runners.index_revision import index_now


@pytest.fixture
def url(project: Project) -> str:
    return f"/{project.owner.slug}/{project.slug}"


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", page)))


def pointer(content: bytes, name: str, files: int = 0) -> str:
    oid = md5(content) + (".dir" if files else "")
    count = f"  nfiles: {files}\n" if files else ""
    return f"outs:\n- md5: {oid}\n  size: {len(content)}\n{count}  hash: md5\n  path: {name}\n"


def folder(project: Project, files: dict[str, bytes]) -> tuple[bytes, ObjectAddress]:
    for content in dict.fromkeys(files.values()):
        send(project, content)
    whole = listing(files)
    return whole, send(project, whole, is_dir=True)


def index(project: Project, *shas: str) -> None:
    for sha in shas:
        index_now(project.pk, sha)


def test_a_folder_of_ten_thousand_files(client: Client, url: str, project: Project, repository: Repository):
    old = {f"class{n % 10}/{n:05d}.txt": b"%d" % (n % 500) for n in range(10_000)}
    new = dict(old)
    for n in range(0, 10_000, 100):  # 100 go
        del new[f"class{n % 10}/{n:05d}.txt"]
    for n in range(1, 10_000, 50):  # 200 change
        new[f"class{n % 10}/{n:05d}.txt"] = b"changed"
    for n in range(37):  # 37 come
        new[f"extra/{n}.txt"] = b"new %d" % n
    new["moved/00007.txt"] = new.pop("class7/00007.txt")  # 1 moves
    before, old_address = folder(project, old)
    after, new_address = folder(project, new)
    first = repository.commit({"data/pictures.dvc": pointer(before, "pictures", len(old))})
    second = repository.commit({"data/pictures.dvc": pointer(after, "pictures", len(new))})
    index(project, first, second)

    changes = data.dir_changes(project.pk, old_address, new_address)
    assert changes.total.counts == {"added": 37, "removed": 100, "changed": 200, "renamed": 1}
    assert changes.before == (sum(map(len, old.values())), 10_000)
    assert changes.after == (sum(map(len, new.values())), len(new))
    assert changes.folders["extra"].counts["added"] == 37
    assert changes.folders["extra"].bytes_added == sum(len(b"new %d" % n) for n in range(37))
    assert changes.folders["class0"].counts == {"added": 0, "removed": 100, "changed": 0, "renamed": 0}
    assert changes.folders["class1"].bytes_added == 200 * len(b"changed")
    [moved] = [file for file in changes.files if file.status == "renamed"]
    assert (moved.old_path, moved.path) == ("class7/00007.txt", "moved/00007.txt")

    page = text_of(client.get(f"{url}/compare/{first}..{second}").content.decode())
    assert "1 changed" in page and "10,000 → 9,937 files" in page
    part = client.get(f"{url}/diff/{first}/{second}/data/pictures?fragment=1&status=renamed")
    assert "class7/00007.txt → moved/00007.txt" in text_of(part.content.decode())
    last = client.get(f"{url}/diff/{first}/{second}/data/pictures?status=added")
    assert "extra/9.txt" in text_of(last.content.decode()) and "37 of 37" in text_of(last.content.decode())


@pytest.mark.django_db
def test_folder_changes_applied_to_the_old_list_give_the_new(project: Project):
    files = st.dictionaries(
        st.sampled_from(["a", "b/a", "b/c", "d/a", "d/e/f"]),
        st.sampled_from([b"1", b"22", b"333"]),
        min_size=1,
    )

    @given(files, files)
    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    def check(old: dict[str, bytes], new: dict[str, bytes]) -> None:
        sides = folder(project, old)[1], folder(project, new)[1]
        changes = data.dir_changes(project.pk, *sides)
        state = {path: len(content) for path, content in old.items()}
        for file in changes.files:
            if file.status != "added":
                assert state.pop(file.old_path) == file.old_size
        for file in changes.files:
            if file.status != "removed":
                state[file.path] = file.new_size or 0
        assert state == {path: len(content) for path, content in new.items()}
        assert data.dir_changes(project.pk, sides[1], sides[1]).files == []

    check()


def test_a_truncated_list_of_changes_says_so(project: Project):
    _, address = folder(project, {f"{n}": b"x" for n in range(20)})
    changes = data.dir_changes(project.pk, None, address, limit=5)
    assert changes.truncated and len(changes.files) == 5
    assert data.dir_changes(project.pk, None, address, limit=20).truncated is False


PIPELINE = """stages:
  train:
    cmd: python train.py
    deps: [data/raw.csv]
    params: [rate]
    outs: [model.pkl]
    metrics: [{metrics.json: {cache: false}}]
"""


def lock(raw: str, model: str, rate: float, cmd: str) -> str:
    return (
        f"schema: '2.0'\nstages:\n  train:\n    cmd: {cmd}\n    deps:\n    - path: data/raw.csv\n      hash: md5\n"
        f"      md5: {raw}\n    params:\n      params.yaml:\n        rate: {rate}\n    outs:\n    - path: model.pkl\n"
        f"      hash: md5\n      md5: {model}\n      size: 3\n"
    )


def test_values_stages_and_files_of_two_commits(
    client: Client, url: str, project: Project, repository: Repository
):
    weights = b"weights"
    send(project, weights)
    first = repository.commit(
        {
            "dvc.yaml": PIPELINE,
            "dvc.lock": lock("a1" * 16, "a3" * 16, 0.1, "python train.py"),
            "params.yaml": "rate: 0.1\nseed: 7\n",
            "metrics.json": json.dumps({"accuracy": 0.8, "loss": 0.5}),
            "weights.bin.dvc": pointer(weights, "weights.bin"),
            "gone.bin.dvc": pointer(b"gone", "gone.bin"),
        }
    )
    repository._git("mv", "weights.bin.dvc", "renamed.bin.dvc")
    repository._git("rm", "-q", "gone.bin.dvc")
    second = repository.commit(
        {
            "dvc.lock": lock("a2" * 16, "a4" * 16, 0.25, "python train.py --fast"),
            "params.yaml": "rate: 0.25\nlayers: [8, 4]\n",
            "metrics.json": json.dumps({"accuracy": 0.9, "loss": 0.5, "<b>f1</b>": 0.7}),
            "renamed.bin.dvc": pointer(weights, "renamed.bin"),
            "fresh.bin.dvc": pointer(b"fresh", "fresh.bin"),
        }
    )
    index(project, first, second)
    page = client.get(f"{url}/compare/{first}..{second}").content.decode()
    text = text_of(page)
    assert (
        "accuracy 0.8 0.9" in text and "+0.1 +12.5 %" in text and "<b>f1</b>" in text and "<b>f1" not in page
    )
    assert " loss " not in text.split("Parameters")[0].split("Metrics")[1]
    assert "rate 0.1 0.25" in text and "[8, 4]" in text and "seed 7 —" in text
    assert "1 stage touched" in text and "python train.py → python train.py --fast" in text
    assert "data/raw.csv a1a1a1a1 → a2a2a2a2" in text and "model.pkl a3a3a3a3 → a4a4a4a4" in text
    assert "1 added, 1 removed, 1 changed, 1 renamed" in text
    assert "weights.bin → renamed.bin" in text


def test_what_is_not_indexed_is_asked_for_by_members(
    client: Client, url: str, project: Project, repository: Repository, work: Callable[[], list[Job]]
):
    first = repository.commit({"params.yaml": "rate: 1\n", "dvc.yaml": PIPELINE})
    second = repository.commit({"params.yaml": "rate: 2\n"})
    address = f"{url}/compare/{first}..{second}"
    assert "not indexed yet" in text_of(client.get(address).content.decode()) and not Job.objects.exists()
    client.force_login(project.owner.user)
    assert "It was asked for" in text_of(client.get(address).content.decode())
    assert [job.state for job in work()] == ["succeeded", "succeeded"]
    assert "rate 1 2" in text_of(client.get(address).content.decode())
