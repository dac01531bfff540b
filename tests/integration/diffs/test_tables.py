"""Changed tables through HTTP and a worker: a million rows of Parquet in DVC, small CSV in git."""

import html
import re
import resource
import time
from collections.abc import Callable

import pytest
from django.test import Client

from ropewalk.core import clock
from ropewalk.core.models import Job
from ropewalk.data.types import COMPARE_FILES
from ropewalk.edges.web.diffs import asking
from ropewalk.projects.models import Project
from tests.factories import builders
from tests.fixtures.tables import million
from tests.integration.data.conftest import md5, send
from tests.integration.monitors.repository import Repository
from workers.runners.index_revision import index_now

Work = Callable[[], list[Job]]


@pytest.fixture
def url(project: Project) -> str:
    return f"/{project.owner.slug}/{project.slug}"


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", page)))


def get(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.content[:500]
    return answer.content.decode()


def rows_of(page: str) -> list[list[str]]:
    """The cells of the listed rows; a changed one as ``old>new``."""
    body = page[page.index("table-diff__rows") :].partition("<tbody>")[2].partition("</tbody>")[0]
    marked = re.sub(r"<del>(.*?)</del><ins>(.*?)</ins>", r"\1>\2", body)
    return [
        [html.unescape(cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row)]
        for row in marked.split("</tr>")[:-1]
    ]


def test_a_million_rows_of_parquet(
    client: Client, url: str, project: Project, repository: Repository, work: Work
):
    shas = []
    for content in million():
        send(project, content)
        pointer = (
            f"outs:\n- md5: {md5(content)}\n  size: {len(content)}\n  hash: md5\n  path: orders.parquet\n"
        )
        shas.append(repository.commit({"data/orders.parquet.dvc": pointer}))
        index_now(project.pk, shas[-1])
    here = f"{url}/diff/{shas[0]}/{shas[1]}/data/orders.parquet?fragment=1"
    assert "Waiting for a worker" in get(client, here)
    started = time.monotonic()
    [job] = [job for job in work() if job.kind == COMPARE_FILES.name]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(f"diff of 1,000,000 rows: {time.monotonic() - started:.1f} s; this process's peak {peak} MiB")
    assert job.state == "succeeded", job.error_message

    page = get(client, here)
    text = text_of(page)
    changed = -(-999_000 // 77)
    assert (
        f"1,000,000 → 999,250 rows: 250 added, 1,000 removed, {changed:,} changed, {999_000 - changed:,} unchanged."
        in text
    )
    assert "order_id is unique on both sides." in text and "The first 5,000 are listed." in text
    for fact in (f"price double double {changed:,}", "pieces int64 int32 0", "A added coupon — string 0"):
        assert fact in text
    first, second = rows_of(page)[:2]
    assert first[:3] == ["2", "1", "3"], "the key stands first: row 2 before, row 1 after, order 3"
    old_price, new_price = first[3].split(">")
    assert float(new_price) - float(old_price) == pytest.approx(1000)
    assert first[4:] == ["shop 1", first[5], "—"] and second[:3] == ["79", "78", "234"]
    removed = rows_of(get(client, f"{here}&rows=removed&page=2"))
    assert len(removed) == 50 and removed[0][:2] == ["50,001", "150000"]
    added = rows_of(get(client, f"{here}&rows=added&page=5"))
    assert added[-1] == ["999,250", "3000747", "1.25", "shop new", "1", "—"]
    assert "No rows" not in page and get(client, f"{here}&rows=added&page=6").count("<td") < 30


CSV = "name,age\nann,30\nbob,40\n"


def test_a_csv_in_git_by_the_viewers_key(
    client: Client, url: str, project: Project, repository: Repository, work: Work
):
    first = repository.commit({"people.csv": CSV, "other.csv": "a\n1\n"})
    second = repository.commit({"people.csv": CSV.replace("40", "41").replace("ann", "<b>ann</b>")})
    here = f"{url}/diff/{first}/{second}/people.csv?view=unified&fragment=1"
    get(client, here)
    work()
    by_name = get(client, here)
    assert rows_of(by_name) == [["2", "2", "bob", "40>41"]] and "name is unique on both sides" in text_of(
        by_name
    )
    assert "<b>ann" not in by_name and 'name="view" value="unified"' in by_name
    client.force_login(project.owner.user)
    assert "Waiting for a worker" in get(client, f"{here}&by=key:age")
    work()
    by_age = get(client, f"{here}&by=key:age")
    assert rows_of(by_age) == [
        ["1", "1", "30", "ann><b>ann</b>"]
    ] and "1 added, 1 removed, 1 changed" in text_of(by_age)
    get(client, f"{here}&by=rows")
    work()
    whole = get(client, f"{here}&by=rows&rows=removed")
    assert rows_of(whole) == [
        ["1", "ann", "30"],
        ["2", "bob", "40"],
    ] and "Whole rows are compared" in text_of(whole)
    jobs = Job.objects.filter(kind=COMPARE_FILES.name).count()
    for odd in ("key:", "key:nothing", "key:\0", "rows ", "key:" + "x" * 5000, "sort:1"):
        assert "bob" in get(client, f"{here}&by={odd}&rows=../x&page=-1")
    assert Job.objects.filter(kind=COMPARE_FILES.name).count() == jobs
    assert "-bob,40" in re.sub(
        r"\s", "", html.unescape(re.sub("<[^>]*>", "", get(client, f"{here}&as=text")))
    ).replace("−", "-")
    new_file = get(client, f"{url}/diff/{'0' * 40}/{first}/other.csv?fragment=1")
    assert "View the new file" in new_file and f"/src/{first}/other.csv" in new_file


def test_strangers_may_have_small_comparisons_made_only(
    client: Client,
    url: str,
    project: Project,
    repository: Repository,
    work: Work,
    monkeypatch: pytest.MonkeyPatch,
):
    first = repository.commit({"people.csv": CSV})
    second = repository.commit({"people.csv": CSV + "cyd,50\n"})
    here = f"{url}/diff/{first}/{second}/people.csv?fragment=1"
    monkeypatch.setattr(asking, "_FREE_BYTES", 10)
    assert "Sign in to start it" in text_of(get(client, here))
    assert not Job.objects.filter(kind=COMPARE_FILES.name).exists()
    monkeypatch.undo()
    get(client, here)
    work()
    refused = text_of(get(client, f"{here}&by=key:age"))
    assert "Sign in to start it" in refused and "Match rows by" in refused
    project.archived_at = clock.now()
    project.save()
    client.force_login(builders.make_user())
    assert "you can't start comparisons" in text_of(get(client, f"{here}&by=key:age"))
    assert Job.objects.filter(kind=COMPARE_FILES.name).count() == 1
