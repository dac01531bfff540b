"""The pipeline's page through HTTP: graph, table, one stage, what changed, and who may have it read."""

import html
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from ropewalk.core.models import Job
from ropewalk.projects.models import Project
from tests.factories import builders
from tests.integration.data.conftest import md5, send
from tests.integration.monitors.repository import Repository
from workers.runners.index_revision import index_now

RAW = b"x,y\n1,2\n"
MODEL = b"model"
PIPELINE = """stages:
  prepare:
    cmd: python prepare.py
    deps: [prepare.py, raw.csv]
    outs: [clean.csv]
  train:
    cmd: python train.py
    desc: Makes <b>the</b> model
    deps: [clean.csv]
    params: [rate]
    outs: [model.pkl]
    metrics: [metrics.json: {cache: false}]
"""


def lock(prepare: bytes = b"prepare", rate: float = 0.1, metrics: str = "") -> str:
    return f"""schema: '2.0'
stages:
  prepare:
    cmd: python prepare.py
    deps:
    - {{path: prepare.py, hash: md5, md5: {md5(prepare)}, size: 7}}
    - {{path: raw.csv, hash: md5, md5: {md5(RAW)}, size: 8}}
    outs:
    - {{path: clean.csv, hash: md5, md5: {"c" * 32}, size: 9}}
  train:
    cmd: python train.py
    deps:
    - {{path: clean.csv, hash: md5, md5: {"c" * 32}, size: 9}}
    params:
      params.yaml: {{rate: {rate}}}
    outs:
    - {{path: model.pkl, hash: md5, md5: {md5(MODEL)}, size: 5}}
    - {{path: metrics.json, hash: md5, md5: {md5(metrics.encode())}, size: 5}}
"""


def files(**changed: str) -> dict[str, Any]:
    metrics = json.dumps({"accuracy": 0.8})
    plain = {
        "dvc.yaml": PIPELINE,
        "dvc.lock": lock(metrics=metrics),
        "params.yaml": "rate: 0.1\n",
        "prepare.py": "prepare",
        "metrics.json": metrics,
        "raw.csv.dvc": f"outs:\n- {{path: raw.csv, hash: md5, md5: {md5(RAW)}, size: 8}}\n",
    }
    return {**plain, **{name.replace("__", "."): text for name, text in changed.items()}}


@pytest.fixture
def url(project: Project) -> str:
    return f"/{project.owner.slug}/{project.slug}/pipeline"


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", page)))


def shown(client: Client, address: str, work: Callable[[], list[Job]]) -> str:
    """A page after the jobs that it asked for."""
    for _ in range(3):
        answer = client.get(address)
        assert answer.status_code == 200
        if not work():
            return answer.content.decode()
    raise AssertionError("it keeps asking for jobs")


def test_stages_their_state_and_data(
    client: Client, url: str, project: Project, repository: Repository, work: Callable[[], list[Job]]
):
    send(project, MODEL)
    repository.commit(files())
    assert "Waiting for a worker" in client.get(url).content.decode()
    page = shown(client, url, work)
    text = text_of(page)
    assert "up to date 2" in text and page.count('class="pipeline-box is-stage at-current"') == 2
    assert 'class="pipeline-box is-source"' in page and "data/main/raw.csv" in page
    assert page.count('class="pipeline-arrow"') == 2
    assert "Makes <b>the</b> model" in text and "<b>the" not in page
    stage = text_of(client.get(url, {"stage": "train"}).content.decode())
    assert "dvc repro train" in stage and "dvc.yaml, line 6" in stage
    assert "model.pkl data present" in stage and "metrics.json metric in git" in stage
    assert "rate params.yaml 0.1 0.1" in stage and "accuracy metrics.json 0.8" in stage
    assert "clean.csv data missing" in text_of(client.get(url, {"stage": "prepare"}).content.decode())


def test_a_stage_alone_for_the_pages_script(
    client: Client, url: str, repository: Repository, work: Callable[[], list[Job]]
):
    repository.commit(files())
    shown(client, url, work)
    answer = client.get(url, {"stage": "train", "fragment": "1"})
    assert (
        answer.headers["X-Fragment"] == "1"
        and b"<html" not in answer.content
        and b"dvc repro" in answer.content
    )
    nothing = client.get(url, {"stage": "<i>no</i>", "fragment": "1"}).content.decode()
    assert "There is no stage" in nothing and "<i>" not in nothing


def test_why_stages_are_out_of_date(
    client: Client, url: str, repository: Repository, work: Callable[[], list[Job]]
):
    repository.commit(files(prepare__py="new", params__yaml="rate: 0.5\n"))
    text = text_of(shown(client, url, work))
    assert "out of date 2" in text
    assert "Its dependency prepare.py is another than the one it was run with." in text
    assert "rate (params.yaml) is 0.5, and was 0.1 when it was run" in text


def test_what_changed_since_another_revision(
    client: Client, url: str, project: Project, repository: Repository, work: Callable[[], list[Job]]
):
    client.force_login(builders.make_collaborator(project, "reader"))
    first = repository.commit(files())
    metrics = json.dumps({"accuracy": 0.9})
    more = PIPELINE.replace("python prepare.py", "python prepare.py --all") + "  report:\n    cmd: make\n"
    repository.commit(files(dvc__yaml=more, metrics__json=metrics))
    page = shown(client, f"{url}?base={first}", work)
    text = text_of(page)
    assert "3 stages differ, 1 below them would be run again" in text
    assert "python prepare.py → python prepare.py --all" in text and "accuracy 0.8 → 0.9 (+0.1)" in text
    assert "mark-added" in page and "mark-changed" in page and "＋ added" in page
    back = text_of(shown(client, f"{url}/{first}?base=main", work))
    assert "− removed" in back and "report" in back
    repository.commit(files(dvc__yaml=PIPELINE.replace("python prepare.py", "python other.py")))
    below = text_of(shown(client, f"{url}?base={first}", work))
    assert "1 stage differs, 1 below them would be run again" in below and "→ would be run again" in below
    assert (
        "There is no branch, tag or commit “nowhere”" in client.get(url, {"base": "nowhere"}).content.decode()
    )


def test_large_and_hostile_pipelines(
    client: Client, url: str, repository: Repository, work: Callable[[], list[Job]]
):
    chain = "".join(
        f"  s{n}:\n    cmd: run {n}\n    deps: [o{n - 1}]\n    outs: [o{n}]\n" for n in range(1, 300)
    )
    many = "  m:\n    matrix: {a: [1, 2, 3], b: [1, 2, 3]}\n    cmd: run ${item.a}\n"
    odd = '  "<script>alert(1)</script>": {cmd: "<img src=x>", deps: [../../../etc/passwd]}\n'
    repository.commit({"dvc.yaml": f"stages:\n{chain}{many}{odd}"})
    page = shown(client, url, work)
    assert page.count('class="pipeline-box is-stage') == 300 and "9 stages" in page
    assert "<script>alert" not in page and "<img src=x" not in page and "lies outside the repository" in page
    opened = client.get(url, {"open": "m"}).content.decode()
    assert opened.count('class="pipeline-box is-stage') == 309
    repository.commit(
        {"dvc.yaml": "stages:\n  a: {cmd: x, deps: [p], outs: [q]}\n  b: {cmd: x, deps: [q], outs: [p]}\n"}
    )
    assert "in a circle" in shown(client, url, work)
    repository.commit({"dvc.yaml": "stages: {a: ["})
    assert "This is not valid YAML" in shown(client, url, work)


def test_the_database_is_asked_the_same_for_many_stages(
    client: Client,
    url: str,
    repository: Repository,
    work: Callable[[], list[Job]],
    django_assert_max_num_queries: Any,
):
    stages = "".join(f"  s{n}: {{cmd: run, outs: [o{n}]}}\n" for n in range(300))
    locked = "".join(
        f"  s{n}:\n    cmd: run\n    outs:\n    - {{path: o{n}, hash: md5, md5: {n:032x}}}\n"
        for n in range(300)
    )
    repository.commit({"dvc.yaml": f"stages:\n{stages}", "dvc.lock": f"schema: '2.0'\nstages:\n{locked}"})
    shown(client, url, work)
    with django_assert_max_num_queries(12):
        client.get(url, {"stage": "s7"})


def test_stages_by_state_and_text(
    client: Client, url: str, repository: Repository, work: Callable[[], list[Job]]
):
    repository.commit(files(params__yaml="rate: 0.5\n"))
    shown(client, url, work)

    def listed(**query: str) -> list[str]:
        table = client.get(url, query).content.decode().partition('id="stages"')[2]
        return re.findall(r"<a class=\"mono\" href=\"[^\"]*\">(\w+)</a>", table)

    assert listed() == ["prepare", "train"] and listed(state="changed") == ["train"]
    assert listed(q="PREPARE.py") == ["prepare"] and listed(q="nothing") == listed(state="<b>") == []


def test_the_list_of_data_and_the_file_lead_to_the_stage(
    client: Client, url: str, project: Project, repository: Repository
):
    sha = repository.commit(files())
    index_now(project.pk, sha)
    home = url.removesuffix("/pipeline")
    assert f"{url}/main?stage=train#stage" in client.get(f"{home}/data").content.decode()
    assert f"{url}/main" in client.get(f"{home}/src/main/dvc.yaml").content.decode()


def test_empty_states(client: Client, url: str, repository: Repository, work: Callable[[], list[Job]]):
    assert "dvc stage add" in client.get(url).content.decode()
    repository.commit({"a.txt": "a"})
    assert "dvc stage add" in shown(client, url, work)
    assert client.get(f"{url}/main/a.txt").status_code == 404
    assert client.get(f"{url}/nowhere").status_code == 404


def test_old_commits_are_read_for_those_who_may_start_work(
    client: Client, url: str, project: Project, repository: Repository, work: Callable[[], list[Job]]
):
    first = repository.commit(files())
    repository.commit(files(prepare__py="new"))
    assert "Nobody looked at the pipeline of this commit yet" in client.get(f"{url}/{first}").content.decode()
    assert work() == []
    client.force_login(builders.make_collaborator(project, "reader"))
    assert "up to date" in shown(client, f"{url}/{first}", work)
    client.logout()
    assert "up to date" in client.get(f"{url}/{first}").content.decode()
