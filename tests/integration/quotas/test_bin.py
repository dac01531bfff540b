"""What was removed and can be restored counts on, by itself; restoring it takes no more, and giving it up makes room."""

from datetime import timedelta

import pytest
from django.test import Client

from ropewalk.core import clock
from ropewalk.core.models import AuditEvent
from ropewalk.data import selectors as data_selectors
from ropewalk.data import services as data
from ropewalk.projects.models import Project
from ropewalk.quotas import services
from ropewalk.quotas.selectors import project_use
from ropewalk.quotas.types import OverQuota
from tests.integration.data.conftest import send
from tests.integration.quotas.test_sums import amounts


def remove(project: Project, *contents: bytes) -> int:
    """The id of the removal."""
    addresses = [send(project, content) for content in contents]
    data.remove_objects(project_id=project.pk, addresses=addresses, user_id=project.created_by_id)
    return data_selectors.removals(project.pk).items[0].id


def test_it_counts_by_itself_and_restoring_takes_no_more(project: Project) -> None:
    services.set_project_quota(project_id=project.pk, limit=100)
    number = remove(project, b"x" * 60)
    assert amounts(project) == {"bin": (60, 1)}
    with pytest.raises(OverQuota, match="60 B are used"):
        send(project, b"y" * 60)
    data.restore_removal(project_id=project.pk, removal_id=number, pause=lambda _count: None)
    assert amounts(project) == {"dvc": (60, 1)}
    services.fold_all()
    assert (amounts(project), project_use(project.pk).size) == ({"dvc": (60, 1)}, 60)


def test_what_came_again_meanwhile_counts_once_after_the_restoration(project: Project) -> None:
    number = remove(project, b"x" * 60)
    send(project, b"x" * 60)
    assert amounts(project) == {"dvc": (60, 1), "bin": (60, 1)}
    data.restore_removal(project_id=project.pk, removal_id=number, pause=lambda _count: None)
    assert amounts(project) == {"dvc": (60, 1)}


def test_giving_it_up_makes_room_and_ends_its_time(project: Project) -> None:
    number = remove(project, b"x" * 60)
    page = Client()
    page.force_login(project.created_by)
    url = f"/{project.owner.slug}/{project.slug}/settings"
    assert "Removed, can be restored" in page.get(f"{url}/storage").content.decode()
    address = f"{url}/data/removed/{number}"
    assert "Remove for good" in page.get(address).content.decode()
    page.post(address, {"deed": "purge"})
    assert data_selectors.removal(project.pk, number) is not None, "nobody was sure"
    assert page.post(address, {"deed": "purge", "sure": "on"}).status_code == 302
    assert page.post(address).status_code == 404, "nobody can restore it"
    assert AuditEvent.objects.filter(action="data.purged", project_id=project.pk).count() == 1
    assert data.purge_removals(before=clock.now() - timedelta(days=14)) == 1
    assert amounts(project) == {}
