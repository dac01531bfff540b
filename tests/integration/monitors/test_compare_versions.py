"""Any two versions of a dataset on one page and through the API: sides, files, columns, rows and the report between them."""

import re
from collections.abc import Callable
from html import unescape

import pytest
from django.test import Client

from ropewalk.core.models import Job
from ropewalk.data import services as data_services
from ropewalk.projects.models import Project
from tests.factories import builders
from tests.integration.data.conftest import listing, md5, send
from tests.integration.monitors.repository import Repository

Work = Callable[[], list[Job]]
OLD = "id,colour,weight\n" + "".join(f"{n},{'red' if n % 4 else 'blue'},{n % 50}\n" for n in range(400))
NEW = "id,colour,height,weight\n" + "".join(
    f"{n},{'red' if n % 2 else 'blue'},{n},{n % 50 + 25}\n" for n in range(500)
)


@pytest.fixture
def mine(project: Project, client: Client) -> Client:
    client.force_login(project.owner.user)
    return client


@pytest.fixture
def shas(repository: Repository) -> list[str]:
    """Two versions of paint.csv; the second is tagged v2 and lies in other.csv, too."""
    first = repository.commit({"paint.csv": OLD})
    return [first, repository.commit({"paint.csv": NEW, "other.csv": OLD}, tag="v2")]


def home(project: Project) -> str:
    return f"/{project.owner.slug}/{project.slug}"


def page_of(client: Client, project: Project, tail: str, status: int = 200) -> str:
    answer = client.get(f"{home(project)}/data-compare/{tail}", HTTP_HOST="localhost")
    assert answer.status_code == status, answer.content
    return unescape(re.sub(r"\s+", " ", answer.content.decode()))


def test_columns_side_by_side_at_once_when_they_are_measured(
    mine: Client, project: Project, shas: list[str], work: Work
) -> None:
    tail = f"paint.csv?base={shas[0]}&head=v2"
    assert "rw-job" in page_of(mine, project, tail)
    assert [job.state for job in work()] == ["succeeded", "succeeded"]
    page = page_of(mine, project, tail)
    assert "rw-job" not in page
    assert "<strong>400</strong> → <strong>500</strong> rows, <strong>1</strong> column added" in page
    names = re.findall(r'<h3 class="mono" title="(\w+)"', page)
    assert names == ["height", "weight", "colour", "id"]
    weight, colour = (page.split(f'title="{name}"')[1].split("</li> ")[0] for name in ("weight", "colour"))
    assert "50.0 %</strong>" in weight and "<path d=" in weight and "2.00 % before, 2.00 % after" in weight
    assert "<td>24.5</td><td>49.5</td>" in weight
    assert "25.0 %</strong>" in colour and re.search(r'title="blue".*?25\.0 %.*?50\.0 %', colour)
    assert not Job.objects.filter(state="queued").exists()
    part = page_of(mine, project, f"{tail}&part=columns&fragment=1&column=WEI")
    assert 'title="weight"' in part and 'title="colour"' not in part and "<html" not in part


def test_the_version_before_is_the_base_unless_another_is_named(
    mine: Client, project: Project, shas: list[str]
) -> None:
    page = page_of(mine, project, "paint.csv")
    assert f'value="{shas[0]}"' in page and "Is it drift?" in page
    assert f"/diff/{shas[0]}/{shas[1]}/paint.csv" in page  # the rows
    assert "There is only one version" in page_of(mine, project, "other.csv")


def test_two_paths_and_the_other_way_round(mine: Client, project: Project, shas: list[str]) -> None:
    page = page_of(mine, project, f"other.csv?base=main&head={shas[0]}&head_path=paint.csv")
    assert "Both are the same content" in page
    page = page_of(mine, project, "other.csv?base=main&head=main&head_path=paint.csv")
    assert "from=other.csv" in page
    assert f"{home(project)}/data-compare/paint.csv?base=main&head=main&head_path=other.csv" in page
    asked = {"path": "other.csv", "current_path": "paint.csv", "reference": "main", "current": "main"}
    place = mine.post(f"{home(project)}/drift/new", asked)["Location"]
    assert place.endswith("/drift/1")
    page = page_of(mine, project, "other.csv?base=main&head=main&head_path=paint.csv")
    assert f'href="{home(project)}/drift/1"' in page and "Is it drift?" not in page


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("base=nowhere&head=main", "nowhere"),
        ("base=main&head=main/paint.csv", "There is no revision"),
        ("base=main&head=main&head_path=../x", ""),
    ],
)
def test_what_is_not_there_keeps_the_form(
    mine: Client, project: Project, shas: list[str], query: str, words: str
) -> None:
    tail = f"missing.csv?{query}" if not words else f"paint.csv?{query}"
    page = page_of(mine, project, tail, status=404)
    assert words in page and 'name="base"' in page


def test_a_side_without_the_path_says_so(mine: Client, project: Project, shas: list[str]) -> None:
    page = page_of(mine, project, f"other.csv?base={shas[0]}&head=main")
    assert "other.csv" in page and "colspan" in page and "Is it drift?" not in page


@pytest.fixture
def folders(project: Project, repository: Repository, work: Work) -> list[str]:
    """Two commits of a tracked folder: one file changed, one came, one went, one moved."""
    old = {"a.csv": b"x\n1\n", "gone.csv": b"x\n2\n", "sub/move.csv": b"x\n3\n"}
    new = {"a.csv": b"x\n11\n", "new.csv": b"x\n4\n", "top/move.csv": b"x\n3\n"}
    shas = []
    for files in (old, new):
        for content in files.values():
            send(project, content)
        send(project, listing(files), is_dir=True)
        pointer = f"outs:\n- md5: {md5(listing(files))}.dir\n  nfiles: 3\n  hash: md5\n  path: set\n"
        shas.append(repository.commit({"set.dvc": pointer}))
        data_services.ensure_indexed(project_id=project.pk, commit_sha=shas[-1])
    work()
    return shas


def test_the_files_of_folders(mine: Client, project: Project, folders: list[str], work: Work) -> None:
    page = page_of(mine, project, f"set?base={folders[0]}&head={folders[1]}")
    for words in ("all 4", "added 1", "removed 1", "changed 1", "renamed 1", "sub/move.csv → top/move.csv"):
        assert words in page
    assert "rw-job" in page
    work()
    assert "<strong>3</strong> → <strong>3</strong> rows" in page_of(
        mine, project, f"set?base={folders[0]}&head=main"
    )


def test_through_the_api(client: Client, project: Project, folders: list[str], work: Work) -> None:
    headers = {"Authorization": f"Bearer {builders.make_token(project.owner.user)}"}
    address = f"/api/v1/repos{home(project)}/data-compare"
    body = client.get(f"{address}/set", headers=headers).json()
    assert (body["base"]["commit"], body["head"]["commit"], body["same"]) == (*folders, False)
    assert body["files"]["counts"] == {"added": 1, "removed": 1, "changed": 1, "renamed": 1}
    assert (body["files"]["files_before"], body["files"]["bytes_added"], body["files"]["total"]) == (3, 9, 4)
    assert (body["table_state"], body["table"]) == ("measuring", None)
    work()
    body = client.get(f"{address}/set", headers=headers).json()
    assert (body["table_state"], body["table"]["rows_after"]) == ("ready", 3)
    (column,) = body["table"]["columns"]
    assert (column["name"], column["status"], column["before"]["values"]) == ("x", "same", 3)
    assert column["moved"] == pytest.approx(2 / 3, abs=1e-3)
    assert client.get(f"{address}/set?base=nowhere", headers=headers).status_code == 404
    assert client.get(f"{address}/none", headers=headers).status_code == 400


def test_who_may_only_look_starts_no_measurement_of_a_folder(
    client: Client, project: Project, folders: list[str]
) -> None:
    Project.objects.filter(pk=project.pk).update(visibility="public")
    before = Job.objects.count()
    page = page_of(client, project, f"set?base={folders[0]}&head=main")
    assert "Nobody had the columns of both versions measured yet" in page and "Sign in" in page
    assert Job.objects.count() == before


def test_the_versions_of_a_dataset_are_chosen_with_radios(
    mine: Client, project: Project, shas: list[str]
) -> None:
    page = unescape(mine.get(f"{home(project)}/data/main/paint.csv").content.decode())
    assert page.count('type="radio" form="compare-versions"') == 4
    for name, sha in (("base", shas[0]), ("head", shas[1])):
        assert re.search(rf'name="{name}" value="{sha}"[^>]* checked', page)
    assert f'action="{home(project)}/data-compare/paint.csv"' in page
