"""Several people at once: one release of a tag, one latest, one file of a name; and a kill between tag and release."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from django.db import connection

from ropewalk.access.roles import Permission
from ropewalk.core.blobs import store
from ropewalk.core.errors import Conflict, RopewalkError
from ropewalk.data.services.releasing import save_release
from ropewalk.projects.models import Project
from ropewalk.releases import selectors, services
from ropewalk.releases.models import Release
from ropewalk.releases.types import ReleaseText, blob_folder
from ropewalk.repos import refs
from tests.factories import builders
from tests.integration.releases.test_tags import run_git
from tests.protocol.mlflow.fixtures import objects

__all__ = ["objects"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("objects", "url")]


def at_once(*deeds: Callable[[], object]) -> list[object]:
    """What each gave or raised, all begun together."""
    gate = Barrier(len(deeds))

    def run(deed: Callable[[], object]) -> object:
        gate.wait(30)
        try:
            return deed()
        except RopewalkError as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(run, deeds))


def publish(project: Project, tag: str, title: str) -> Callable[[], object]:
    access = builders.access_of(project.created_by, project, Permission.CODE_WRITE)
    return lambda: save_release(access, ReleaseText(tag, title, latest=True), publish=True)


def test_one_of_several_makes_the_release_of_a_tag(project: Project) -> None:
    answers = at_once(*(publish(project, "v1", f"By {number}") for number in range(4)))
    assert sum(isinstance(answer, Conflict) for answer in answers) == 3, answers
    [release] = selectors.releases(project.pk, drafts=True)
    assert not release.draft and release.sha == run_git(project, "rev-parse", "v1^{commit}")


def test_one_of_several_is_the_latest(project: Project) -> None:
    for tag in ("a", "b", "c", "d"):
        run_git(project, "update-ref", f"refs/tags/{tag}", "main")
    answers = at_once(*(publish(project, tag, tag) for tag in ("a", "b", "c", "d")))
    assert not [answer for answer in answers if isinstance(answer, Exception)]
    assert Release.objects.for_project(project.pk).filter(latest=True).count() == 1
    assert len(selectors.releases(project.pk, drafts=False)) == 4


def test_one_of_several_files_of_a_name_is_kept_whole(project: Project) -> None:
    pk = services.create_draft(project_id=project.pk, author_id=None, text=ReleaseText("v1", "One"))

    def upload(number: int) -> Callable[[], object]:
        blocks = [bytes([number]) * 100_000] * (number + 1)
        return lambda: services.receive_file(
            project_id=project.pk, release_id=pk, name="same", blocks=blocks, user_id=None
        )

    answers = at_once(*(upload(number) for number in range(4)))
    assert sum(isinstance(answer, Conflict) for answer in answers) == 3, answers
    [file] = selectors.release(project.pk, pk, drafts=True).files
    content = b"".join(selectors.open_file(project.pk, file))
    assert len(set(content)) == 1 and len(content) == file.size == 100_000 * (content[0] + 1)
    assert len(store().list(blob_folder(project.pk))) == 1


def test_an_upload_and_the_end_of_its_release(project: Project, objects: Path) -> None:
    for _ in range(4):
        pk = services.create_draft(project_id=project.pk, author_id=None, text=ReleaseText("v1", "One"))
        place = {"project_id": project.pk, "release_id": pk}
        at_once(
            lambda place=place: services.receive_file(name="a", blocks=[b"x" * 100], user_id=None, **place),
            lambda place=place: services.delete_release(**place),
        )
        assert not selectors.releases(project.pk, drafts=True).items
        assert store().list(blob_folder(project.pk)) == []


def test_a_kill_between_tag_and_release_is_made_good_by_publishing_again(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(**_: object) -> int:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(services, "create_draft", killed)
        with pytest.raises(SystemExit):
            publish(project, "v1", "First")()
    made = refs.read_refs(project.pk)["refs/tags/v1"]
    assert not selectors.releases(project.pk, drafts=True).items
    publish(project, "v1", "First")()
    assert refs.read_refs(project.pk)["refs/tags/v1"] == made
    assert selectors.latest_release(project.pk).title == "First"
