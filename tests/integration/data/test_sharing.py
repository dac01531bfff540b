"""Objects lent to a fork: rows without bytes, readable for as long as anybody refers to them, gone with the last."""

import itertools
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections, transaction

from ropewalk.core import clock
from ropewalk.core.blobs.disk import DiskStore
from ropewalk.core.errors import NotFound
from ropewalk.core.locks import lock_in_transaction
from ropewalk.data import selectors, services
from ropewalk.data.models import DirEntry, StoredObject
from ropewalk.data.oids import ObjectAddress
from ropewalk.data.services import sharing
from ropewalk.data.services.holders import holder_lock
from ropewalk.projects.models import Project
from tests.factories.builders import make_project
from tests.integration.data.conftest import listing, md5, send, stored_files
from workers.runners import purge_projects


@pytest.fixture(autouse=True)
def repositories(settings: Any, tmp_path: Path) -> None:
    settings.REPOSITORIES_ROOT = tmp_path / "repos"


def lend(lender: Project, borrower: Project) -> int:
    return services.share_all(lender_id=lender.pk, borrower_id=borrower.pk, pause=lambda _seen: None)


def content(project: Project, address: ObjectAddress) -> bytes:
    return b"".join(selectors.open_object(project.pk, address))


def purge(*projects: Project) -> int:
    past = clock.now() - timedelta(days=30)
    Project.objects.filter(pk__in=[project.pk for project in projects]).update(deleted_at=past)
    return purge_projects.purge()


def test_a_fork_reads_everything_and_no_byte_is_copied(project: Project, objects: DiskStore) -> None:
    file, old = send(project, b"one"), send(project, b"old", legacy=True)
    folder = send(project, listing({"a": b"one", "sub/b": b"two"}), is_dir=True)
    waiting = send(project, listing({"c": b"never pushed"}), is_dir=True)
    send(project, b"two")
    before, fork = stored_files(objects), make_project()
    assert lend(project, fork) == 4
    assert stored_files(objects) == before
    assert [content(fork, address) for address in (file, old)] == [b"one", b"old"]
    assert content(fork, folder) == content(project, folder)
    assert [entry.path for entry in selectors.dir_listing(fork.pk, folder)] == ["sub", "a"]
    assert selectors.dir_file(fork.pk, folder, "sub/b") == ObjectAddress(md5(b"two"))
    assert selectors.object_state(fork.pk, waiting) is None
    usage = selectors.usage(fork.pk)
    assert (usage.count, usage.shared, usage.incomplete) == (4, usage.size, 0)
    assert selectors.usage(project.pk).shared == 0
    rows = DirEntry.objects.for_project(fork.pk).count()
    assert lend(project, fork) == 4  # again, as after a kill: nothing twice
    assert (selectors.usage(fork.pk), DirEntry.objects.for_project(fork.pk).count()) == (usage, rows)


def test_what_the_fork_has_is_not_taken_again_and_new_objects_are_its_own(
    project: Project, objects: DiskStore
) -> None:
    send(project, b"shared")
    fork = make_project()
    lend(project, fork)
    again = services.receive_object(
        project_id=fork.pk, address=ObjectAddress(md5(b"shared")), blocks=[b"shared"], user_id=None
    )
    assert not again.created
    assert objects.list(f"p/{fork.pk}/") == []
    fresh = send(fork, b"new")
    assert objects.stat(fresh.key(fork.pk)) is not None
    assert selectors.object_state(project.pk, fresh) is None
    assert selectors.usage(fork.pk).shared == len(b"shared")


def test_a_file_that_comes_by_reference_completes_a_list_that_waits_for_it(project: Project) -> None:
    fork = make_project()
    folder = send(fork, listing({"a": b"one"}), is_dir=True)
    assert selectors.object_state(fork.pk, folder) is None
    send(project, b"one")
    lend(project, fork)
    assert selectors.object_state(fork.pk, folder) is not None


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_bytes_stay_for_the_last_who_refers_to_them_and_go_with_it(
    project: Project, objects: DiskStore, order: tuple[int, ...]
) -> None:
    addresses = [send(project, b"one"), send(project, listing({"a": b"one"}), is_dir=True)]
    fork, third = make_project(), make_project()
    lend(project, fork)
    lend(fork, third)
    addresses.append(send(fork, b"of the fork"))
    lend(fork, third)
    family = [project, fork, third]
    for step, gone in enumerate(order):
        assert purge(family[gone]) == 1
        for left in order[step + 1 :]:
            for address in addresses[: 3 if left else 2]:
                assert content(family[left], address)
    assert stored_files(objects) == []


def test_projects_purged_at_once_leave_nothing(project: Project, objects: DiskStore) -> None:
    send(project, b"one")
    fork, third = make_project(), make_project()
    lend(project, fork)
    lend(project, third)
    assert purge(project, fork, third) == 3
    assert stored_files(objects) == []


@pytest.mark.parametrize("step", range(8))
def test_a_purge_of_two_that_is_killed_goes_on(
    project: Project, objects: DiskStore, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses = [send(project, b"one"), send(project, listing({"a": b"one"}), is_dir=True)]
    fork, living = make_project(), make_project()
    lend(project, fork)
    fresh = send(fork, b"of the fork")
    lend(fork, living)
    whole = purge_projects._batches

    def killed(project_id: int) -> Iterator[int]:
        yield from itertools.islice(whole(project_id), step)
        raise SystemExit

    monkeypatch.setattr(purge_projects, "_batches", killed)
    with pytest.raises(SystemExit):
        purge(project, fork)
    monkeypatch.undo()
    assert purge_projects.purge() == 2
    assert all(content(living, address) for address in [*addresses, fresh])
    assert purge(living) == 1
    assert stored_files(objects) == []


def test_a_deleted_project_that_can_come_back_keeps_what_it_refers_to(project: Project) -> None:
    address, fork = send(project, b"one"), make_project()
    lend(project, fork)
    Project.objects.filter(pk=fork.pk).update(deleted_at=clock.now())
    assert purge(project) == 1
    Project.objects.filter(pk=fork.pk).update(deleted_at=None)
    assert content(fork, address) == b"one"


def test_lost_bytes_come_back_as_the_forks_own(project: Project, objects: DiskStore) -> None:
    address, fork = send(project, b"one"), make_project()
    lend(project, fork)
    objects.delete(address.key(project.pk))
    assert send(fork, b"one") == address
    assert content(fork, address) == b"one"
    assert objects.stat(address.key(project.pk)) is None
    assert selectors.usage(fork.pk).shared == 0


def test_damaged_bytes_of_a_holder_that_is_gone_leave_with_their_last_reference(
    project: Project, objects: DiskStore
) -> None:
    address, fork = send(project, b"one"), make_project()
    lend(project, fork)
    purge(project)
    with objects.writer(address.key(project.pk)) as writer:
        writer.write(b"damaged")
        writer.commit()
    send(fork, b"one")
    assert [entry.key for entry in objects.list("p/")] == [address.key(fork.pk)]


def test_the_sweep_of_orphans_spares_what_only_a_fork_refers_to(project: Project, objects: DiskStore) -> None:
    address, fork = send(project, b"one"), make_project()
    lend(project, fork)
    StoredObject.objects.for_project(project.pk).delete()
    swept = services.sweep_orphans(project_id=project.pk, older_than=clock.now() + timedelta(hours=1))
    assert swept.removed == 0
    assert content(fork, address) == b"one"


def test_nothing_is_lent_by_a_project_under_purge(project: Project) -> None:
    send(project, b"one")
    fork = make_project()
    Project.objects.filter(pk=project.pk).update(purge_started_at=clock.now())
    with pytest.raises(NotFound):
        lend(project, fork)
    assert selectors.usage(fork.pk).count == 0


def test_twenty_thousand_rows_come_in_a_few_statements(project: Project) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO data_storedobject (project_id, kind, oid, size, sha256, complete, created_at)
               SELECT %s, 'file', md5(n::text), 1, '', true, now() FROM generate_series(1, 20000) n""",
            [project.pk],
        )
    fork, steps = make_project(), []
    with_count = services.share_all(lender_id=project.pk, borrower_id=fork.pk, pause=steps.append)
    assert with_count == 20_000
    assert steps == [0, 5000, 10_000, 15_000]
    assert selectors.usage(fork.pk).count == 20_000


def test_only_what_the_fork_lacks_is_offered_again(
    project: Project, objects: DiskStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharing, "_WINDOW", 3)
    for number in range(10):
        send(project, b"%d" % number)
    offered: list[str] = []
    share = sharing._share
    monkeypatch.setattr(
        sharing, "_share", lambda *arguments: (offered.extend(arguments[3]), share(*arguments))
    )
    fork = make_project()
    assert (lend(project, fork), len(offered)) == (10, 10)
    late = send(project, b"late")
    assert lend(project, fork) == 11
    assert offered[10:] == [late.oid]
    assert content(fork, late) == b"late"


@pytest.mark.django_db(transaction=True)
def test_a_purge_waits_for_a_loan_that_is_being_made_and_then_sees_it(objects: DiskStore) -> None:
    project, fork = make_project(), make_project()
    address = send(project, b"one")
    done = threading.Event()

    def remove() -> None:
        try:
            purge(project)
        finally:
            connections.close_all()
            done.set()

    with transaction.atomic():
        lend(project, fork)  # in a transaction of the test's: not committed until the block ends
        worker = threading.Thread(target=remove)
        worker.start()
        assert waits_for_a_lock()
        assert not done.is_set()
    worker.join(30)
    assert content(fork, address) == b"one"
    assert not Project.objects.filter(pk=project.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_a_loan_waits_for_a_purge_and_then_finds_nothing_to_lend(objects: DiskStore) -> None:
    project, fork = make_project(), make_project()
    send(project, b"one")
    outcome: list[str] = []

    def borrow() -> None:
        try:
            lend(project, fork)
        except NotFound:
            outcome.append("refused")
        finally:
            connections.close_all()

    with transaction.atomic():
        lock_in_transaction(holder_lock(project.pk))
        worker = threading.Thread(target=borrow)
        worker.start()
        assert waits_for_a_lock()
        Project.objects.filter(pk=project.pk).update(purge_started_at=clock.now())
    worker.join(30)
    assert outcome == ["refused"]
    assert selectors.usage(fork.pk).count == 0


@pytest.mark.django_db(transaction=True)
def test_purges_and_loans_at_once_never_leave_a_row_without_bytes(objects: DiskStore) -> None:
    for _ in range(8):
        project, fork, third = make_project(), make_project(), make_project()
        for number in range(20):
            send(project, f"{number}".encode())
        lend(project, fork)
        start = threading.Barrier(3)

        def run(deed: Any, *args: Project, start: threading.Barrier = start) -> None:
            try:
                start.wait(10)
                deed(*args)
            except NotFound:
                pass
            finally:
                connections.close_all()

        deeds = [(purge, project), (purge, fork), (lend, fork, third)]
        threads = [threading.Thread(target=run, args=deed) for deed in deeds]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        purge(project, fork)  # one of two purges at once leaves its part to the next run
        rows = StoredObject.objects.for_project(third.pk).values_list("oid", flat=True)
        assert all(content(third, ObjectAddress(oid)) for oid in rows)
        purge(third)
        assert stored_files(objects) == []


def waits_for_a_lock() -> bool:
    """Wait until another session waits for an advisory lock."""
    for _ in range(500):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
            if cursor.fetchone()[0]:
                return True
            cursor.execute("SELECT pg_sleep(0.02)")
    return False
