"""Jobs as the islands read them: only the project's own, without private detail."""

import uuid

import pytest

from ropewalk.core import jobs
from tests.factories.builders import make_project, make_token, make_user

pytestmark = pytest.mark.django_db
KIND = jobs.JobKind("test.kind", 1)


def ask(client, user, path):
    return client.get(
        f"/api/v1/repos/{path}", headers={"Authorization": f"Bearer {make_token(user, 'read')}"}
    )


def make_job(project, fingerprint="f"):
    return jobs.enqueue(KIND, subject="s", fingerprint=fingerprint, payload={}, project_id=project.pk)


def test_a_job_shows_its_progress_and_its_error_but_no_private_detail(client):
    anna = make_user("anna")
    project = make_project("wine", owner=anna)
    job = make_job(project)
    claimed = jobs.claim(job.pk, "w")
    jobs.beat(claimed, progress=0.42, message="Reading")
    body = ask(client, anna, f"anna/wine/jobs/{job.pk}").json()
    assert (body["state"], body["active"], body["percent"], body["message"]) == (
        "running",
        True,
        42,
        "Reading",
    )
    jobs.fail(claimed, code="bad_file", public_message="It can't be read.", private_detail="/secret/path")
    answer = ask(client, anna, f"anna/wine/jobs/{job.pk}")
    assert (answer.json()["state"], answer.json()["error_message"]) == ("failed", "It can't be read.")
    assert "secret" not in answer.content.decode()


def test_another_projects_job_does_not_exist_here(client):
    anna = make_user("anna")
    make_project("mine", owner=anna)
    theirs = make_job(make_project("theirs"))
    assert ask(client, anna, f"anna/mine/jobs/{theirs.pk}").status_code == 404
    assert ask(client, anna, f"anna/mine/jobs/{uuid.uuid4()}").status_code == 404
    assert ask(client, anna, "anna/mine/jobs").json()["jobs"] == []


def test_jobs_are_listed_by_state(client):
    anna = make_user("anna")
    project = make_project("wine", owner=anna)
    waiting, running = make_job(project, "1"), make_job(project, "2")
    jobs.claim(running.pk, "w")

    def listed(query=""):
        return {job["id"] for job in ask(client, anna, f"anna/wine/jobs{query}").json()["jobs"]}

    assert listed() == {str(waiting.pk), str(running.pk)}
    assert listed("?state=queued") == {str(waiting.pk)}
    assert listed("?state=queued&state=running") == {str(waiting.pk), str(running.pk)}
    assert ask(client, anna, "anna/wine/jobs?state=strange").status_code == 400


def test_the_same_question_in_two_projects_is_two_jobs():
    first, second = make_job(make_project()), make_job(make_project())
    assert first.pk != second.pk
