"""DVC data of an imported project comes from its old remote: each object verified, once, and what does not come is named."""

import ipaddress
import json
import threading
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core import serializers
from django.db import connections
from structlog.testing import capture_logs

from ropewalk.core import blobs, jobs
from ropewalk.core.errors import Conflict, Invalid
from ropewalk.core.models import AuditEvent, Job
from ropewalk.core.outbound import AddressRefused
from ropewalk.data import selectors, services
from ropewalk.data.models import RemoteFetch
from ropewalk.data.oids import ObjectAddress
from ropewalk.data.selectors import remote_fetches
from ropewalk.data.services import gathering
from ropewalk.data.types import FetchReport, FetchScope
from ropewalk.projects.models import Project
from tests.factories import builders
from tests.fixtures.old_remote import OldRemote, serving
from tests.integration.monitors.repository import Repository
from workers.runners import base

SECRET = "hidden-secret-of-the-remote"


@pytest.fixture
def remote() -> Iterator[OldRemote]:
    with serving(OldRemote()) as running:
        yield running


@pytest.fixture
def project(transactional_db: None, settings: Any, tmp_path: Path) -> Iterator[Project]:
    settings.REPOSITORIES_ROOT = tmp_path / "repos"
    settings.OBJECTS_ROOT = tmp_path / "objects"
    settings.ROPEWALK_ALLOWED_NETWORKS = (ipaddress.ip_network("127.0.0.1/32"),)
    blobs.store.cache_clear()
    yield builders.make_project()
    blobs.store.cache_clear()


@pytest.fixture
def repository(project: Project, tmp_path: Path) -> Repository:
    return Repository(project, tmp_path / "work")


def pointer(path: str, oid: str, *, legacy: bool = False) -> str:
    return f"outs:\n- md5: {oid}\n  path: {path}\n" + ("" if legacy else "  hash: md5\n")


def start(project: Project, remote: OldRemote, **more: Any) -> Job:
    services.start_data_fetch(
        project_id=project.pk, user_id=project.created_by_id, url=more.pop("url", remote.url), **more
    )
    return newest(project)


def newest(project: Project) -> Job:
    return Job.objects.filter(project_id=project.pk, kind="fetch-data").latest("created_at")


def run(project: Project, remote: OldRemote, **more: Any) -> tuple[Job, FetchReport]:
    job = start(project, remote, **more)
    base.run(str(job.pk), "test")
    job.refresh_from_db()
    return job, reported(project)


def reported(project: Project) -> FetchReport:
    found = remote_fetches.remote_fetch(project.pk)
    assert found is not None
    return found.report


def visible(project: Project, oid: str, *, legacy: bool = False) -> bool:
    address = ObjectAddress(oid.removesuffix(".dir"), is_dir=oid.endswith(".dir"), legacy=legacy)
    return selectors.object_state(project.pk, address) is not None


def test_files_folders_and_the_old_layout(
    project: Project, repository: Repository, remote: OldRemote
) -> None:
    file, old = remote.add(b"a" * 3_000_000), remote.add(b"old\n", legacy=True)
    folder = remote.add_folder({f"part/{n}.txt": b"%d" % n for n in range(40)})
    old_folder = remote.add_folder({"x.bin": b"x"}, legacy=True)
    repository.commit({
        "a.bin.dvc": pointer("a.bin", file), "data.dvc": pointer("data", folder),
        "old.txt.dvc": pointer("old.txt", old, legacy=True), "older.dvc": pointer("older", old_folder, legacy=True),
    })  # fmt: skip
    job, report = run(project, remote)
    assert (job.state, job.error_message) == ("succeeded", "")
    assert (report.wanted, report.fetched, report.missing, report.refused) == (45, 45, 0, 0)
    assert report.size > 3_000_000
    assert all(visible(project, oid) for oid in (file, folder))
    assert all(visible(project, oid, legacy=True) for oid in (old, old_folder))
    before = len(remote.seen)
    job, report = run(project, remote)
    assert (job.state, report.fetched, report.present) == ("succeeded", 0, 4)
    assert len(remote.seen) == before  # what is here is not asked for again
    assert AuditEvent.objects.filter(action="data.fetch_started", project_id=project.pk).count() == 2


def test_what_does_not_come_is_named(project: Project, repository: Repository, remote: OldRemote) -> None:
    gone, forged = remote.add(b"gone"), remote.add(b"true")
    folder = remote.add_folder({"in/lost.txt": b"lost", "kept.txt": b"kept"})
    lost = remote.add(b"lost")
    del remote.files[remote.path(gone)], remote.files[remote.path(lost)]
    remote.files[remote.path(forged)] = b"false"
    repository.commit({
        "gone.dvc": pointer("gone", gone), "forged.dvc": pointer("forged", forged), "data.dvc": pointer("data", folder),
    })  # fmt: skip
    job, report = run(project, remote)
    assert job.state == "succeeded"
    assert (report.fetched, report.missing, report.refused) == (2, 2, 1)
    assert {(item.oid, item.path) for item in report.first_missing} == {
        (gone, "gone"),
        (lost, "data/in/lost.txt"),
    }
    assert [(item.oid, item.path, item.why) for item in report.first_refused] == [
        (forged, "forged", "md5_mismatch")
    ]
    assert not visible(project, folder)  # a file of it is missing
    assert not visible(project, forged)
    remote.add(b"lost")
    _, report = run(project, remote)
    assert (report.fetched, report.missing) == (1, 1)
    assert visible(project, folder)


@pytest.mark.parametrize(
    ("kind", "name", "header_name", "header"),
    [
        ("basic", "ada", "Authorization", "Basic " + b64encode(f"ada:{SECRET}".encode()).decode()),
        ("bearer", "", "Authorization", f"Bearer {SECRET}"),
        ("header", "X-Key", "X-Key", SECRET),
    ],
)
def test_sign_in(
    project: Project, repository: Repository, remote: OldRemote, kind: str, name: str, header_name: str, header: str
) -> None:  # fmt: skip
    remote.header, remote.header_name = header, header_name
    repository.commit({"a.dvc": pointer("a", remote.add(b"a"))})
    job, _ = run(project, remote)
    assert (job.state, job.error_code) == ("failed", "sign_in_needed")
    with capture_logs() as logs:
        job, _ = run(project, remote, kind=kind, name=name, secret="wrong")
        assert (job.state, job.error_code) == ("failed", "sign_in_refused")
        job, report = run(project, remote, kind=kind, name=name, secret=SECRET)
    assert (job.state, report.fetched) == ("succeeded", 1)
    row = RemoteFetch.objects.for_project(project.pk).get()
    assert row.sign_in == ""
    rows = [row, *Job.objects.all(), *AuditEvent.objects.all()]
    assert SECRET not in serializers.serialize("json", rows) + json.dumps(logs, default=str)


def test_everything_denied_is_a_refusal_and_a_part_is_not(
    project: Project, repository: Repository, remote: OldRemote
) -> None:
    remote.header, remote.denial = "Basic x", 403
    repository.commit({"a.dvc": pointer("a", remote.add(b"a")), "b.dvc": pointer("b", remote.add(b"b"))})
    job, report = run(project, remote, kind="bearer", secret="wrong")
    assert (job.state, job.error_code, report.missing) == ("failed", "sign_in_refused", 2)
    remote.header = ""
    remote.faults[remote.path(remote.add(b"a"))] = [403]
    job, report = run(project, remote)
    assert (job.state, report.fetched, report.missing) == ("succeeded", 1, 1)


def test_faults_of_the_server(
    project: Project, repository: Repository, remote: OldRemote, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ropewalk.data.remote_reading._PATIENCE", (0.01, 0.01))
    shaky, cut, bad = remote.add(b"shaky"), remote.add(b"c" * 500_000), remote.add(b"bad")
    remote.faults[remote.path(shaky)] = [503, 500]
    remote.faults[remote.path(bad)] = [500] * 9
    remote.cut.add(remote.path(cut))
    repository.commit({
        "shaky.dvc": pointer("shaky", shaky), "cut.dvc": pointer("cut", cut), "bad.dvc": pointer("bad", bad),
    })  # fmt: skip
    job, report = run(project, remote, kind="bearer", secret="kept")
    assert (job.state, job.error_code, report.fetched, report.broken) == ("failed", "fetch_incomplete", 2, 1)
    assert (
        RemoteFetch.objects.for_project(project.pk).get().sign_in
    )  # nothing was wrong with it: it serves the next try
    job, report = run(project, remote)
    assert (job.state, report.fetched, report.present) == ("succeeded", 1, 2)
    assert remote.seen[-1][1] == "Bearer kept"


def test_a_remote_that_leads_to_storage_is_followed(
    project: Project, repository: Repository, remote: OldRemote
) -> None:
    remote.header = f"Bearer {SECRET}"
    oid, inside = remote.add(b"a"), remote.add(b"inside")
    with serving(OldRemote()) as storage:
        storage.files["/presigned?signature=s"] = remote.files.pop(remote.path(oid))
        remote.leads = {
            remote.path(oid): storage.url.replace("/store", "/presigned?signature=s"),
            remote.path(inside): "http://127.0.0.2/presigned",
        }
        repository.commit({"a.dvc": pointer("a", oid)})
        job, report = run(project, remote, kind="bearer", secret=SECRET)
        assert (job.state, report.fetched, job.error_message) == ("succeeded", 1, "")
        assert storage.seen == [("/presigned?signature=s", "")]
        repository.commit({"b.dvc": pointer("b", inside)})
        job, report = run(project, remote, kind="bearer", secret=SECRET)
        assert (job.state, job.error_code, report.fetched) == ("failed", "address_refused", 0)


def test_limits(project: Project, repository: Repository, remote: OldRemote, settings: Any) -> None:
    settings.ROPEWALK_MAX_OBJECT_BYTES = 1000
    large, small = remote.add(b"l" * 2000), remote.add(b"small")
    repository.commit({"large.dvc": pointer("large", large), "small.dvc": pointer("small", small)})
    job, report = run(project, remote)
    assert (job.state, report.fetched, [item.why for item in report.first_refused]) == (
        "succeeded",
        1,
        ["too_large"],
    )
    settings.ROPEWALK_MAX_OBJECT_BYTES, settings.ROPEWALK_MAX_DATA_FETCH_BYTES = 1 << 20, 1500
    job, report = run(project, remote)
    assert (job.state, job.error_code) == ("failed", "data_limit")
    assert not visible(project, large)


def test_which_commits(project: Project, repository: Repository, remote: OldRemote) -> None:
    first, second, third = (remote.add(text) for text in (b"1", b"2", b"3"))
    repository.commit({"a.dvc": pointer("a", first)}, tag="v1")
    repository.commit({"a.dvc": pointer("a", second)})
    repository.commit({"a.dvc": pointer("a", third)})
    for scope, fetched in ((FetchScope.DEFAULT, 1), (FetchScope.TIPS, 1), (FetchScope.HISTORY, 0)):
        _, report = run(project, remote, scope=scope)
        assert report.fetched == fetched
    assert [visible(project, oid) for oid in (first, second, third)] == [True, False, True]


def test_cancelled_in_the_middle(
    project: Project, repository: Repository, remote: OldRemote, monkeypatch: pytest.MonkeyPatch
) -> None:
    oids = [remote.add(b"%d" % number) for number in range(60)]
    repository.commit({f"f{n}.dvc": pointer(f"f{n}", oid) for n, oid in enumerate(oids)})
    reached, goes_on, learned = threading.Event(), threading.Event(), threading.Event()
    beat = jobs.beat

    def listen(*args: Any, **values: Any) -> None:
        try:
            beat(*args, **values)
        except jobs.ClaimLost:
            if threading.current_thread().name == "the worker":
                learned.set()
            raise

    monkeypatch.setattr(jobs, "beat", listen)

    def slow(_: str) -> None:
        if len(remote.seen) > 20:
            reached.set()
            goes_on.wait(60)

    remote.watch = slow
    job = start(project, remote, kind="bearer", secret="kept")
    with pytest.raises(Conflict):
        start(project, remote)

    def work() -> None:
        base.run(str(job.pk), "test")
        connections.close_all()

    worker = threading.Thread(target=work, name="the worker")
    worker.start()
    assert reached.wait(60)
    assert services.cancel_data_fetch(project_id=project.pk, cancelled_by="ada")
    assert learned.wait(60)  # while every thread still waits for the remote
    goes_on.set()
    worker.join(60)
    assert not worker.is_alive()
    job.refresh_from_db()
    assert (job.state, job.error_code) == ("failed", "cancelled")
    assert len(remote.seen) < 60
    assert RemoteFetch.objects.for_project(project.pk).get().sign_in == ""
    remote.watch = lambda _: None
    _, report = run(project, remote)
    assert report.fetched + report.present == 60
    assert report.present >= 1


def test_where_nobody_is_sent(project: Project, remote: OldRemote, settings: Any) -> None:
    with pytest.raises(AddressRefused):
        start(project, remote, url="http://127.0.0.2/store")
    with pytest.raises(AddressRefused):
        start(project, remote, url="s3://bucket/x", endpoint="http://169.254.169.254")
    for url in ("gs://bucket/x", "ssh://host/x", "/data/store", "s3://../x", "file:///etc", "https://h/?x"):
        with pytest.raises(Invalid):
            start(project, remote, url=url)
    for name, secret in (("ada", ""), ("a:b", "x"), ("ada", "x\r\nHost: y")):
        with pytest.raises(Invalid):
            start(project, remote, name=name, secret=secret)
    for header in ("Host", "X Y", "Range"):
        with pytest.raises(Invalid):
            start(project, remote, kind="header", name=header, secret="x")
    assert not Job.objects.exists()
    job = start(project, remote)
    settings.ROPEWALK_ALLOWED_NETWORKS = ()
    base.run(str(job.pk), "test")  # it looks again, at the addresses that it connects to
    job.refresh_from_db()
    assert (job.state, job.error_code) == ("failed", "address_refused")


def test_a_server_that_is_gone_ends_it_early(
    project: Project, repository: Repository, remote: OldRemote, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "_BROKEN_IN_A_ROW", 5)
    repository.commit({f"f{n}.dvc": pointer(f"f{n}", remote.add(b"%d" % n)) for n in range(40)})
    with serving(OldRemote()) as gone:
        url = gone.url
    job, report = run(project, remote, url=url)
    assert (job.state, job.error_code) == ("failed", "unavailable")
    assert 5 <= report.broken < 40
