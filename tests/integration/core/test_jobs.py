"""Jobs as rows: asked once, sent after commit, claimed once, ended as a value, repaired by the sweep."""

import threading
import uuid
from datetime import timedelta

import pytest
from django.db import connection, transaction

from ropewalk.core import clock, jobs
from ropewalk.core.models import Job

pytestmark = pytest.mark.django_db
KIND = jobs.JobKind("test.kind", 1, time_limit=30)


class Broker(list):
    """What goes to the broker, in place of one with workers that would take it."""

    away = False

    def send_task(self, name, args, **options):
        if self.away:
            raise OSError("no broker")
        self.append((name, args[0], options["time_limit"]))


@pytest.fixture
def sent(monkeypatch):
    broker = Broker()
    monkeypatch.setattr(jobs, "_sender", lambda: broker)
    return broker


def ask(fingerprint="f", project_id=1, kind=KIND, **options):
    return jobs.enqueue(
        kind, subject="s", fingerprint=fingerprint, payload={"n": 1}, project_id=project_id, **options
    )


def state(job):
    return Job.objects.get(pk=job.pk)


def test_asking_twice_computes_once_but_not_across_projects_or_versions(
    sent, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        first, again = ask(), ask()
        others = [ask("g"), ask(project_id=2), ask(project_id=None), ask(kind=jobs.JobKind("test.kind", 2))]
        assert ask(project_id=None).pk == others[2].pk
    assert first.pk == again.pk
    assert len({first.pk, *(job.pk for job in others)}) == 5
    assert sorted(message[1] for message in sent) == sorted(str(job.pk) for job in [first, *others])
    assert sent[0][0] == "ropewalk.run_job"
    assert sent[0][2] == KIND.time_limit + 60


def test_nothing_is_sent_before_the_commit_and_nothing_after_a_rollback(
    sent, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        with pytest.raises(RuntimeError), transaction.atomic():  # noqa: PT012  # the transaction is what is tested
            ask()
            raise RuntimeError
    assert (callbacks, list(sent), Job.objects.count()) == ([], [], 0)


def test_a_dead_broker_loses_nothing(sent, django_capture_on_commit_callbacks):
    sent.away = True
    with django_capture_on_commit_callbacks(execute=True):
        job = ask()
    assert state(job).sent_at is None
    sent.away = False
    assert jobs.sweep()["sent"] == 1
    assert [message[1] for message in sent] == [str(job.pk)]
    assert jobs.sweep()["sent"] == 0  # it was sent just now


def test_a_lost_message_is_sent_again(sent, monkeypatch):
    job = ask()
    jobs.send(job.pk)
    later = clock.now() + jobs.RESEND_AFTER + timedelta(seconds=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert jobs.sweep()["sent"] == 1
    assert len(sent) == 2


def test_one_attempt_at_a_time():
    job = ask()
    claimed = jobs.claim(job.pk, "w1")
    assert (claimed.attempts, claimed.state) == (1, "running")
    assert jobs.claim(job.pk, "w2") is None
    assert jobs.claim(uuid.uuid4(), "w1") is None


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_one_gets_the_job():
    job, got, start = ask(), [], threading.Barrier(6)

    def take() -> None:
        start.wait(timeout=30)
        if jobs.claim(job.pk, "w"):
            got.append(1)
        connection.close()

    threads = [threading.Thread(target=take) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert got == [1]


def test_success_and_failure_are_values():
    good, bad = ask("good"), ask("bad")
    jobs.succeed(jobs.claim(good.pk, "w"), {"rows": 3})
    jobs.fail(
        jobs.claim(bad.pk, "w"), code="bad_file", public_message="Can't be read.", private_detail="trace"
    )
    good, bad = state(good), state(bad)
    assert (good.state, good.result, good.progress, good.claim_id) == ("succeeded", {"rows": 3}, 1.0, None)
    assert (bad.state, bad.error_code, bad.error_message, bad.error_detail) == (
        *("failed", "bad_file", "Can't be read."),
        "trace",
    )
    assert good.ended_at
    assert bad.ended_at


def test_progress_stays_within_its_bounds():
    claimed = jobs.claim(ask().pk, "w")
    for given, shown in ((-1, 0.0), (0.5, 0.5), (7, 1.0)):
        jobs.beat(claimed, progress=given, message="x" * 300)
        assert (state(claimed).progress, len(state(claimed).message)) == (shown, 200)


def test_a_failed_job_is_armed_again_when_asked_again_and_a_good_one_is_not(
    sent, django_capture_on_commit_callbacks
):
    bad, good = ask("bad"), ask("good")
    jobs.fail(jobs.claim(bad.pk, "w"), code="c", public_message="m")
    jobs.succeed(jobs.claim(good.pk, "w"), {})
    with django_capture_on_commit_callbacks(execute=True):
        assert (ask("bad").state, ask("good").state) == ("queued", "succeeded")
    fresh = state(bad)
    assert (fresh.attempts, fresh.error_message, fresh.ended_at) == (0, "", None)
    assert [message[1] for message in sent] == [str(bad.pk)]
    jobs.fail(jobs.claim(bad.pk, "w"), code="c", public_message="m")
    assert jobs.retry(bad.pk).state == "queued"
    assert jobs.retry(good.pk).state == "succeeded"


def die(job):
    """Let the worker's heartbeat grow old."""
    Job.objects.filter(pk=job.pk).update(heartbeat_at=clock.now() - jobs.DEAD_AFTER - timedelta(seconds=1))


def test_a_dead_workers_job_is_queued_again_and_the_dead_can_not_write(sent):
    job = ask()
    ghost = jobs.claim(job.pk, "w1")
    die(job)
    assert jobs.sweep() == {"given_up": 0, "requeued": 1, "sent": 1}
    for write in (
        lambda: jobs.beat(ghost, progress=0.9),
        lambda: jobs.succeed(ghost, {"from": "the dead"}),
        lambda: jobs.fail(ghost, code="c", public_message="m"),
    ):
        with pytest.raises(jobs.ClaimLost):
            write()
    heir = jobs.claim(job.pk, "w2")
    with pytest.raises(jobs.ClaimLost):
        jobs.succeed(ghost, {"from": "the dead"})
    jobs.succeed(heir, {"from": "the heir"})
    assert state(job).result == {"from": "the heir"}


def test_a_job_that_kills_its_workers_is_given_up(sent):
    job = ask()
    for _ in range(jobs.MAX_ATTEMPTS):
        assert jobs.claim(job.pk, "w") is not None
        die(job)
        jobs.sweep()
    ended = state(job)
    assert (ended.state, ended.error_code) == ("failed", "worker_died")
    assert "memory" in ended.error_message


def test_a_living_worker_is_left_alone(sent):
    job = jobs.claim(ask().pk, "w")
    jobs.beat(job)
    assert jobs.sweep() == {"given_up": 0, "requeued": 0, "sent": 0}
    assert state(job).state == "running"
