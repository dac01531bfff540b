"""What a dataset's page says of its columns: asked for at the first view, computed once for the same content."""

import re
import shlex
from collections.abc import Callable
from html import unescape

import pytest
from django.conf import settings
from django.test import Client

from ropewalk.core.models import Job
from ropewalk.edges.web.data.columns import PER_PAGE, card_of
from ropewalk.monitors.models import DataProfile
from ropewalk.projects.models import Project
from tests.factories.builders import make_token
from tests.integration.monitors.repository import Repository

Work = Callable[[], list[Job]]
ROWS = "".join(f"{n},{'red' if n % 4 else 'blue'},{'' if n % 10 == 0 else n / 2}\n" for n in range(1000))
TABLE = f"id,colour,weight\n{ROWS}"


@pytest.fixture
def mine(project: Project, client: Client) -> Client:
    client.force_login(project.owner.user)
    return client


def home(project: Project) -> str:
    return f"/{project.owner.slug}/{project.slug}"


def part(client: Client, project: Project, tail: str) -> str:
    answer = client.get(f"{home(project)}/columns/{tail}", HTTP_HOST="localhost")
    assert answer.status_code == 200, answer.content
    return unescape(re.sub(r"\s+", " ", answer.content.decode()))


def test_the_columns_of_a_file(mine: Client, project: Project, repository: Repository, work: Work) -> None:
    repository.commit({"paint.csv": TABLE})
    page = mine.get(f"{home(project)}/data/main/paint.csv").content.decode()
    assert f'<rw-fragment src="{home(project)}/columns/main/paint.csv" loading="lazy">' in page
    assert "rw-job" in part(mine, project, "main/paint.csv?fragment=1")
    (job,) = work()
    assert job.state == "succeeded" and job.result == {"files": 1, "rows": 1000}
    shown = part(mine, project, "main/paint.csv?fragment=1")
    assert "<strong>1,000</strong> rows, <strong>3</strong> columns" in shown
    colour, weight = (shown.split(f'title="{name}"')[1].split("</dl>")[0] for name in ("colour", "weight"))
    assert ">category<" in colour and ">75.0 %<" in colour and ">25.0 %<" in colour
    assert "<dt>distinct</dt><dd>2</dd>" in colour
    assert '10.0 % <span class="muted">(100)</span>' in weight
    assert "<dt>lowest</dt><dd>0.5</dd>" in weight and "<dt>highest</dt><dd>499.5</dd>" in weight
    assert weight.count("<title>") == 40
    whole = part(mine, project, "main/paint.csv")
    assert "<h1" in whole and "Columns of" in whole and 'title="colour"' in whole


def test_the_same_content_is_measured_once(
    mine: Client, project: Project, repository: Repository, work: Work
) -> None:
    repository.commit({"a.csv": TABLE}, tag="v1")
    repository.commit({"b.csv": TABLE, "a.csv": TABLE + "1000,red,1\n"}, tag="v2")
    part(mine, project, "v1/a.csv")
    work()
    assert "<strong>1,000</strong> rows" in part(mine, project, "v2/b.csv") and not work()
    part(mine, project, "v2/a.csv")
    assert [job.state for job in work()] == ["succeeded"]
    assert "<strong>1,001</strong> rows" in part(mine, project, "v2/a.csv")
    assert DataProfile.objects.for_project(project.pk).count() == 2


def test_columns_are_filtered_sorted_and_paged(
    mine: Client, project: Project, repository: Repository, work: Work
) -> None:
    names = [f"sensor_{n:03d}" for n in range(100)]
    lines = [",".join("" if n > 10 and n == line else "1" for n in range(100)) for line in range(50)]
    repository.commit({"wide.csv": "\n".join([",".join(names), *lines]) + "\n"})
    part(mine, project, "main/wide.csv")
    work()
    first = part(mine, project, "main/wide.csv?fragment=1")
    assert first.count('<li class="column-card">') == PER_PAGE and "1 to 24 of 100" in first
    last = part(mine, project, "main/wide.csv?fragment=1&page=5")
    assert "97 to 100 of 100" in last and 'title="sensor_099"' in last
    found = part(mine, project, "main/wide.csv?fragment=1&q=Sensor_04")
    assert re.findall(r'title="(sensor_\d+)"', found) == [f"sensor_04{n}" for n in range(10)]
    missing = part(mine, project, "main/wide.csv?fragment=1&sort=missing")
    assert re.findall(r'title="(sensor_\d+)"', missing)[0] == "sensor_011"
    assert "No column has that in its name" in part(mine, project, "main/wide.csv?fragment=1&q=<b>")


def test_a_table_that_can_not_be_read_says_so(
    mine: Client, project: Project, repository: Repository, work: Work
) -> None:
    repository.commit({"broken.parquet": b"PAR1 and nothing that a reader knows PAR1"})
    part(mine, project, "main/broken.parquet")
    assert [job.state for job in work()] == ["failed"]
    shown = part(mine, project, "main/broken.parquet?fragment=1")
    assert "The Parquet file is damaged" in shown and "Run again" in shown


def test_names_and_values_of_a_file_stay_text(
    mine: Client, project: Project, repository: Repository, work: Work
) -> None:
    evil = '"<img src=x onerror=alert(1)>"'
    repository.commit({"evil.csv": f"{evil}\n" + f"{evil}\n" * 9})
    part(mine, project, "main/evil.csv")
    work()
    answer = mine.get(f"{home(project)}/columns/main/evil.csv?fragment=1").content.decode()
    assert "&lt;img src=x onerror=alert(1)&gt;" in answer and "<img" not in answer


def test_somebody_who_may_only_read_starts_small_ones_alone(
    project: Project, repository: Repository, work: Work, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    Project.objects.filter(pk=project.pk).update(visibility="public")
    repository.commit({"paint.csv": TABLE})
    monkeypatch.setattr("ropewalk.monitors.services.FREE_BYTES", 100)
    assert "Nobody had the columns of this version measured yet" in part(client, project, "main/paint.csv")
    assert not work()
    monkeypatch.setattr("ropewalk.monitors.services.FREE_BYTES", 1 << 20)
    part(client, project, "main/paint.csv")
    assert len(work()) == 1
    assert "<strong>1,000</strong> rows" in part(client, project, "main/paint.csv")


def test_the_bars_of_a_column() -> None:
    drawn = card_of(
        {"name": "n", "histogram": {"axis": "discrete", "values": [1, 2.5], "reference": [0.25, 0.75]}}
    )
    assert [(bar.x, bar.height, bar.title) for bar in drawn.bars] == [
        (0.0, 16.0, "1: 25.00 %"),
        (120.0, 48.0, "2.5: 75.00 %"),
    ]
    edges = {"axis": "linear", "edges": [0, 1, 2, 3], "reference": [0.5, 0.5, 0.0], "open": [True, True]}
    drawn = card_of({"name": "n", "histogram": edges})
    assert [bar.title.partition(":")[0] for bar in drawn.bars] == ["below 1", "1 to 2", "above 2"]
    assert drawn.ends == ("< 1", "> 2") and drawn.bars[2].height == 0
    truth = {"axis": "discrete", "values": [0, 1], "reference": [0.9, 0.1]}
    drawn = card_of({"name": "n", "kind": "boolean", "histogram": truth})
    assert not drawn.bars and drawn.top == [
        {"value": "false", "share": 0.9},
        {"value": "true", "share": 0.1},
    ]
    assert card_of({"name": "n"}).bars == ()


@pytest.mark.parametrize("visibility", ["private", "public"])
def test_the_lines_to_copy_give_this_version(
    mine: Client, project: Project, repository: Repository, client: Client, visibility: str
) -> None:
    Project.objects.filter(pk=project.pk).update(visibility=visibility)
    sha = repository.commit({"in a folder/paint ü.csv": TABLE})
    repository.commit({"in a folder/paint ü.csv": "other\n1\n"})
    page = unescape(
        mine.get(f"{home(project)}/data/{sha}/in%20a%20folder/paint%20%C3%BC.csv").content.decode()
    )
    curl = page.split('<pre id="use-curl" tabindex="0">')[1].split("</pre>")[0]
    words = shlex.split(curl)
    token = make_token(project.owner.user, "read")
    headers = {"HTTP_AUTHORIZATION": f"Bearer {token}"} if visibility == "private" else {}
    assert ("Authorization: Bearer YOUR_TOKEN" in words) == (visibility == "private")
    address = words[-1]
    assert address in page.split('<pre id="use-python" tabindex="0">')[1].split("</pre>")[0]
    answer = Client().get(address.removeprefix(settings.ROPEWALK_URL), **headers)
    assert answer.status_code == 200 and b"".join(answer.streaming_content).decode() == TABLE
    assert f"git checkout {sha}\nls -l 'in a folder/paint ü.csv'" in page
