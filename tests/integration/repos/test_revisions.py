import random
import subprocess

import pytest

from ropewalk.projects.models import Project
from ropewalk.repos import git, selectors, services
from ropewalk.repos.errors import EmptyRepository, RevisionNotFound
from tests.integration.repos.conftest import Fill, commit, write

MAIN = "refs/heads/main"


def _ref(project_id: int, name: str, target: str = MAIN) -> None:
    subprocess.run(
        ["git", "-C", str(git.repository_path(project_id)), "update-ref", name, target], check=True
    )


@pytest.fixture
def pid(fill: Fill) -> int:
    return fill(
        commit(MAIN, 1000, "One", write("a/b/c.txt", b"x"))
        + commit(MAIN, 2000, "Two\n\nWhy.", write("d.txt", b"y"))
    )


def test_default_branch_and_head(pid: int) -> None:
    tip = selectors.resolve(pid)
    assert (tip.kind, tip.name, tip.path) == ("branch", "main", "")
    assert selectors.resolve(pid, "HEAD/a/b").path == "a/b"
    assert selectors.resolve(pid, "main/a/b/c.txt") == selectors.resolve(pid, "refs/heads/main/a/b/c.txt")


@pytest.mark.parametrize(
    "name", ["feature/x", "cafe1", "ümlaut-日本", "50%25", "a#b", "x&y=z", "v1.0", "deadbeef" * 5]
)
def test_odd_branch_names(pid: int, name: str) -> None:
    first = selectors.commits(pid, selectors.resolve(pid).sha).items[-1].sha
    _ref(pid, f"refs/heads/{name}", first)
    found = selectors.resolve(pid, f"{name}/a/b")
    assert (found.kind, found.name, found.sha, found.path) == ("branch", name, first, "a/b")


def test_the_longest_ref_wins_and_a_branch_beats_a_tag(pid: int) -> None:
    _ref(pid, "refs/heads/a")
    _ref(pid, "refs/tags/a/b")
    _ref(pid, "refs/heads/both")
    _ref(pid, "refs/tags/both")
    assert (selectors.resolve(pid, "a/b/c").name, selectors.resolve(pid, "a/b/c").path) == ("a/b", "c")
    shadowed = selectors.resolve(pid, "a/x")
    assert (shadowed.name, shadowed.short, shadowed.path) == ("refs/heads/a", "a", "x")
    assert (
        selectors.resolve(pid, f"{shadowed.name}/b/c").path == "b/c"
    )  # a link to the folder b of the branch a
    assert selectors.resolve(pid, "both/x").kind == "branch"


def test_a_tag_behind_a_branch_of_its_name_is_linked_in_full(pid: int) -> None:
    first = selectors.commits(pid, selectors.resolve(pid).sha).items[-1].sha
    _ref(pid, "refs/heads/both")
    _ref(pid, "refs/tags/both", first)
    tag = selectors.resolve(pid, "refs/tags/both/src")
    assert (tag.kind, tag.name, tag.short, tag.sha, tag.path) == (
        "tag",
        "refs/tags/both",
        "both",
        first,
        "src",
    )
    assert selectors.resolve(pid, tag.name) == selectors.resolve(pid, "refs/tags/both")


def test_a_branch_cannot_be_pushed_in_front_of_a_permalink(pid: int) -> None:
    head = selectors.resolve(pid).sha
    first = selectors.commits(pid, head).items[-1].sha
    _ref(pid, f"refs/heads/{head}", first)
    _ref(pid, f"refs/heads/{head[:8]}", first)
    assert (selectors.resolve(pid, f"{head}/a").kind, selectors.resolve(pid, head).sha) == ("commit", head)
    assert (selectors.resolve(pid, head[:8]).kind, selectors.resolve(pid, head[:8]).sha) == ("branch", first)


def test_commits_by_four_or_more_digits(pid: int) -> None:
    sha = selectors.resolve(pid).sha
    assert selectors.resolve(pid, f"{sha[:10]}/d.txt").sha == sha
    assert selectors.resolve(pid, sha.upper()).name == sha
    for text in (
        sha[:3],
        "f" * 40,
        "nope",
        "main~1",
        "main^{tree}",
        "--all",
        "@{0}",
        "\x00",
        "a" * 5000,
        "/".join("x" * 2000),
    ):
        with pytest.raises(RevisionNotFound):
            selectors.resolve(pid, text)


def test_annotated_tags_peel_and_tags_of_blobs_are_nothing(pid: int) -> None:
    directory = str(git.repository_path(pid))
    person = ["-c", "user.name=T", "-c", "user.email=t@e"]
    subprocess.run(["git", "-C", directory, *person, "tag", "-a", "-m", "Release", "v1", "main"], check=True)
    blob = selectors.entry(pid, selectors.resolve(pid).sha, "d.txt").oid
    _ref(pid, "refs/tags/blob", blob)
    assert selectors.resolve(pid, "v1").sha == selectors.resolve(pid).sha
    with pytest.raises(RevisionNotFound):
        selectors.resolve(pid, "blob")
    found = {tag.name: tag for tag in selectors.tags(pid)}
    tag = found["v1"]
    assert (tag.name, tag.sha, tag.message, tag.author) == ("v1", selectors.resolve(pid).sha, "Release", "T")
    assert (found["blob"].sha, found["blob"].kind) == ("", "blob")


def test_branches_are_paged_the_default_one_first(pid: int, fill: Fill) -> None:
    for number in range(5):
        fill(
            commit(
                f"refs/heads/b{number}", 5000 + number, f"B{number}", write("x", b"%d" % number), parent=MAIN
            )
        )
    tips = selectors.branch_tips(pid)
    page = selectors.branch_page(pid, tips, page=1, per_page=3)
    assert [(branch.name, branch.is_default) for branch in page] == [
        ("main", True),
        ("b4", False),
        ("b3", False),
    ]
    assert page.total == 6 and page.has_next
    assert [row.name for row in selectors.branch_page(pid, tips, page=2, per_page=3)] == ["b2", "b1", "b0"]
    assert selectors.branch_names(pid, limit=2) == ["b4", "b3"]


def test_empty_repositories_say_so(project: Project) -> None:
    assert selectors.state(project.pk).empty
    assert selectors.branch_names(project.pk) == [] and selectors.branch_tips(project.pk) == []
    with pytest.raises(EmptyRepository):
        selectors.resolve(project.pk)
    services.ensure_repository(project_id=project.pk, default_branch="trunk")
    assert selectors.state(project.pk).default_branch == "trunk"
    with pytest.raises(EmptyRepository):
        selectors.resolve(project.pk, "trunk/a")


def test_the_size_is_of_what_was_pushed_last(project: Project, fill: Fill) -> None:
    services.ensure_repository(project_id=project.pk)
    assert selectors.state(project.pk).size_bytes == 0  # as a page shows it while an import runs
    fill(commit("refs/heads/main", 1000, "One", write("noise", random.Random(1).randbytes(50_000))))
    assert selectors.state(project.pk).size_bytes > 50_000


def test_replace_refs_do_not_change_what_is_shown(pid: int) -> None:
    tip, first = [item.sha for item in selectors.commits(pid, selectors.resolve(pid).sha)]
    _ref(pid, f"refs/replace/{tip}", first)
    assert selectors.commit(pid, tip).subject == "Two"
    assert len(selectors.commits(pid, tip).items) == 2
