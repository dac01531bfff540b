"""The plots' page through HTTP: kinds, revisions laid over each other, data from DVC's store, what can't be drawn."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from ropewalk.core.models import Job
from ropewalk.projects.models import Project
from tests.integration.data.conftest import listing, md5, send
from tests.integration.monitors.repository import Repository
from tests.integration.pipeline.test_page import shown, text_of

CURVE = b"step,score\n0,1\n1,5\n"
PIPELINE = """stages:
  train:
    cmd: x
    plots:
    - loss.csv: {x: step, y: loss, title: "<b>Loss</b>", cache: false}
    - classes.csv: {x: actual, y: predicted, template: confusion_normalized, cache: false}
    - weights.json: {x: value, y: name, template: bar_horizontal_sorted, cache: false}
    - curve.csv: {x: step, y: score}
    - mine.csv: {template: ../../../etc/passwd, cache: false}
    - gone.csv
plots:
- images
- both:
    x: step
    y: {loss.csv: loss, curve.csv: score}
"""
LOCK = f"""schema: '2.0'
stages:
  train:
    cmd: x
    outs:
    - {{path: curve.csv, hash: md5, md5: {md5(CURVE)}, size: {len(CURVE)}}}
"""


def files(loss: int) -> dict[str, str | bytes]:
    return {
        "dvc.yaml": PIPELINE,
        "dvc.lock": LOCK,
        "loss.csv": f"step,loss\n0,{loss}\n1,{loss - 1}\n",
        "classes.csv": "actual,predicted\ncat,cat\ndog,cat\ndog,dog\n",
        "weights.json": '[{"name": "rain", "value": 2}, {"name": "<i>sun</i>", "value": 4}]',
        "mine.csv": "a\n1\n",
        "images/one.svg": "<svg xmlns='http://www.w3.org/2000/svg'/>",
        "dvclive/plots/metrics/train/acc.tsv": "step\tacc\n0\t0.5\n",
    }


@pytest.fixture
def url(project: Project) -> str:
    return f"/{project.owner.slug}/{project.slug}/plots"


def test_each_kind_is_drawn(client: Client, url: str, repository: Repository, work: Callable[[], list[Job]]):
    repository.commit(files(9))
    page = shown(client, url, work)
    text = text_of(page)
    assert '"points":[[0.0,9.0],[1.0,8.0]]' in page and "<b>Loss</b>" in text and "<b>Loss" not in page
    assert (
        "cat 50.0 % 50.0 %" in text.replace(" cat dog ", " ")
        and "<i>sun</i> 4" in text
        and "<i>sun" not in page
    )
    assert "mine.csv" in text and "Templates are not run here" in text
    assert "gone.csv: " in text and "images/one.svg" in page and 'loading="lazy"' in page
    assert "dvclive/plots/metrics/train/acc.tsv" in text
    assert "curve.csv: Its bytes were not pushed here" in text


def test_data_that_arrives_later_is_drawn_then(
    client: Client, url: str, project: Project, repository: Repository, work: Callable[[], list[Job]]
):
    repository.commit(files(9))
    assert "not pushed here" in shown(client, url, work)
    send(project, CURVE)
    page = shown(client, url, work)
    assert "not pushed here" not in page and '"points":[[0.0,1.0],[1.0,5.0]]' in page
    assert "curve.csv score" in text_of(page) and "loss.csv loss" in text_of(page)


def test_revisions_are_laid_over_each_other(
    client: Client, url: str, repository: Repository, work: Callable[[], list[Job]]
):
    repository.commit(files(9))
    repository._git("tag", "v1")
    repository._git("push", "-q", "origin", "v1")
    repository.commit(files(5))
    text = text_of(shown(client, f"{url}/main?rev=v1&rev=nowhere", work))
    assert "v1 loss 2 9 8 8 9" in text and "main loss 2 5 4 4 5" in text
    assert "There is no branch, tag or commit “nowhere”" in text


def test_a_folder_in_the_store(
    client: Client, url: str, project: Project, repository: Repository, work: Callable[[], list[Job]]
):
    inside = {"a.csv": b"step,a\n0,7\n", "b.png": b"\x89PNG", "notes.txt": b"x"}
    folder = listing(inside)
    for content in inside.values():
        send(project, content)
    send(project, folder, is_dir=True)
    out = f"- {{path: out, hash: md5, md5: {md5(folder)}.dir, size: 9, nfiles: 3}}"
    repository.commit(
        {
            "dvc.yaml": "stages:\n  a:\n    cmd: x\n    plots: [out]\n",
            "dvc.lock": f"schema: '2.0'\nstages:\n  a:\n    cmd: x\n    outs:\n    {out}\n",
        }
    )
    page = shown(client, url, work)
    assert '"points":[[0.0,7.0]]' in page and "/out/b.png" in page and "notes.txt" not in page


def test_the_database_is_asked_the_same_for_many_plots(
    client: Client,
    url: str,
    repository: Repository,
    work: Callable[[], list[Job]],
    django_assert_max_num_queries: Any,
):
    names = [f"p{number}.csv" for number in range(60)]
    plots = "".join(f"    - {name}: {{cache: false}}\n" for name in names)
    repository.commit(
        {"dvc.yaml": f"stages:\n  a:\n    cmd: x\n    plots:\n{plots}", **dict.fromkeys(names, "a\n1\n")}
    )
    assert "1–24 of 60" in text_of(shown(client, url, work))
    with django_assert_max_num_queries(12):
        client.get(url)


def test_no_plots(client: Client, url: str, repository: Repository, work: Callable[[], list[Job]]):
    assert "dvc stage add" in client.get(url).content.decode()
    repository.commit({"a.txt": "a"})
    assert "No plots at" in text_of(shown(client, url, work))
    assert client.get(f"{url}/main/a.txt").status_code == 404
