"""The pages of a folder of images, sounds or texts: its facts, its gallery by class and order, its small pictures."""

import re
from collections.abc import Callable
from html import unescape

import pytest
from django.test import Client

from ropewalk.core.models import Job
from ropewalk.data.selectors import is_medium
from ropewalk.edges.web.data.gallery import STRIP
from ropewalk.edges.web.data.orders import ORDERS
from ropewalk.projects.models import Project
from tests.factories.builders import make_project
from tests.fixtures import media
from tests.integration.monitors.repository import Repository
from tests.integration.monitors.tracked import pointer, push_folder
from workers.analysis.media.folder import MediaFolder
from workers.analysis.media.kinds import _SUFFIXES
from workers.analysis.media.shelves import shelves_of
from workers.runners.index_revision import index_now

Work = Callable[[], list[Job]]
EVIL = '"><img src=x onerror=alert(1)>.png'


@pytest.fixture
def mine(project: Project, client: Client) -> Client:
    client.force_login(project.owner.user)
    return client


def home(project: Project) -> str:
    return f"/{project.owner.slug}/{project.slug}"


def shown(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address, HTTP_HOST="localhost")
    assert answer.status_code == status, answer.content
    return unescape(re.sub(r"\s+", " ", answer.content.decode()))


def names(page: str) -> list[str]:
    return re.findall(r'<span class="gallery__name mono">(.*?)</span>', page)


@pytest.fixture
def photos(project: Project, repository: Repository) -> dict[str, bytes]:
    files = {
        f"train/{'cat' if n % 2 else 'dog'}/{n:03d}.png": media.image(n, width=20 + n) for n in range(70)
    }
    files |= {"test/dog/twin.jpg": media.image(4, "JPEG", width=24), "train/cat/broken.png": b"no image"}
    index_now(
        project.pk, repository.commit({"photos.dvc": pointer(push_folder(project, files), "photos", 1)})
    )
    return files


def test_the_page_of_a_folder_says_what_it_holds(
    mine: Client, project: Project, photos: dict[str, bytes], work: Work
) -> None:
    page = shown(mine, f"{home(project)}/data/main/photos")
    assert "What it holds" in page and f'src="{home(project)}/columns/main/photos"' in page
    shown(mine, f"{home(project)}/columns/main/photos?fragment=1")
    assert [job.state for job in work()] == ["succeeded"]
    part = shown(mine, f"{home(project)}/columns/main/photos?fragment=1")
    assert "<strong>72</strong> images: 71 <span" in part and "Open the gallery" in part
    assert "2 files look like one of another split" in part
    assert "1 can't be read" in part and "train/cat/broken.png" in part
    assert len(names(part)) == STRIP and 'title="brightness"' in part
    assert f'href="{home(project)}/gallery/main/photos?class=cat"' in part
    assert "Open the gallery" not in shown(mine, f"{home(project)}/columns/main/photos?fragment=1&q=width")


def test_a_gallery_is_paged_sorted_and_filtered(
    mine: Client, project: Project, photos: dict[str, bytes], work: Work
) -> None:
    address = f"{home(project)}/gallery/main/photos"
    assert "rw-job" in shown(mine, address)
    work()
    first = shown(mine, address)
    assert "<strong>72</strong> images" in first and len(names(first)) == 60 and "page=2" in first
    assert names(first)[:2] == ["twin.jpg", "001.png"], "by path: test, then train/cat"
    assert len(names(shown(mine, f"{address}?page=2"))) == 12
    assert names(shown(mine, f"{address}?order=largest"))[:2] == ["069.png", "068.png"]
    dogs = shown(mine, f"{address}?order=smallest&class=dog")
    assert "<strong>36</strong> images" in dogs and names(dogs)[:2] == ["000.png", "002.png"]
    assert names(shown(mine, f"{address}?order=broken")) == ["broken.png"]
    assert "It is not an image" in shown(mine, f"{address}?order=broken")
    assert names(shown(mine, f"{address}?order=alike")) == ["twin.jpg", "004.png"]
    assert names(shown(mine, f"{address}?order=nonsense&class=nobody&page=x"))[:2] == names(first)[:2]
    assert "Every file could be read" in shown(mine, f"{address}?order=broken&class=dog")
    assert names(shown(mine, f"{address}?page=99")) == []


def test_every_order_of_the_page_is_in_the_gallery() -> None:
    for kind, orders in ORDERS.items():
        assert {order.key for order in orders} <= set(shelves_of(MediaFolder.of(kind, {})).shelves)
        assert len({order.name for order in orders}) == len(orders)


def test_the_page_and_the_workers_know_the_same_names() -> None:
    for suffix in _SUFFIXES:
        assert is_medium(f"a{suffix}") and is_medium(f"a{suffix.upper()}")
    assert not is_medium("a.csv") and not is_medium("png")


def test_small_pictures_are_this_projects_alone(
    mine: Client, project: Project, photos: dict[str, bytes], work: Work, client: Client
) -> None:
    address = f"{home(project)}/gallery/main/photos"
    shown(mine, address)
    work()
    picture = re.findall(r'<img src="(.*?)"', shown(mine, address))[0]
    answer = mine.get(picture)
    assert answer.headers["Content-Type"] == "image/webp" and answer.content[:4] == b"RIFF"
    assert (
        "immutable" in answer.headers["Cache-Control"]
        and "sandbox" in answer.headers["Content-Security-Policy"]
    )
    assert mine.get(picture[:-1]).status_code == 404
    other = make_project()
    foreign = picture.replace(home(project), home(other))
    assert Client().get(picture).status_code == 404, "private"
    client.force_login(other.owner.user)
    assert client.get(foreign).status_code == 404, "another project's pictures are not below this one"


def test_names_stay_text(mine: Client, project: Project, repository: Repository, work: Work) -> None:
    files = {f"{EVIL[:-4]}/{EVIL}": media.image(1), "a b/ü #1%2F?.png": media.image(2)}
    index_now(project.pk, repository.commit({"odd.dvc": pointer(push_folder(project, files), "odd", 1)}))
    shown(mine, f"{home(project)}/gallery/main/odd")
    assert [job.state for job in work()] == ["succeeded"]
    for address in (f"{home(project)}/gallery/main/odd", f"{home(project)}/columns/main/odd?fragment=1"):
        content = mine.get(address).content.decode()
        assert "onerror=alert(1)&gt;" in content and "<img src=x" not in content
    links = [unescape(link) for link in re.findall(r'<li><a href="(.*?)"', content)]
    assert len(links) == 2
    assert [mine.get(link).status_code for link in links] == [200, 200]


def test_sounds_are_played_in_ranges_and_texts_begin(
    mine: Client, project: Project, repository: Repository, work: Work
) -> None:
    sounds = {f"{n}.wav": media.wav(0.1 * (n + 1)) for n in range(3)} | {"x.m4a": b"\0\0\0\x20ftypM4A "}
    texts = {"a.txt": b"<script>alert(1)</script> and words", "b.txt": b"short"}
    sha = repository.commit(
        {
            "sounds.dvc": pointer(push_folder(project, sounds), "sounds", 1),
            "texts.dvc": pointer(push_folder(project, texts), "texts", 1),
        }
    )
    index_now(project.pk, sha)
    for name in ("sounds", "texts"):
        shown(mine, f"{home(project)}/gallery/main/{name}")
    work()
    page = shown(mine, f"{home(project)}/gallery/main/sounds?order=longest")
    players = re.findall(r'<audio controls preload="none" src="(.*?)"', page)
    assert len(players) == 3 and players[0].endswith("/sounds/2.wav") and "8 kHz, mono, WAV" in page
    answer = mine.get(players[0], HTTP_RANGE="bytes=0-3")
    assert answer.status_code == 206 and b"".join(answer.streaming_content) == b"RIFF"
    content = mine.get(f"{home(project)}/gallery/main/texts?order=longest").content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt; and words" in content and "<script>alert" not in content


def test_a_folder_in_git_is_a_dataset_too(
    mine: Client, project: Project, repository: Repository, work: Work
) -> None:
    files = {f"icons/{n}.png": media.image(n) for n in range(4)}
    repository.commit({**files, "README.md": "x"}, tag="v1")
    repository.commit({"icons/4.png": media.image(9)}, tag="v2")
    assert f'href="{home(project)}/data/v2/icons"' in shown(mine, f"{home(project)}/src/v2/icons")
    page = shown(mine, f"{home(project)}/data/v2/icons")
    assert "Compare with newest" in page and page.count("/commit/") >= 2
    shown(mine, f"{home(project)}/gallery/v1/icons")
    shown(mine, f"{home(project)}/gallery/v2/icons")
    assert [job.state for job in work()] == ["succeeded", "succeeded"]
    assert len(names(shown(mine, f"{home(project)}/gallery/v1/icons"))) == 4
    assert len(names(shown(mine, f"{home(project)}/gallery/v2/icons"))) == 5
    shown(mine, f"{home(project)}/data/v2", 404)


@pytest.mark.parametrize("tracked", [True, False])
def test_any_two_versions_of_images_are_compared_on_one_page(
    mine: Client, project: Project, repository: Repository, work: Work, tracked: bool
) -> None:
    for tag, level in (("v1", 90), ("v2", 190)):
        files = {f"cat/{n}.png": media.image(n, level=level) for n in range(12)}
        made = (
            {"photos.dvc": pointer(push_folder(project, files), "photos", 1)}
            if tracked
            else {f"photos/{name}": content for name, content in files.items()}
        )
        index_now(project.pk, repository.commit(made, tag=tag))
    address = f"{home(project)}/data-compare/photos?base=v1&head=v2"
    shown(mine, address)
    assert {job.state for job in work()} == {"succeeded"}
    page = shown(mine, address)
    assert "brightness" in page and "colourfulness" in page


def test_who_may_only_read_sees_what_others_asked_for(
    mine: Client, project: Project, photos: dict[str, bytes], work: Work
) -> None:
    Project.objects.filter(pk=project.pk).update(visibility="public")
    nobody = Client()
    address = f"{home(project)}/gallery/main/photos"
    assert "Nobody had this version measured yet" in shown(nobody, address) and not work()
    shown(mine, address)
    work()
    page = shown(nobody, address)
    assert len(names(page)) == 60
    assert nobody.get(re.findall(r'<img src="(.*?)"', page)[0]).status_code == 200


def test_a_page_of_the_gallery_asks_the_database_little(
    mine: Client, project: Project, photos: dict[str, bytes], work: Work, django_assert_max_num_queries
) -> None:
    address = f"{home(project)}/gallery/main/photos"
    shown(mine, address)
    work()
    shown(mine, address)
    with django_assert_max_num_queries(24):
        shown(mine, address)
    picture = re.findall(r'<img src="(.*?)"', shown(mine, address))[0]
    with django_assert_max_num_queries(8):
        mine.get(picture)
