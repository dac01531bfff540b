"""A mirror's webhook may carry its secret in the path; no line of the log repeats it, whether it was taken or refused."""

import pytest
from django.test import Client
from structlog.testing import capture_logs

from ropewalk.repos.models import PullMirror
from ropewalk.repos.selectors import pull_mirror
from tests.factories import builders


@pytest.mark.django_db
@pytest.mark.parametrize("kept", [True, False], ids=["taken", "refused"])
def test_the_secret_is_in_no_line(kept: bool, caplog: pytest.LogCaptureFixture) -> None:
    project = builders.make_project()
    project.mirror_of = "https://example.org:443/team/original.git"
    project.save()
    PullMirror.objects.create(project=project, interval=0, hook_id="a" * 32, created_at=project.created_at)
    mirror = pull_mirror(project.pk)
    assert mirror is not None
    hook, secret = mirror.hook_id if kept else "b" * 32, mirror.hook_secret
    with capture_logs() as lines:
        answer = Client().post(f"/api/v1/hooks/mirror/{hook}/{secret}")
    assert answer.status_code == (202 if kept else 404)
    assert any(line["event"] == "request" and line["path"].endswith("/…") for line in lines)
    assert secret not in str(lines) + caplog.text
