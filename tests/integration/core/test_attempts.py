"""One attempt of a job ends as a value, or is given back when a service was away."""

import uuid

import pytest
import redis
from celery.exceptions import Reject
from django.conf import settings
from django.db import OperationalError

from ropewalk.core import jobs
from ropewalk.core.blobs import StoreUnavailable
from ropewalk.core.derived import ForgivingCache, cache
from ropewalk.core.errors import Invalid
from ropewalk.core.models import Job, JobState
from tests.factories.builders import make_project
from workers import runners
from workers.runners.base import run
from workers.tasks import jobs as tasks

KIND = jobs.JobKind("test.attempt", 1, time_limit=30)


class Failing:
    kind = KIND

    def __init__(self, error: Exception) -> None:
        self.error = error

    def run(self, job, report):
        raise self.error


@pytest.fixture
def attempt(monkeypatch):
    monkeypatch.setattr(jobs, "send", lambda _job_id: True)

    def once(error: Exception, job: Job | None = None) -> Job:
        monkeypatch.setitem(runners.RUNNERS, KIND.name, Failing(error))
        asked = job or jobs.enqueue(KIND, subject="s", fingerprint="f", payload={}, project_id=None)
        run(str(asked.pk), "here")
        return Job.objects.get(pk=asked.pk)

    return once


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "away", [OperationalError("gone"), redis.ConnectionError("gone"), StoreUnavailable("gone")]
)
def test_a_service_that_was_away_costs_an_attempt_not_the_job(attempt, away):
    job = attempt(away)
    assert (job.state, job.attempts, job.claim_id, job.sent_at) == (JobState.QUEUED, 1, None, None)
    for _ in range(jobs.MAX_ATTEMPTS - 1):
        job = attempt(away, job)
    assert (job.state, job.error_code) == (JobState.FAILED, "unavailable")
    assert "gone" in job.error_detail and "gone" not in job.error_message


@pytest.mark.django_db(transaction=True)
def test_what_the_user_can_mend_ends_at_once_with_its_words(attempt):
    assert attempt(Invalid("Too many columns.")).error_message == "Too many columns."


@pytest.mark.django_db(transaction=True)
def test_a_defect_of_ours_ends_the_job_and_keeps_its_words_for_the_operator(attempt):
    job = attempt(ZeroDivisionError("secret"))
    assert (job.state, job.error_code) == (JobState.FAILED, "internal_error")
    assert "secret" not in job.error_message and "secret" in job.error_detail


def test_a_cache_that_is_away_looks_empty():
    nowhere = ForgivingCache("unix:///nonexistent/socket", {})
    nowhere.set("key", 1)
    assert nowhere.get("key") is None
    assert nowhere.get("key", 7) == 7
    assert nowhere.delete("key") is False
    assert nowhere.add("key", 1) is False
    assert nowhere.get_or_set("key", lambda: 7) == 7
    assert nowhere.get_many(["key"]) == {}
    assert nowhere.set_many({"key": 1}) == ["key"]


def test_what_is_kept_without_a_time_does_not_stay_for_ever():
    cache.set("test:short", 1)
    assert 0 < redis.Redis.from_url(settings.REDIS_URL).ttl(cache.make_key("test:short")) <= 300


@pytest.mark.django_db
def test_a_project_can_be_read_while_the_broker_is_away(client, settings):
    away = {**settings.CACHES["derived"], "LOCATION": "unix:///nonexistent/socket"}
    project = make_project(visibility="public")
    settings.CACHES = {**settings.CACHES, "derived": away}
    assert client.get(f"/{project.owner.slug}/{project.slug}").status_code == 200
    assert client.get(f"/{project.owner.slug}/{project.slug}/src").status_code == 200


def test_without_a_database_the_message_stays_in_the_queue(monkeypatch):
    def claim(_job_id, _worker):
        raise OperationalError("gone")

    monkeypatch.setattr(jobs, "claim", claim)
    monkeypatch.setattr(tasks, "PAUSE", 0.0)
    with pytest.raises(Reject) as told:
        tasks.run_job(str(uuid.uuid4()))
    assert told.value.requeue
