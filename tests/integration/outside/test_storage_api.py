"""Buckets in the API: the project's own and connected ones, in the shapes that DagsHub's client reads."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from ropewalk.buckets import services as buckets
from ropewalk.buckets.rules import GET, Rule
from ropewalk.outside import visits
from ropewalk.projects.models import Project
from tests.factories.builders import make_token, make_user
from tests.fixtures.foreign_s3 import Reply, answering, entry, listing

Connect = Callable[..., Any]


@pytest.fixture
def ask(project: Project) -> Callable[..., Any]:
    headers = {"Authorization": f"Bearer {make_token(project.created_by)}"}

    def ask(path: str, **more: str) -> Any:
        return Client().get(f"/api/v1/repos/{project}/storage{path}", more, headers=headers)

    return ask


def put(project: Project, *keys: str) -> None:
    for key in keys:
        incoming = buckets.Incoming(key=key, blocks=[key.encode()])
        buckets.put_object(project_id=project.pk, bucket="files", incoming=incoming, user_id=None)


def test_the_list_names_both_kinds(project: Project, connected: Connect, ask: Any) -> None:
    connected("https://s3.example.org")
    found = ask("").json()
    assert [(one["name"], one["protocol"]) for one in found] == [(project.slug, "s3"), ("theirs", "s3")]
    assert found[1]["list_path"].endswith(f"/api/v1/repos/{project}/storage/content/s3/theirs")
    stranger = {"Authorization": f"Bearer {make_token(make_user())}"}
    assert Client().get(f"/api/v1/repos/{project}/storage", headers=stranger).status_code == 404


def test_the_projects_own_bucket(project: Project, ask: Any) -> None:
    put(project, "a b.txt", "deep/one", "deep/two", "deep/three")
    top = ask(f"/content/s3/{project.slug}").json()
    assert [(one["path"], one["type"], one["size"]) for one in top["entries"]] == [
        (f"s3/{project.slug}/deep", "dir", 0), (f"s3/{project.slug}/a b.txt", "file", 7),
    ]  # fmt: skip
    assert (top["next_token"], top["limit"]) == (None, 1000)
    assert ask(f"/content/s3/{project.slug}/").json() == top
    first = ask(f"/content/s3/{project.slug}/deep", limit="2").json()
    rest = ask(f"/content/s3/{project.slug}/deep", limit="2", from_token=first["next_token"]).json()
    names = [one["path"].rpartition("/")[2] for one in first["entries"] + rest["entries"]]
    assert names == ["one", "three", "two"] and rest["next_token"] is None
    single = ask(f"/content/s3/{project.slug}/deep/one").json()
    assert [one["path"] for one in single["entries"]] == [f"s3/{project.slug}/deep/one"]
    raw = ask(urlsplit(top["entries"][1]["download_url"]).path.rpartition("/storage")[2].replace("%20", " "))
    assert b"".join(raw.streaming_content) == b"a b.txt" and raw["Content-Disposition"].startswith(
        "attachment"
    )
    assert ask(f"/content/s3/{project.slug}/gone").status_code == 404
    assert ask(f"/raw/s3/{project.slug}/gone").status_code == 404
    assert ask(f"/content/gs/{project.slug}").status_code == 404
    assert ask(f"/content/s3/{project.slug}", limit="many").status_code == 400


def test_the_own_buckets_policy_holds_here_too(project: Project, ask: Any) -> None:
    put(project, "raw/secret", "open")
    buckets.set_policy(project_id=project.pk, rules=(Rule("", (GET,), ("raw/*",)),), user_id=None)
    denied = ask(f"/raw/s3/{project.slug}/raw/secret")
    assert (denied.status_code, denied.json()["code"]) == (403, "bucket_policy")
    assert ask(f"/raw/s3/{project.slug}/open").status_code == 200


def test_a_connected_bucket(project: Project, connected: Connect, ask: Any) -> None:
    inner = entry("k.csv") + entry("../up") + "<CommonPrefixes><Prefix>../</Prefix></CommonPrefixes>"
    inner += "<CommonPrefixes><Prefix>sub/</Prefix></CommonPrefixes>" + entry("folder-itself/")

    def answer(method: str, path: str) -> Reply:
        query = parse_qs(urlsplit(path).query)
        if method == "HEAD":
            found = path == "/data/k.csv"
            headers = {"ETag": '"abc"', "Last-Modified": "Fri, 02 Jan 2026 03:04:05 GMT"}
            return Reply(200 if found else 404, headers=headers, length=3)
        if query and "prefix" not in query:  # the top: its prefix is empty
            return Reply(body=[listing(inner, more="next")])
        return (
            Reply(body=[listing("")]) if query else Reply(body=[b"abc"], headers={"ETag": '"abc"'}, length=3)
        )

    with answering(answer) as (endpoint, seen):
        connected(endpoint)
        page = ask("/content/s3/theirs", paging="true").json()
        # What can't be asked for is not offered: a client would go round in it.
        assert [(one["path"], one["type"], one["hash"]) for one in page["entries"]] == [
            ("s3/theirs/sub", "dir", ""), ("s3/theirs/k.csv", "file", "abc"),
        ]  # fmt: skip
        assert page["next_token"] == "next"
        ask("/content/s3/theirs", paging="true", from_token="next")
        assert parse_qs(urlsplit(seen[-1][1]).query)["continuation-token"] == ["next"]
        assert [one["size"] for one in ask("/content/s3/theirs/k.csv").json()["entries"]] == [3]
        assert ask("/content/s3/theirs/gone").status_code == 404
        raw = ask("/raw/s3/theirs/k.csv")
        assert b"".join(raw.streaming_content) == b"abc" and raw["ETag"]
        raw.close()
        assert ask("/raw/s3/theirs/gone").status_code == 404
        assert ask("/raw/s3/nobody/k.csv").status_code == 404


def test_a_program_is_told_to_ask_again(
    project: Project, connected: Connect, ask: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DagsHub's client reads with dozens of threads and repeats what was answered with 503, not with 429."""
    monkeypatch.setattr(visits, "AT_ONCE", 0)
    monkeypatch.setattr("ropewalk.edges.api.storage.WAIT", 0.1)
    connected("https://s3.example.org")
    answer = ask("/raw/s3/theirs/k")
    assert (answer.status_code, answer.json()["code"]) == (503, "busy")
