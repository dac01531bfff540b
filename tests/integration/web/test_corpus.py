"""Every reading route against repositories that break naive readers: an answer, never a fault, and nothing from outside."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from django.test import Client

from ropewalk.core.derived import cache
from ropewalk.projects.models import Project
from ropewalk.repos import git, services
from tests.architecture.sampling import Route, project_routes
from tests.factories import builders
from tests.fixtures.corpus import CORPUS, OUTSIDE

SECRET = Path(OUTSIDE.decode()).read_bytes()[:40]
REVISION = {"rev_path", "revision", "branch", "archive", "path", "rest", "tag", "sha", "base", "head"}
ALL_ADDRESSES = {"file", "raw", "commits", "api-content", "api-raw"}  # the others get a few of them
FEW = 2
# What git refuses to pack is found out when the download has begun: it breaks off instead of ending as if it were whole.
BREAKS_OFF = {("forbidden_names", "archive"), ("forbidden_names", "api-archive")}


def routes() -> list[Route]:
    """Those that take a revision, a path or both, or show the repository as a whole; protocols have tests of their own."""
    whole = {"project", "files", "data", "compare", "api-repo", "project-connect"}
    return [
        route
        for route in project_routes()
        if not re.search(r"\.(git|dvc|mlflow)", route.text)
        and "git-" not in (route.pattern.name or "")
        and ((route.parameters and route.parameters <= REVISION) or route.pattern.name in whole)
    ]


def addresses(route: Route, project: Project, asked: list[bytes], sha: str) -> Iterator[str]:
    """The route's addresses for what the repository's builder names worth asking for."""
    name = route.pattern.name or ""
    chosen = asked if name in ALL_ADDRESSES else asked[:FEW]
    if not {"rev_path", "path", "archive", "rest", "branch", "revision", "tag"} & route.parameters:
        chosen = asked[:1]
    for text in chosen:
        revision, _, path = text.partition(b"/")
        values = {"owner": project.owner.slug.encode(), "project": project.slug.encode(), "rev_path": text, "rest": text,
                  "path": path or b"README.md", "archive": revision + b".zip", "branch": revision, "revision": revision,
                  "tag": revision,
                  "sha": sha.encode(), "base": sha.encode(), "head": sha.encode()}  # fmt: skip
        if name == "compare-revisions":
            values["rev_path"] = b"main..." + revision
        yield "/" + re.sub(
            r"<(?:\w+:)?(\w+)>", lambda match, values=values: quote(values[match[1]], safe="/"), route.text
        )


def body_of(response: object) -> bytes:
    """All that is sent."""
    if getattr(response, "streaming", False):
        return b"".join(response.streaming_content)  # type: ignore[attr-defined]
    return bytes(response.content)  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", CORPUS)
def test_awkward_repositories_are_answered(name: str, db: None, settings: object, tmp_path: Path) -> None:
    settings.REPOSITORIES_ROOT = tmp_path / "repos"  # type: ignore[attr-defined]
    cache.clear()
    project = builders.make_project("awkward", visibility="public")
    services.ensure_repository(project_id=project.pk, default_branch="main")
    directory = git.repository_path(project.pk)
    asked = CORPUS[name](directory)
    tip = directory / "refs/heads/main"
    sha = tip.read_text().strip() if tip.exists() else "1" * 40
    client = Client(raise_request_exception=False)
    client.force_login(project.created_by)
    faults, tried = [], 0
    for route in routes():
        for address in addresses(route, project, asked, sha):
            response = client.get(address)
            tried += 1
            try:
                body = body_of(response)
            except Exception as error:  # noqa: BLE001  # a stream that breaks is a fault like any other
                if (name, route.pattern.name) not in BREAKS_OFF:
                    faults.append(f"{route.pattern.name} {address[:200]}: broke off: {error!r}")
                continue
            if response.status_code >= 500:
                said = repr(getattr(response, "exc_info", None) or body[-300:])
                faults.append(f"{route.pattern.name} {address[:200]}: {response.status_code} {said}")
            if SECRET in body:
                faults.append(f"{route.pattern.name} {address[:200]}: shows a file from outside")
    assert tried > len(routes()) // 2
    assert not faults, f"{len(faults)} of {tried}:\n" + "\n".join(faults[:40])
