"""Uploads: verified before visible, idempotent, nothing left behind by a failed one."""

import hashlib
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection, connections

from ropewalk.core import clock
from ropewalk.core.blobs.disk import DiskStore
from ropewalk.core.errors import Unprocessable
from ropewalk.data import selectors, services
from ropewalk.data.dirs import BadDirectory
from ropewalk.data.models import StoredObject
from ropewalk.data.oids import ObjectAddress
from ropewalk.projects.models import Project
from tests.factories.builders import make_project
from tests.integration.data.conftest import listing, md5, send, stored_files


def visible(project: Project, address: ObjectAddress) -> bool:
    return selectors.object_state(project.pk, address) is not None


def test_object_is_whole_and_has_both_hashes(project: Project) -> None:
    content = b"x" * (3 << 20)
    address = send(project, content)
    state = selectors.object_state(project.pk, address)
    assert state is not None
    assert (state.size, state.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert b"".join(selectors.open_object(project.pk, address)) == content
    assert b"".join(selectors.open_object(project.pk, address, 5, 9)) == b"xxxx"


def test_wrong_md5_leaves_nothing(project: Project, objects: DiskStore) -> None:
    with pytest.raises(Unprocessable, match="md5"):
        services.receive_object(
            project_id=project.pk, address=ObjectAddress("0" * 32), blocks=iter([b"abc"]), user_id=None
        )
    assert stored_files(objects) == []
    assert selectors.usage(project.pk).count == 0


def test_broken_upload_leaves_nothing(project: Project, objects: DiskStore) -> None:
    def blocks() -> Iterator[bytes]:
        yield b"abc"
        raise ConnectionError

    with pytest.raises(ConnectionError):
        services.receive_object(
            project_id=project.pk, address=ObjectAddress(md5(b"abcdef")), blocks=blocks(), user_id=None
        )
    assert stored_files(objects) == []
    assert selectors.usage(project.pk).count == 0


def test_second_upload_is_drained_and_changes_nothing(project: Project) -> None:
    address = send(project, b"abc")
    read = []

    def blocks() -> Iterator[bytes]:
        for block in (b"other", b"bytes"):
            read.append(block)
            yield block

    again = services.receive_object(project_id=project.pk, address=address, blocks=blocks(), user_id=None)
    assert not again.created
    assert read == [b"other", b"bytes"]
    assert b"".join(selectors.open_object(project.pk, address)) == b"abc"


def test_lost_bytes_are_restored_by_the_next_upload(project: Project, objects: DiskStore) -> None:
    address = send(project, b"abc")
    objects.delete(address.key(project.pk))
    assert send(project, b"abc") == address
    assert b"".join(selectors.open_object(project.pk, address)) == b"abc"


def test_legacy_text_is_named_by_its_unix_form(project: Project) -> None:
    address = ObjectAddress(md5(b"a,b\n1,2\n"), legacy=True)
    services.receive_object(
        project_id=project.pk, address=address, blocks=iter([b"a,b\r\n", b"1,2\r\n"]), user_id=None
    )
    assert b"".join(selectors.open_object(project.pk, address)) == b"a,b\r\n1,2\r\n"
    with pytest.raises(Unprocessable):
        services.receive_object(
            project_id=project.pk,
            address=ObjectAddress(address.oid),
            blocks=iter([b"a,b\r\n1,2\r\n"]),
            user_id=None,
        )


def test_projects_share_nothing(project: Project) -> None:
    address = send(project, b"secret")
    assert not visible(make_project(), address)


FILES = {"a.csv": b"a", "sub/b.csv": b"b", "sub/copy of a.csv": b"a"}


def test_list_before_its_files_appears_with_the_last_one(project: Project) -> None:
    folder = send(project, listing(FILES), is_dir=True)
    assert not visible(project, folder)
    assert selectors.missing_files(project.pk, folder) == sorted({md5(b"a"), md5(b"b")})
    send(project, b"a")
    assert not visible(project, folder)
    send(project, b"b")
    assert visible(project, folder)
    assert selectors.missing_files(project.pk, folder) == []
    assert selectors.dir_size(project.pk, folder) == (3, 3)


def test_list_after_its_files_is_visible_at_once(project: Project) -> None:
    for content in FILES.values():
        send(project, content)
    folder = send(project, listing(FILES), is_dir=True)
    assert visible(project, folder)
    top = selectors.dir_listing(project.pk, folder)
    assert [(item.path, item.is_dir, item.files) for item in top] == [("sub", True, 2), ("a.csv", False, 1)]
    assert [item.path for item in selectors.dir_listing(project.pk, folder, "sub")] == [
        "sub/b.csv",
        "sub/copy of a.csv",
    ]
    assert selectors.dir_file(project.pk, folder, "sub/b.csv") == ObjectAddress(md5(b"b"))
    assert selectors.dir_file(project.pk, folder, "sub/none.csv") is None


def test_files_of_the_other_layout_do_not_complete_a_list(project: Project) -> None:
    folder = send(project, listing({"a": b"a"}), is_dir=True)
    send(project, b"a", legacy=True)
    assert not visible(project, folder)
    old = send(project, listing({"a": b"a"}), is_dir=True, legacy=True)
    assert visible(project, old)


def test_empty_list_is_visible(project: Project) -> None:
    assert visible(project, send(project, b"[]", is_dir=True))


def test_list_sent_again_is_rechecked(project: Project) -> None:
    content = listing({"a": b"a"})
    folder = send(project, content, is_dir=True)
    # As if the file had arrived in a version that announced nothing.
    StoredObject.objects.create(
        project=project, kind="file", oid=md5(b"a"), size=1, sha256="", created_at=clock.now(), complete=True
    )
    assert not visible(project, folder)
    send(project, content, is_dir=True)
    assert visible(project, folder)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[",
        b"[1]",
        b'[{"md5": "0"}]',
        b'[{"relpath": "a"}]',
        b"[]x",
        b"[{}]",
        b"\xff",
        b"[" + b"[" * 200_000,
        b'[{"md5": "%s", "relpath": "../a"}]' % (b"0" * 32),
        b'[{"md5": "%s", "relpath": "/a"}]' % (b"0" * 32),
        b'[{"md5": "%s", "relpath": "a\\u0000"}]' % (b"0" * 32),
        b'[{"md5": "%s", "relpath": "\\ud800"}]' % (b"0" * 32),
        b'[{"md5": "%s", "relpath": "a"},]' % (b"0" * 32),
        b'[{"md5": "%s", "relpath": "a"}{"md5": "%s", "relpath": "b"}]' % (b"0" * 32, b"0" * 32),
        b'[{"md5": "%s", "relpath": "a"}, {"md5": "%s", "relpath": "a"}]' % (b"0" * 32, b"1" * 32),
        b'[{"md5": "%s", "relpath": "%s"}]' % (b"0" * 32, b"a" * 3000),
    ],
)
def test_bad_list_is_refused_and_leaves_nothing(project: Project, objects: DiskStore, content: bytes) -> None:
    with pytest.raises(BadDirectory):
        send(project, content, is_dir=True)
    assert stored_files(objects) == []
    assert selectors.usage(project.pk).count == 0


def test_large_list_is_one_question(project: Project) -> None:
    files = {f"d{i % 100}/{i}.bin": b"%d" % i for i in range(100_000)}
    content = listing(files)
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO data_storedobject (project_id, kind, oid, size, sha256, complete, created_at)
               SELECT %s, 'file', md5(i::text), length(i::text), '', true, now() FROM generate_series(0, 99999) i""",
            [project.pk],
        )
    with CountedQueries() as queries:
        folder = send(project, content, is_dir=True)
    assert visible(project, folder)
    assert queries.count < 20
    assert selectors.dir_size(project.pk, folder)[1] == 100_000


class CountedQueries:
    """How many statements Django sent."""

    def __enter__(self) -> "CountedQueries":
        self.count = 0
        self._wrapper = connection.execute_wrapper(self._one)
        self._wrapper.__enter__()
        return self

    def _one(self, execute, sql, params, many, context):  # type: ignore[no-untyped-def]
        self.count += 1
        return execute(sql, params, many, context)

    def __exit__(self, *exc: object) -> None:
        self._wrapper.__exit__(*exc)


def test_orphans_of_killed_uploads_are_swept(project: Project, objects: DiskStore) -> None:
    kept = send(project, b"kept")
    folder = send(project, b"[]", is_dir=True)
    orphan = ObjectAddress(md5(b"orphan"))
    with objects.writer(orphan.key(project.pk)) as writer:
        writer.write(b"orphan")
        writer.commit()
    past = clock.now() - timedelta(hours=1)
    assert services.sweep_orphans(project_id=project.pk, older_than=past).removed == 0
    soon = clock.now() + timedelta(hours=1)
    assert services.sweep_orphans(project_id=project.pk, older_than=soon).removed == 1
    assert objects.stat(orphan.key(project.pk)) is None
    assert visible(project, kept) and visible(project, folder)
    assert send(project, b"orphan") == orphan and visible(project, orphan)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", range(6))
def test_folders_heal_whatever_the_order_of_parallel_uploads(objects: DiskStore, seed: int) -> None:
    """Two folders that share files, every object sent twice, from eight threads at once."""
    project = make_project()
    files = [b"file %d" % i for i in range(12)]
    first = listing({f"{i}.bin": body for i, body in enumerate(files[:9])})
    second = listing({f"{i}.bin": body for i, body in enumerate(files[4:])})
    work = [(body, False) for body in files * 2] + [(first, True), (second, True)] * 2
    order = sorted(range(len(work)), key=lambda i: hashlib.md5(f"{seed}{i}".encode()).digest())
    failures: list[BaseException] = []

    def worker(number: int) -> None:
        try:
            for i in order[number::8]:
                body, is_dir = work[i]
                send(project, body, is_dir=is_dir)
        except BaseException as error:  # noqa: BLE001  # shown by the main thread
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=worker, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert visible(project, ObjectAddress(md5(first), is_dir=True))
    assert visible(project, ObjectAddress(md5(second), is_dir=True))
    assert selectors.usage(project.pk).incomplete == 0
    assert selectors.usage(project.pk).count == 14
