"""Removed objects: gone at once for everybody, restored whole, and their bytes kept until the purge."""

import itertools
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections

from ropewalk.core import clock
from ropewalk.core.blobs.disk import DiskStore
from ropewalk.core.errors import NotFound
from ropewalk.data import selectors, services
from ropewalk.data.models import DirEntry, MissingChild, Removal, RemovedObject, StoredObject
from ropewalk.data.oids import ObjectAddress
from ropewalk.projects.models import Project
from tests.factories.builders import make_project, make_user
from tests.integration.data.conftest import listing, md5, send, stored_files

FILES = {"a": b"one", "sub/b": b"two"}


def remove(project: Project, *addresses: ObjectAddress, user_id: int | None = None) -> int:
    return services.remove_objects(project_id=project.pk, addresses=addresses, user_id=user_id)


def restore(project: Project) -> int:
    return sum(
        services.restore_removal(project_id=project.pk, removal_id=one.id, pause=lambda _count: None)
        for one in selectors.removals(project.pk)
    )


def visible(project: Project, *addresses: ObjectAddress) -> list[bool]:
    return [selectors.object_state(project.pk, address) is not None for address in addresses]


def purge() -> int:
    return services.purge_removals(before=clock.now() + timedelta(seconds=1))


def folder_of(project: Project) -> tuple[ObjectAddress, ObjectAddress, ObjectAddress]:
    one, two = send(project, b"one"), send(project, b"two")
    return send(project, listing(FILES), is_dir=True), one, two


def test_a_folder_goes_and_comes_back_whole(project: Project, objects: DiskStore) -> None:
    addresses = folder_of(project)
    before = stored_files(objects)
    assert remove(project, *addresses, ObjectAddress("0" * 32)) == 3
    assert visible(project, *addresses) == [False] * 3
    assert (stored_files(objects), selectors.usage(project.pk).count) == (before, 0)
    (removal,) = selectors.removals(project.pk)
    assert (removal.count, removal.size) == (3, sum(map(len, (listing(FILES), b"one", b"two"))))
    assert selectors.removed_among(project.pk, addresses) == set(addresses)
    assert restore(project) == 3
    assert visible(project, *addresses) == [True] * 3
    assert [entry.path for entry in selectors.dir_listing(project.pk, addresses[0])] == ["sub", "a"]
    assert not list(selectors.removals(project.pk)) and not selectors.removed_among(project.pk, addresses)


def test_a_list_whose_file_is_removed_is_not_visible(project: Project) -> None:
    folder, one, two = folder_of(project)
    other = send(project, listing({"b": b"two"}), is_dir=True)
    old = send(project, b"one", legacy=True)
    remove(project, one)
    assert visible(project, folder, one, two, other, old) == [False, False, True, True, True]
    assert selectors.missing_files(project.pk, folder) == [one.oid]
    remove(project, two)
    restore(project)
    assert visible(project, folder, one, two, other) == [True] * 4
    assert not MissingChild.objects.for_project(project.pk).exists()


def test_a_list_comes_back_without_a_file_that_went_later(project: Project) -> None:
    folder, one, two = folder_of(project)
    remove(project, folder, user_id=make_user("a").pk)
    remove(project, one, user_id=make_user("b").pk)
    newest, oldest = selectors.removals(project.pk)
    services.restore_removal(project_id=project.pk, removal_id=oldest.id, pause=lambda _count: None)
    assert visible(project, folder, one, two) == [False, False, True]
    services.restore_removal(project_id=project.pk, removal_id=newest.id, pause=lambda _count: None)
    assert visible(project, folder, one, two) == [True] * 3


def test_uploads_bring_back_what_was_removed(project: Project, objects: DiskStore) -> None:
    folder, one, two = folder_of(project)
    remove(project, folder, one, two)
    for content, is_dir in ((listing(FILES), True), (b"one", False)):
        send(project, content, is_dir=is_dir)
    assert visible(project, folder, one, two) == [False, True, False]
    assert restore(project) == 3
    assert visible(project, folder, one, two) == [True] * 3
    assert StoredObject.objects.for_project(project.pk).count() == 3
    assert DirEntry.objects.for_project(project.pk).count() == 2
    remove(project, folder, one, two)
    send(project, listing(FILES), is_dir=True)
    remove(project, folder)  # removed, stored and removed again
    assert RemovedObject.objects.for_project(project.pk).count() == 3
    assert DirEntry.objects.for_project(project.pk).count() == 2
    restore(project)
    assert visible(project, folder, one, two) == [True] * 3


def test_requests_of_one_person_are_one_removal(project: Project) -> None:
    ann, bob = make_user("ann"), make_user("bob")
    sent = [send(project, bytes([number])) for number in range(4)]
    for address, user in zip(sent, (ann, ann, bob, ann), strict=True):
        remove(project, address, user_id=user.pk)
    remove(project, sent[0], user_id=bob.pk)  # it is gone already: nothing is told
    found = [(one.removed_by, one.count) for one in selectors.removals(project.pk)]
    assert sorted(found) == [("ann", 3), ("bob", 1)]
    Removal.objects.for_project(project.pk).update(last_at=clock.now() - timedelta(minutes=11))
    remove(project, send(project, b"later"), user_id=ann.pk)
    assert len(selectors.removals(project.pk)) == 3


def test_a_thousand_keys_cost_few_queries(project: Project, django_assert_max_num_queries: Any) -> None:
    sent = [send(project, b"%d" % number) for number in range(300)]
    folder = send(project, listing({str(n): b"%d" % n for n in range(300)}), is_dir=True)
    with django_assert_max_num_queries(40):
        assert remove(project, folder, *sent) == 301
    with django_assert_max_num_queries(60):
        assert restore(project) == 301
    assert visible(project, folder) == [True]


def test_the_purge_takes_the_bytes_that_nobody_else_needs(project: Project, objects: DiskStore) -> None:
    folder, one, two = folder_of(project)
    fork = make_project()
    kept = send(project, b"kept")
    remove(project, folder, one, two)
    send(project, b"one")  # stored again
    assert services.purge_removals(before=clock.now() - timedelta(days=1)) == 0
    assert services.share_all(lender_id=project.pk, borrower_id=fork.pk, pause=lambda _seen: None) == 2
    assert purge() == 3
    left = [address for address in (folder, one, two, kept) if objects.stat(address.key(project.pk))]
    assert left == [one, kept]
    assert not Removal.objects.for_project(project.pk).exists()
    assert not DirEntry.objects.for_project(project.pk).exists()
    assert visible(fork, one, kept) == [True, True]


def test_what_a_fork_refers_to_or_removed_keeps_its_bytes(project: Project, objects: DiskStore) -> None:
    lent, own = send(project, b"lent"), send(project, b"own")
    fork = make_project()
    services.share_all(lender_id=project.pk, borrower_id=fork.pk, pause=lambda _seen: None)
    remove(fork, own)
    remove(project, lent, own)
    services.sweep_all_orphans(older_than=clock.now() + timedelta(days=1))
    Removal.objects.for_project(fork.pk).update(last_at=clock.now() + timedelta(days=1))
    assert purge() == 2
    assert visible(fork, lent) == [True]
    assert b"".join(selectors.open_object(fork.pk, lent)) == b"lent"
    assert restore(fork) == 1
    assert b"".join(selectors.open_object(fork.pk, own)) == b"own"
    remove(fork, lent, own)
    assert purge() == 2
    assert stored_files(objects) == []


def test_a_purge_that_began_ends_restoration(project: Project) -> None:
    one = send(project, b"one")
    remove(project, one)
    (removal,) = selectors.removals(project.pk)
    Removal.objects.for_project(project.pk).update(purge_started_at=clock.now())
    assert not list(selectors.removals(project.pk)) and selectors.removal(project.pk, removal.id) is None
    with pytest.raises(NotFound):
        services.request_restoration(project_id=project.pk, removal_id=removal.id, user_id=None)
    with pytest.raises(NotFound):
        services.restore_removal(project_id=project.pk, removal_id=removal.id, pause=lambda _count: None)
    assert visible(project, one) == [False]


def test_a_killed_purge_is_gone_on_with(
    project: Project, objects: DiskStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = folder_of(project)
    remove(project, *sent)
    delete, calls = objects.delete, itertools.count()

    def dies(key: str) -> None:
        if next(calls) == 1:
            raise KeyboardInterrupt
        delete(key)

    monkeypatch.setattr(objects, "delete", dies)
    with pytest.raises(KeyboardInterrupt):
        purge()
    assert len(stored_files(objects)) == 2
    assert purge() == 3 - 1
    assert stored_files(objects) == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("which", [0, 1])
def test_a_restoration_waits_for_an_upload_of_the_same_without_the_lock(
    objects: DiskStore, monkeypatch: pytest.MonkeyPatch, which: int
) -> None:
    """An upload has its place before it asks for the lock: with the lock in hand the restoration would wait for ever."""
    project = make_project()
    addresses = folder_of(project)
    remove(project, *addresses)
    contents = [(listing(FILES), True), (b"one", False)]
    name = ("_read_list", "_announce")[which]
    goes_on = getattr(services.objects, name)
    placed = threading.Event()

    def waits(*given: Any) -> None:
        placed.set()
        with connections["default"].cursor() as cursor:
            for _ in range(1000):
                cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
                if cursor.fetchone()[0]:
                    break
                cursor.execute("SELECT pg_sleep(0.01)")
        goes_on(*given)

    def uploads() -> None:
        send(project, contents[which][0], is_dir=contents[which][1])

    def restores() -> None:
        placed.wait(30)
        restore(project)

    monkeypatch.setattr(services.objects, name, waits)
    together(uploads, restores)
    assert visible(project, *addresses) == [True] * 3


def together(*deeds: Callable[[], object]) -> None:
    barrier, failures = threading.Barrier(len(deeds)), []

    def run(deed: Callable[[], object]) -> None:
        try:
            barrier.wait()
            deed()
        except Exception as error:  # noqa: BLE001  # whatever it is, the test says it
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


@pytest.mark.django_db(transaction=True)
def test_races_leave_no_visible_list_without_its_files(objects: DiskStore) -> None:
    project, fork = make_project(), make_project()
    names = [f"{number}" for number in range(4)]
    contents = [name.encode() for name in names]
    text = listing(dict(zip(names, contents, strict=True)))
    folder, files = ObjectAddress(md5(text), is_dir=True), [ObjectAddress(md5(one)) for one in contents]

    def push() -> None:
        for one in contents:
            send(project, one)
        send(project, text, is_dir=True)

    def lend() -> None:
        services.share_all(lender_id=project.pk, borrower_id=fork.pk, pause=lambda _seen: None)

    for turn in range(40):
        deeds: list[Callable[[], object]] = [push, lambda: remove(project, *files[1:3]), lend]
        deeds.append((lambda: remove(project, folder), lambda: restore(project), purge)[turn % 3])
        together(*deeds)
        for owner in (project, fork):
            if visible(owner, folder) == [True]:
                assert visible(owner, *files) == [True] * len(files), turn
            for address in (folder, *files):
                if visible(owner, address) == [True]:
                    assert b"".join(selectors.open_object(owner.pk, address)), turn
        waiting = StoredObject.objects.unscoped("test").filter(complete=False)
        missing = MissingChild.objects.unscoped("test")
        assert set(waiting.values_list("pk", flat=True)) == set(
            missing.values_list("directory_id", flat=True)
        )
    push()
    assert visible(project, folder, *files) == [True] * 5
