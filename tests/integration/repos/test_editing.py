"""Commits made by the server: what they hold, what they refuse, and that two writers never lose each other's work."""

import threading
from collections.abc import Callable

import pytest
from django.db import connection

from ropewalk.access.roles import Permission
from ropewalk.access.types import ProjectAccess
from ropewalk.core.errors import Conflict, Denied, Invalid, NotFound, RopewalkError
from ropewalk.data.services.changes import RefMoved, change_refs, commit_edits
from ropewalk.projects.models import Project
from ropewalk.repos import git, refs, selectors, services
from ropewalk.repos.edits import (
    Author,
    CommitRequest,
    DeletePath,
    Edit,
    EditConflict,
    MovePath,
    NothingChanged,
    SetExecutable,
    Text,
    WriteFile,
)
from ropewalk.repos.models import Push, RecordedRef
from ropewalk.repos.types import ZERO
from tests.factories import builders
from tests.integration.repos.conftest import Fill, commit, write

pytestmark = pytest.mark.django_db(transaction=True)
MAIN = "refs/heads/main"
ADA = Author("Ada", "ada@example.org")


@pytest.fixture
def access(project: Project) -> ProjectAccess:
    return builders.access_of(project.created_by, project, Permission.CODE_WRITE)


@pytest.fixture
def seeded(fill: Fill, access: ProjectAccess) -> str:
    fill(
        commit(
            MAIN,
            1,
            "Begin",
            write("README.md", b"# One\n"),
            write("src/a.py", b"a = 1\n", "100755"),
            write("src/b.py", b"b = 1\n"),
        )
    )
    services.reconcile(project_id=access.project.id)
    return tip(access)


def tip(access: ProjectAccess, branch: str = "main") -> str:
    return refs.read_refs(access.project.id)[f"refs/heads/{branch}"]


def request(seen: str, *edits: Edit, branch: str = "main", new: bool = False) -> CommitRequest:
    return CommitRequest(branch, edits, "A change\n\nWith words.", ADA, seen, new)


def text(path: str, content: str, *, create: bool = False) -> WriteFile:
    return WriteFile(path, Text(content.encode()), create=create)


def content(access: ProjectAccess, path: str, branch: str = "main") -> str:
    return selectors.blob(access.project.id, tip(access, branch), path).text


def leftovers(access: ProjectAccess) -> list[str]:
    folder = git.repository_path(access.project.id)
    return [p.name for p in folder.parent.glob(".new-*")] + [p.name for p in folder.glob("objects/tmp_*")]


def test_one_commit_of_several_edits(access: ProjectAccess, seeded: str) -> None:
    sha = commit_edits(
        access,
        request(
            seeded,
            text("README.md", "# Two\n"),
            text('data/ü "x".txt', "new", create=True),
            MovePath("src/a.py", "lib/deep/a.py"),
            DeletePath("src/b.py"),
        ),
    )
    assert tip(access) == sha
    made = selectors.commit(access.project.id, sha)
    assert made.parents == (seeded,)
    assert (made.subject, made.body) == ("A change", "With words.")
    assert (made.author.name, made.author.email) == ("Ada", "ada@example.org")
    files = {entry.path: entry.mode for entry in selectors.walk(access.project.id, sha).entries}
    assert files == {"README.md": "100644", 'data/ü "x".txt': "100644", "lib/deep/a.py": "100755"}
    assert content(access, "README.md") == "# Two\n"
    [push, _] = Push.objects.for_project(access.project.id).order_by("-pk")
    assert push.pusher_id == access.actor.user_id and push.updates[0]["new"] == sha
    assert RecordedRef.objects.for_project(access.project.id).get(name=MAIN).sha == sha
    reflog = git.run(
        git.repository_path(access.project.id), "log", "-g", "-1", "--format=%ge", MAIN
    ).data.decode()
    assert reflog.startswith(f"user-{access.actor.user_id}@")
    assert leftovers(access) == []


def test_a_first_commit_in_an_empty_repository(access: ProjectAccess) -> None:
    sha = commit_edits(access, request("", text("README.md", "# Hello\n")))
    assert tip(access) == sha and selectors.commit(access.project.id, sha).parents == ()


def test_modes_folders_and_a_new_branch(access: ProjectAccess, seeded: str) -> None:
    sha = commit_edits(
        access,
        request(
            seeded, SetExecutable("src/a.py", False), MovePath("src", "lib"), branch="ada/work", new=True
        ),
    )
    assert tip(access) == seeded and tip(access, "ada/work") == sha
    files = {entry.path: entry.mode for entry in selectors.walk(access.project.id, sha).entries}
    assert files == {"README.md": "100644", "lib/a.py": "100644", "lib/b.py": "100644"}
    with pytest.raises(Conflict, match="already a branch"):
        commit_edits(access, request(seeded, text("x", "x"), branch="ada/work", new=True))
    commit_edits(access, request(sha, text("lib/a.py", "a = 2"), branch="ada/work"))
    commit_edits(access, request(tip(access, "ada/work"), DeletePath("lib"), branch="ada/work"))
    assert [entry.path for entry in selectors.walk(access.project.id, tip(access, "ada/work")).entries] == [
        "README.md"
    ]


def test_another_persons_change_is_kept_or_is_a_conflict(access: ProjectAccess, seeded: str) -> None:
    first = commit_edits(access, request(seeded, text("src/a.py", "a = 2\n")))
    second = commit_edits(access, request(seeded, text("src/b.py", "b = 2\n")))  # saw neither
    assert selectors.commit(access.project.id, second).parents == (first,)
    assert content(access, "src/a.py") == "a = 2\n" and content(access, "src/b.py") == "b = 2\n"
    for edit in (
        text("src/a.py", "a = 3\n"),
        DeletePath("src"),
        MovePath("src/b.py", "c.py"),
        DeletePath("src/b.py"),
    ):
        with pytest.raises(EditConflict) as caught:
            commit_edits(access, request(seeded, edit))
        assert caught.value.tip == second
    with pytest.raises(EditConflict):
        commit_edits(access, request("", text("README.md", "blind")))
    assert tip(access) == second


@pytest.mark.parametrize(
    ("edit", "error"),
    [
        (text("src/a.py", "x", create=True), Conflict),
        (text("src", "x"), Conflict),
        (text("README.md/x", "x"), Conflict),
        (DeletePath("nothing"), NotFound),
        (MovePath("src", "src/inner"), Invalid),
        (MovePath("src/a.py", "src/b.py"), Conflict),
        (MovePath("src/a.py", "README.md/a.py"), Conflict),
        (SetExecutable("src", True), Invalid),
        (text("README.md", "# One\n"), NothingChanged),
    ],
)
def test_edits_that_do_not_fit(
    access: ProjectAccess, seeded: str, edit: Edit, error: type[RopewalkError]
) -> None:
    with pytest.raises(error):
        commit_edits(access, request(seeded, edit))
    assert tip(access) == seeded and leftovers(access) == []


@pytest.mark.parametrize(
    "path", [".git/config", ".GIT/x", "a/.g\u200cit/x", "git~1/x", "..", "a/../b", ".git./x"]
)
def test_what_gits_own_checks_refuse_never_lands(access: ProjectAccess, seeded: str, path: str) -> None:
    """Paths are checked before; even if they were not, the push would end here."""
    with pytest.raises(RopewalkError):
        commit_edits(access, request(seeded, text(path, "evil")))
    assert tip(access) == seeded


def test_a_dangerous_gitmodules_is_refused(access: ProjectAccess, seeded: str) -> None:
    evil = '[submodule "../../x"]\n\tpath = x\n\turl = -u./payload\n'
    with pytest.raises(Invalid, match="refused this content"):
        commit_edits(access, request(seeded, text(".gitmodules", evil)))
    assert tip(access) == seeded


def test_rules_hold_for_pages_too(access: ProjectAccess, seeded: str, project: Project) -> None:
    writer = builders.make_collaborator(project, "writer")
    theirs = builders.access_of(writer, project, Permission.CODE_WRITE)
    services.protect_branches(project=access.project, pattern="main", push_role="maintainer", people=[])
    with pytest.raises(Denied, match="only maintainers may push"):
        commit_edits(theirs, request(seeded, text("README.md", "x")))
    services.protect_branches(
        project=access.project, pattern="rel/*", push_role="nobody", people=[writer.username]
    )
    made = commit_edits(theirs, request(seeded, text("README.md", "x"), branch="rel/1", new=True))
    with pytest.raises(Denied, match="can't be deleted"):
        change_refs(theirs, [("refs/heads/rel/1", made, ZERO)])
    with pytest.raises(Denied, match="replace history"):
        change_refs(theirs, [("refs/heads/rel/1", made, seeded)])
    with pytest.raises(Denied, match="default branch"):
        change_refs(access, [(MAIN, seeded, ZERO)])
    assert refs.read_refs(project.pk) == {MAIN: seeded, "refs/heads/rel/1": made}


def test_refs_change_together_or_not_at_all(access: ProjectAccess, seeded: str) -> None:
    change_refs(access, [("refs/heads/one", ZERO, seeded)])
    with pytest.raises(RefMoved):
        change_refs(access, [("refs/heads/two", ZERO, seeded), ("refs/heads/one", ZERO, seeded)])
    change_refs(access, [("refs/heads/two", ZERO, seeded), ("refs/heads/one", seeded, ZERO)])
    assert set(refs.read_refs(access.project.id)) == {MAIN, "refs/heads/two"}


def test_writers_at_once_lose_nothing(access: ProjectAccess, seeded: str) -> None:
    """Each thread edits a file of its own on one branch, from the same page; all of them land in one line of commits."""
    problems: list[str] = []

    def edit(number: int) -> None:
        for turn in range(3):
            while True:
                try:
                    commit_edits(access, request(tip(access), text(f"f{number}.txt", f"{turn}")))
                    break
                except Conflict:
                    continue
                except RopewalkError as error:
                    if error.status == 429:
                        continue
                    problems.append(error.message)
                    return
        connection.close()

    _together([lambda number=number: edit(number) for number in range(4)])  # type: ignore[misc]
    assert problems == []
    history = selectors.commits(access.project.id, tip(access), per_page=50)
    assert len(history.items) == 1 + 4 * 3 and all(len(item.parents) <= 1 for item in history)
    assert [content(access, f"f{number}.txt") for number in range(4)] == ["2"] * 4
    assert RecordedRef.objects.for_project(access.project.id).get(name=MAIN).sha == tip(access)


def test_a_delete_races_an_edit(access: ProjectAccess, seeded: str) -> None:
    """Whoever wins, the branch is gone or has the edit; never half of it."""
    for round_ in range(4):
        name = f"race{round_}"
        change_refs(access, [(f"refs/heads/{name}", ZERO, seeded)])
        outcome: dict[str, str] = {}

        def delete(name: str = name, outcome: dict[str, str] = outcome) -> None:
            try:
                change_refs(access, [(f"refs/heads/{name}", seeded, ZERO)])
                outcome["delete"] = "done"
            except RefMoved:
                outcome["delete"] = "moved"
            connection.close()

        def edit(name: str = name, outcome: dict[str, str] = outcome) -> None:
            try:
                outcome["edit"] = commit_edits(access, request(seeded, text("x", "x"), branch=name))
            except Conflict:
                outcome["edit"] = ""
            connection.close()

        _together([delete, edit])
        found = refs.read_refs(access.project.id).get(f"refs/heads/{name}")
        if outcome["delete"] == "done":
            assert found is None and outcome["edit"] == ""
        else:
            assert found == outcome["edit"] != ""


def _together(work: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=one) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
