"""PostgreSQL or the broker goes away and comes back: every edge says so in its own words, nothing is a 500 or started again."""

from collections.abc import Iterator

import pytest

from tests.faults.away import Site, running_site

AWAY = "Ropewalk's database does not answer just now."


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running_site() as site:
        yield site


@pytest.fixture(autouse=True)
def _no_defects(site: Site) -> Iterator[None]:
    programs = {name: site.instance.pids(name) for name in ("web", "ssh", "worker", "beat")}
    yield
    assert site.defects() == []
    assert {name: site.instance.pids(name)[:1] for name in programs} == {
        name: pids[:1] for name, pids in programs.items()
    }


def _all_well(site: Site) -> bool:
    return all(request().status_code < 400 for request in site.http().values())


def test_the_database_goes_away_and_comes_back(site: Site) -> None:
    with site.asked_without_pause() as statuses:
        site.wait_for(lambda: statuses.total() > 60, "no answers")
        site.database.stop()
        before = statuses[503]
        site.wait_for(lambda: statuses[503] > before + 20, "nothing says 503")
        for name, request in site.http().items():
            answer = request()
            assert answer.status_code == 503 and int(answer.headers["Retry-After"]) > 0, name
            assert AWAY in answer.text.replace("&#x27;", "'"), name
            assert "/run/" not in answer.text and "socket" not in answer.text, name
        assert "<h1" in site.page().text and "Try again" in site.page().text
        assert site.api_get().json()["code"] == "unavailable"
        assert site.mlflow().json()["error_code"] == "TEMPORARILY_UNAVAILABLE"
        site.commit()
        for said in (site.clone(), site.push()):
            assert AWAY in said and "503" in said
        assert AWAY in site.ssh()
        site.database.start()
        site.wait_for(lambda: _all_well(site), "not all edges answer again")
    assert set(statuses) == {200, 503}
    assert site.clone() == site.push() == site.ssh() == ""
    assert 0 < len(site.lines("outage")) < statuses[503] / 5


def test_the_broker_goes_away_and_comes_back(site: Site) -> None:
    with site.asked_without_pause() as statuses:
        site.wait_for(lambda: statuses.total() > 30, "no answers")
        site.broker.stop()
        tip = site.commit()
        assert site.push() == site.clone() == site.ssh() == "", "what needs no broker goes on"
        for name, request in site.http().items():
            assert request().status_code == (503 if name == "sign in" else 200), name
        assert site.page(f"/commit/{tip}").ok and site.page("/compare/main...main").ok
        # What counts failures and uses stays shut, and says why.
        for answer in (site.sign_in(), site.with_password(), site.api_get("/search/code?q=Kept")):
            assert answer.status_code == 503 and int(answer.headers["Retry-After"]) > 0
        waiting = {job["id"] for job in site.jobs("queued")}
        assert waiting, "the push's job waits"
        site.broker.start()
        site.wait_for(lambda: _all_well(site), "not all edges answer again")
        site.wait_for(
            lambda: waiting <= {job["id"] for job in site.jobs("succeeded")}, "a job was not sent again"
        )
    assert set(statuses) == {200}
    assert site.jobs("failed") == []


def test_jobs_that_run_while_the_broker_goes_away_end_well_and_once(site: Site) -> None:
    lost = len(site.lines("Connection to broker lost"))
    site.commit()
    with site.indexing_stands_still():
        assert site.push() == ""
        site.wait_for(lambda: site.jobs("queued") == [] != site.jobs("running"), "no job runs")
        running = {job["id"] for job in site.jobs("running")}
        assert len(running) < 3, "a process of the worker waits for another job"
        site.broker.stop()
        site.wait_for(lambda: len(site.lines("Connection to broker lost")) > lost, "the worker sees nothing")
    site.wait_for(lambda: running <= {job["id"] for job in site.jobs("succeeded")}, "a job did not end")
    site.broker.start()
    site.wait_for(lambda: _all_well(site), "not all edges answer again")
    site.commit()
    assert site.push() == ""
    site.wait_for(lambda: site.jobs("queued") == site.jobs("running") == [], "the worker is not back")
    assert site.jobs("failed") == [] and set(site.job_rows(running, "attempts")) == {1}


def test_jobs_that_wait_outlive_an_outage_of_the_database_with_their_messages(site: Site) -> None:
    before = len(site.lines("outage"))
    with site.indexing_stands_still():
        for _ in range(3):
            site.commit()
            assert site.push() == ""
        site.wait_for(lambda: len(site.jobs("running")) == 3, "the worker is not busy")
        waiting = {job["id"] for job in site.jobs("queued")}
        sent = site.job_rows(waiting, "sent_at")
        assert waiting and None not in sent
        site.database.stop()
    site.wait_for(
        lambda: any(line.startswith("worker") for line in site.lines("outage")[before:]),
        "the worker sees nothing",
    )
    site.database.start()
    site.wait_for(lambda: waiting <= {job["id"] for job in site.jobs("succeeded")}, "a job did not end", 240)
    assert site.job_rows(waiting, "sent_at") == sent, "the sweep had to send them again"
