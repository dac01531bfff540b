"""What DVC and the pipeline say of a change, through HTTP."""

import html
import json
import re
from collections.abc import Callable

import pytest
from django.test import Client

from ropewalk.core.models import Job
from ropewalk.projects.models import Project
from tests.integration.data.conftest import md5, send
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


def index(project: Project, *shas: str) -> None:
    for sha in shas:
        index_now(project.pk, sha)


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
    assert f"{url}/pipeline/{second}?base={first}" in page
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
