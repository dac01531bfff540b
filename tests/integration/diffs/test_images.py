"""Changed images through HTTP and a worker: facts, the pixels that differ, and where; from git and from DVC."""

import base64
import html
import io
import re
from collections.abc import Callable

import numpy as np
import pytest
from django.test import Client
from PIL import Image

from ropewalk.core.models import Job
from ropewalk.projects.models import Project
from tests.integration.data.conftest import md5, send
from tests.integration.monitors.repository import Repository
from workers.runners.index_revision import index_now

Work = Callable[[], list[Job]]


@pytest.fixture
def url(project: Project) -> str:
    return f"/{project.owner.slug}/{project.slug}"


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", page)))


def picture(pixels: np.ndarray, kind: str = "PNG", **options: object) -> bytes:
    sink = io.BytesIO()
    Image.fromarray(pixels).save(sink, kind, **options)
    return sink.getvalue()


def grey(width: int = 80, height: int = 60) -> np.ndarray:
    return np.full((height, width, 3), 120, np.uint8)


def part_of(client: Client, url: str, sides: tuple[str, str], path: str, query: str = "") -> str:
    answer = client.get(f"{url}/diff/{sides[0]}/{sides[1]}/{path}?fragment=1{query}")
    assert answer.status_code == 200, answer.content[:500]
    return answer.content.decode()


def test_an_image_in_git_says_which_pixels_differ(
    client: Client, url: str, project: Project, repository: Repository, work: Work
):
    before, after = grey(), grey()
    after[10:20, 30:35] = (255, 0, 0)  # 50 pixels
    after[40, 70] = (121, 120, 120)  # one that nobody sees
    first = repository.commit({"plots/loss curve.png": picture(before)})
    second = repository.commit({"plots/loss curve.png": picture(after)})
    waiting = part_of(client, url, (first, second), "plots/loss%20curve.png")
    assert "Waiting for a worker" in waiting and f"/raw/{first}/plots/loss%20curve.png" in waiting
    [job] = [job for job in work() if job.kind == "compare-files"]
    assert job.state == "succeeded", job.error_message
    page = part_of(client, url, (first, second), "plots/loss%20curve.png")
    text = text_of(page)
    assert "1.06 % of the pixels differ: 51 of 4,800, 50 of them visibly." in text
    assert "All within 41 × 31 at 30, 10." in text and "PNG · 80 × 60" in text
    assert page.count("<img") == 3 and 'data-mode="onion"' in page
    [found] = re.findall(r'src="data:image/webp;base64,([^"]+)"', page)
    shown = np.asarray(Image.open(io.BytesIO(base64.b64decode(found))).convert("RGB")).astype(int)
    redness = shown[:, :, 0] - shown[:, :, 1]
    assert redness[15, 32] > 100 and abs(redness[50, 10]) < 20, "what changed is in colour, the rest is grey"
    part_of(client, url, (first, second), "plots/loss%20curve.png")
    assert Job.objects.filter(kind="compare-files").count() == 1, "asked for once"
    compared = client.get(f"{url}/compare/{first}..{second}").content.decode()
    assert "Images" in text_of(compared) and "loss%20curve.png?view=unified" in compared


def test_an_image_that_dvc_tracks_of_another_size_and_format(
    client: Client, url: str, project: Project, repository: Repository, work: Work
):
    old, new = picture(grey(100, 50)), picture(grey(50, 50))
    send(project, old), send(project, new)
    pointer = "outs:\n- md5: {}\n  size: {}\n  hash: md5\n  path: a.png\n"
    first = repository.commit({"a.png.dvc": pointer.format(md5(old), len(old))})
    second = repository.commit({"a.png.dvc": pointer.format(md5(new), len(new))})
    gone = repository.commit({"a.png.dvc": pointer.format("0a" * 16, 5)})
    for sha in (first, second, gone):
        index_now(project.pk, sha)
    part_of(client, url, (first, second), "a.png")
    work()
    page = part_of(client, url, (first, second), "a.png")
    assert "The sizes differ" in text_of(page) and "--share: 50.00%" in page and "--widest: 100px" in page
    missing = part_of(client, url, (second, gone), "a.png")
    assert "were not pushed here, so there is nothing to compare" in text_of(missing)
    assert f"/src/{second}/a.png" in missing and f"/src/{gone}/a.png" not in missing
    added = part_of(client, url, ("0" * 40, first), "a.png")
    assert "After" in added and 'data-mode="swipe"' not in added


def test_hostile_images_fail_with_words(
    client: Client, url: str, project: Project, repository: Repository, work: Work
):
    bomb = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(bomb, "PNG")
    large = io.BytesIO()
    Image.new("1", (6000, 5000)).save(large, "PNG")
    whole = picture(np.random.default_rng(1).integers(0, 255, (64, 64, 3), dtype=np.uint8))
    svg = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script><rect width="{}"/></svg>'
    files = {
        "bomb.png": bomb.getvalue(),
        "large.png": large.getvalue(),
        "cut.png": whole[:700],
        "text.png": b"no image",
        "empty.gif": b"",
        "drawing.svg": svg.format(1),
    }
    first = repository.commit(dict.fromkeys(files, whole) | {"drawing.svg": svg.format(2)})
    second = repository.commit(files)  # type: ignore[arg-type]
    for name in files:
        part_of(client, url, (first, second), name)
    states = {job.error_code or job.state for job in work() if job.kind == "compare-files"}
    assert states == {"succeeded", "damaged_image", "unknown_image", "too_many_pixels"}
    shown = {name: text_of(part_of(client, url, (first, second), name)) for name in files}
    assert "“bomb.png” has more than 25 million pixels" in shown["bomb.png"]
    assert "they are not compared" in shown["large.png"] and "6,000 × 5,000" in shown["large.png"]
    assert "“cut.png” is damaged" in shown["cut.png"] and "not an image" in shown["text.png"]
    assert "not an image" in shown["empty.gif"]
    page = part_of(client, url, (first, second), "drawing.svg")
    assert "<script" not in page and f'<img src="{url}/raw/{second}/drawing.svg"' in page
    raw = client.get(f"{url}/raw/{second}/drawing.svg")
    assert "sandbox" in raw.headers["Content-Security-Policy"]
    assert '<rect width="1"/>' in html.unescape(
        re.sub(r"<[^>]*>", "", part_of(client, url, (first, second), "drawing.svg", "&as=text"))
    )
