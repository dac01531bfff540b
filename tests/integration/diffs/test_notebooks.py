"""Changed notebooks through HTTP and a worker: cells, marked words, outputs as safe HTML, and the toggles."""

import html
import re
from collections.abc import Callable

import pytest
from django.test import Client

from ropewalk.core.models import Job
from ropewalk.projects.models import Project
from tests.integration.data.conftest import md5, send
from tests.integration.monitors.repository import Repository
from tests.unit.analysis.test_notebook_diff import LOAD, PLOT, TRAIN, code, image, notebook, stream
from workers.runners.index_revision import index_now

Work = Callable[[], list[Job]]
EVIL = {
    "output_type": "display_data",
    "data": {"text/html": "<img src=x onerror=alert(1)><script>alert(2)</script><b>fine</b>"},
    "metadata": {},
}


@pytest.fixture
def url(project: Project) -> str:
    return f"/{project.owner.slug}/{project.slug}"


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", "", page)))


def part_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.content[:500]
    return answer.content.decode()


def test_a_notebook_by_cell(client: Client, url: str, repository: Repository, work: Work):
    old = notebook(code(LOAD, count=1), code(TRAIN, (stream("0.81\n"),), 2), code(PLOT, (image("AAAA"),), 3))
    new = notebook(
        code(LOAD, count=4),
        code(TRAIN.replace("depth=4", "depth=8") + "\n# <script>x</script>", (stream("0.92\n"),), 5),
        code(PLOT, (image("BBBB"), EVIL), 6),
    )
    first = repository.commit({"books/orders.ipynb": old})
    second = repository.commit({"books/orders.ipynb": new})
    here = f"{url}/diff/{first}/{second}/books/orders.ipynb?fragment=1"
    assert "Waiting for a worker" in part_of(client, here)
    assert [job.state for job in work() if job.kind == "compare-files"] == ["succeeded"]
    page = part_of(client, here)
    text = text_of(page)
    assert "3 → 3 cells: 1 changed; 2 with other outputs." in text and "1 unchanged cell" in text
    assert '<span class="mi x">8</span>' in page and '<span class="mi x">4</span>' in page
    assert "−0.81" in text and "+0.92" in text and "[1] → [4]" not in text
    assert "No output" not in text  # its lines say it all
    assert "data:image/png;base64,AAAA" in page and "data:image/png;base64,BBBB" in page
    assert "<b>fine</b>" in page and "onerror" not in page and "<script" not in page
    quiet = part_of(client, f"{here}&outputs=0")
    assert "base64" not in quiet and "0.92" not in quiet and "only outputs" in quiet
    loud = text_of(part_of(client, f"{here}&details=1"))
    assert "[1] → [4]" in loud and '− "execution_count": 1,' in loud and '+ "execution_count": 4,' in loud
    assert "is-split" in part_of(client, f"{here}&view=split")
    raw = text_of(part_of(client, f"{here}&as=text"))
    assert '"execution_count": 4' in raw and "As notebook" in raw
    added = text_of(part_of(client, f"{url}/diff/{'0' * 40}/{first}/books/orders.ipynb?fragment=1"))
    assert "Waiting for a worker" in added
    work()
    assert "3 cells: 3 added" in text_of(
        part_of(client, f"{url}/diff/{'0' * 40}/{first}/books/orders.ipynb?fragment=1")
    )


def test_a_notebook_in_a_folder_that_dvc_tracks(
    client: Client, url: str, project: Project, repository: Repository, work: Work
):
    shas = []
    for text in ("old text here", "new text here"):
        content = notebook(code(text))
        send(project, content)
        listing = f'[{{"md5": "{md5(content)}", "relpath": "deep/a b.ipynb"}}]'.encode()
        send(project, listing, is_dir=True)
        pointer = f"outs:\n- md5: {md5(listing)}.dir\n  size: 9\n  nfiles: 1\n  hash: md5\n  path: runs\n"
        shas.append(repository.commit({"runs.dvc": pointer}))
        index_now(project.pk, shas[-1])
    folder = part_of(client, f"{url}/diff/{shas[0]}/{shas[1]}/runs?fragment=1")
    [inside] = re.findall(r'href="([^"]*/runs/deep/a%20b\.ipynb[^"]*)"', folder)
    part_of(client, f"{html.unescape(inside)}")
    work()
    page = client.get(html.unescape(inside)).content.decode()
    assert '<span class="x">old</span>' in page or 'n x">old' in page
    assert "1 changed" in text_of(page)


def test_what_is_no_notebook_says_so_and_has_its_text(
    client: Client, url: str, repository: Repository, work: Work
):
    first = repository.commit({"a.ipynb": notebook(code("a"))})
    second = repository.commit({"a.ipynb": "<<<<<<< HEAD\n{}\n"})
    here = f"{url}/diff/{first}/{second}/a.ipynb?fragment=1"
    part_of(client, here)
    work()
    page = part_of(client, here)
    assert "“a.ipynb” is not valid JSON" in text_of(page) and "as=text" in page
