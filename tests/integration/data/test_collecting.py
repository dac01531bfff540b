"""Data that nobody needs: found by the marks of every ref, removed as far as it is unneeded still, and restorable."""

import random
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from ropewalk.core import blobs, clock
from ropewalk.core.blobs.disk import DiskStore
from ropewalk.core.errors import Conflict, Invalid, RopewalkError
from ropewalk.core.models import Job
from ropewalk.data import selectors, services
from ropewalk.data.models import OutputSet, StoredObject, TrackedOutput, UnneededObject
from ropewalk.data.oids import ObjectAddress
from ropewalk.data.services import marking
from ropewalk.projects.models import Project
from tests.factories.builders import make_project
from tests.integration.data.conftest import listing, md5, send
from tests.integration.monitors.repository import Repository
from workers.runners import base
from workers.runners.index_revision import index_now


@pytest.fixture
def project(transactional_db: None, settings: Any, tmp_path: Path) -> Iterator[Project]:
    settings.REPOSITORIES_ROOT = tmp_path / "repos"
    settings.OBJECTS_ROOT = tmp_path / "objects"
    blobs.store.cache_clear()
    yield make_project()
    blobs.store.cache_clear()


@pytest.fixture
def repository(project: Project, tmp_path: Path) -> Repository:
    return Repository(project, tmp_path / "work")


def pointer(content: bytes, path: str) -> str:
    return f"outs:\n- md5: {md5(content)}\n  size: {len(content)}\n  hash: md5\n  path: {path}\n"


def git(project: Project, *arguments: str) -> str:
    folder = Path(settings.REPOSITORIES_ROOT) / f"{project.pk}.git"
    done = subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def run_jobs() -> None:
    for job_id in list(Job.objects.filter(state="queued").values_list("pk", flat=True)):
        base.run(str(job_id), "test")


def search(project: Project, keep: str = "commits", grace_days: int = 0, unreadable: str = "stop") -> int:
    number = services.start_collection(
        project_id=project.pk,
        user_id=project.created_by_id,
        keep=keep,
        grace_days=grace_days,
        unreadable=unreadable,
    )
    run_jobs()
    return number


def found(project: Project) -> set[str]:
    return set(UnneededObject.objects.for_project(project.pk).values_list("oid", flat=True))


def visible(project: Project, *contents: bytes) -> list[bool]:
    return [
        selectors.object_state(project.pk, ObjectAddress(md5(content))) is not None for content in contents
    ]


def test_marks_are_those_of_a_naive_walk(project: Project) -> None:
    source = random.Random(7)
    files = [b"%d" % number for number in range(30)]
    texts = [listing({str(n): source.choice(files) for n in range(source.randint(0, 8))}) for _ in range(12)]
    texts = list(dict.fromkeys(texts))
    everything = [(ObjectAddress(md5(one)), [one]) for one in files] + [
        (ObjectAddress(md5(text), is_dir=True), [f for f in files if f'"{md5(f)}"'.encode() in text])
        for text in texts
    ]
    for turn in range(25):
        project = make_project()
        pushed = [pair for pair in everything if source.random() < 0.8]
        for address, _ in pushed:
            send(project, (files + texts)[[a for a, _ in everything].index(address)], is_dir=address.is_dir)
        young = {address.name for address, _ in pushed if source.random() < 0.15}
        now = clock.now()
        for row in StoredObject.objects.for_project(project.pk):
            name = f"{row.oid}.dir" if row.kind == "dir" else row.oid
            row.created_at = now if name in young else now - timedelta(days=30)
            row.save(update_fields=["created_at"])
        sets, named = [], set()
        for number in range(4):
            kept = OutputSet.objects.create(project=project, fingerprint=str(number))
            for address, _ in source.sample(everything, 3):
                TrackedOutput.objects.create(
                    project=project,
                    output_set=kept,
                    path=address.name,
                    algorithm="md5",
                    oid=address.oid,
                    is_dir=address.is_dir,
                    pointer="x.dvc",
                )
                if number < 3:
                    named.add(address.name)
            sets.append(kept.pk)
        removed = [address for address, _ in pushed if source.random() < 0.1]
        services.remove_objects(project_id=project.pk, addresses=removed, user_id=None)
        stored = [(a, f) for a, f in pushed if a not in removed]
        needed = named | young
        for address, children in pushed:  # a removed list that is needed names its files; a young one is gone
            if address.name in named or (address.name in young and address not in removed):
                needed |= {md5(child) for child in children if address.is_dir}
        expected = {a.name for a, _ in stored if a.name not in needed}
        marking.find_unneeded(
            project_id=project.pk, collection_id=1, sets=sets[:3], young=now - timedelta(days=1)
        )
        rows = UnneededObject.objects.for_project(project.pk).values_list("kind", "oid")
        assert {f"{oid}.dir" if kind == "dir" else oid for kind, oid in rows} == expected, turn


def test_every_ref_keeps_its_data_and_the_rest_goes_and_comes_back(
    project: Project, repository: Repository
) -> None:
    contents = {"first": b"first", "second": b"second", "exp": b"exp", "gone": b"gone", "tag": b"tag"}
    for content in (*contents.values(), b"never named"):
        send(project, content)
    shas = {name: repository.commit({"a.dvc": pointer(contents[name], "a")}) for name in contents}
    git(project, "update-ref", "refs/exps/ab/cdef/exp-1", shas["exp"])
    git(project, "update-ref", "refs/ropewalk/deleted/20261130/" + shas["gone"], shas["gone"])
    git(project, "update-ref", "refs/heads/main", shas["second"])
    git(project, "update-ref", "refs/tags/v1", shas["tag"])
    number = search(project)
    assert found(project) == {md5(b"never named")}
    view = selectors.collection(project.pk, number)
    assert view and view.report and (view.report.objects, view.report.size, view.report.of) == (1, 11, 6)
    search(project, "tips")
    assert found(project) == {md5(b"first"), md5(b"never named")}
    number = search(project, "tips", 14)
    assert found(project) == set()
    with pytest.raises(Conflict, match="nothing to remove"):
        services.request_run(project_id=project.pk, collection_id=number, user_id=None)
    number = search(project, "tips")
    commits, total = selectors.losing(project.pk, number)
    assert ([one.commit_sha for one in commits], total) == ([shas["first"]], 1)
    send(project, b"other")
    services.request_run(project_id=project.pk, collection_id=number, user_id=project.created_by_id)
    run_jobs()
    assert visible(project, *contents.values(), b"never named", b"other") == [False, *[True] * 4, False, True]
    (removal,) = selectors.removals(project.pk)
    assert (removal.count, removal.source) == (2, "collection")
    services.restore_removal(project_id=project.pk, removal_id=removal.id, pause=lambda _count: None)
    assert all(visible(project, *contents.values(), b"never named"))


def collect(project: Project, number: int, pause: Any) -> dict[str, int]:
    return services.run_collection(
        project_id=project.pk,
        collection_id=number,
        user_id=None,
        index=lambda sha: index_now(project.pk, sha),
        pause=pause,
    )


def test_what_is_pushed_between_search_and_removal_stays(project: Project, repository: Repository) -> None:
    for content in (b"a", b"b", b"c"):
        send(project, content)
    text = listing({"b": b"b"})
    repository.commit({"readme": "x"})
    number = search(project)
    assert len(found(project)) == 3
    repository.commit({"a.dvc": pointer(b"a", "a")})
    send(project, text, is_dir=True)  # a list that came after the search names an old file
    assert collect(project, number, lambda _share, _text: None) == {"objects": 1}
    assert visible(project, b"a", b"b", b"c") == [True, True, False]


def test_a_push_during_the_removal_brings_all_of_it_back(project: Project, repository: Repository) -> None:
    for content in (b"a", b"b"):
        send(project, content)
    folder = send(project, listing({"a": b"a"}), is_dir=True)
    repository.commit({"readme": "x"})
    number = search(project)
    pushed = []

    def push_once(_share: float, text: str) -> None:
        if "are removed" in text and not pushed:
            assert not all(visible(project, b"a", b"b")) or selectors.object_state(project.pk, folder) is None
            pushed.append(
                repository.commit({"d.dvc": f"outs:\n- md5: {folder.name}\n  hash: md5\n  path: d\n"})
            )

    with pytest.raises(Conflict, match="meanwhile"):
        collect(project, number, push_once)
    assert visible(project, b"a", b"b") == [True, True]
    assert selectors.object_state(project.pk, folder) is not None
    assert not list(selectors.removals(project.pk))
    assert collect(project, number, lambda _share, _text: None) == {"objects": 1}
    assert visible(project, b"a", b"b") == [True, False]


def test_an_unreadable_commit_blocks(project: Project, repository: Repository, objects: DiskStore) -> None:
    send(project, b"a")
    repository.commit({"a.dvc": "outs: [", "notes.txt": "x"})
    repository.commit({"a.dvc": pointer(b"b", "a"), "params.yaml": "{", "dvc.yaml": "{"})
    number = search(project)
    view = selectors.collection(project.pk, number)
    assert view and view.report is None and view.search
    assert "Nobody can tell what 1 commit needs" in view.search.error_message
    with pytest.raises(Conflict):
        services.request_run(project_id=project.pk, collection_id=number, user_id=None)
    search(project, "tips")  # the newest commit alone can be read
    assert found(project) == {md5(b"a")}


def test_bad_wishes_are_refused_and_two_at_once_are_not_run(project: Project) -> None:
    for keep, days in (("all", 1), ("tips", -1), ("tips", 10_000)):
        with pytest.raises(Invalid):
            services.start_collection(project_id=project.pk, user_id=None, keep=keep, grace_days=days)
    services.start_collection(project_id=project.pk, user_id=None, keep="tips", grace_days=1)
    with pytest.raises(Conflict):
        services.start_collection(project_id=project.pk, user_id=None, keep="tips", grace_days=1)
    with pytest.raises(RopewalkError):
        collect(make_project(), 1, lambda _share, _text: None)
