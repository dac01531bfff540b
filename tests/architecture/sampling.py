"""From URL patterns to requests: each route gets a concrete address for a given project, or the test says what is missing.

New routes are found by walking the resolver. A parameter that nobody described here fails the matrix: somebody
decides whether it is free text (a sample) or names something that a project owns (a maker, and foreign ids are tried).
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django.db import connection
from django.urls import Resolver404, URLPattern, get_resolver, resolve
from django.urls.resolvers import RoutePattern
from django.utils.regex_helper import normalize

from ropewalk.access.checks import walk
from ropewalk.access.roles import Permission
from ropewalk.access.routes import CHALLENGES
from ropewalk.comparisons.models import Comparison
from ropewalk.core import clock, jobs
from ropewalk.data.models import Collection, Removal
from ropewalk.monitors.models import DriftReport
from ropewalk.outside.models import ConnectedBucket
from ropewalk.projects.models import Project
from ropewalk.releases import services as releases
from ropewalk.releases.selectors import releases as releases_of
from ropewalk.releases.types import ReleaseText
from ropewalk.repos.models import ProtectedBranch, PushMirror
from ropewalk.tracking.models import SavedView
from ropewalk.tracking.types import workspace_name

# Free text: what it names is looked up inside the project that the gate resolved.
TEXT = {
    "archive": "main.zip",
    "file": "model.bin",
    "base": "1" * 40,
    "branch": "main",
    "bucket": "dvc",
    "head": "2" * 40,
    "object_key": "files/md5/d4/1d8cd98f00b204e9800998ecf8427e",
    "pack": "0" * 32,
    "path": "README.md",
    "protocol": "s3",
    "rest": "main/README.md",
    "rev_path": "main/README.md",
    "revision": "main",
    "rule_name": "main",
    "sha": "1" * 40,
    "size": "100",
    "start": "0",
    "storage_path": "data.csv",
    "tag": "v1",
    "user_id": "1",  # people belong to no project; what they have in this one is looked up inside it
}
# Routes whose view asks the gate for more than the route declares, because the method or the body decides.
ALSO_NEEDED: dict[tuple[str, str], Permission] = {
    ("dvc", "PUT"): Permission.DATA_WRITE,
    ("dvc", "POST"): Permission.DATA_WRITE,
    **{
        (name, method): Permission.DATA_WRITE
        for name in ("s3", "s3-bucket")
        for method in ("POST", "PUT", "DELETE", "PATCH")
    },
    ("s3", "DELETE"): Permission.DATA_DELETE,
    **{("api-forks", method): Permission.PROJECT_FORK for method in ("POST", "PUT", "DELETE", "PATCH")},
    **{
        (name, method): Permission.CODE_WRITE
        for name in (
            *(
                "api-branches",
                "api-branch",
                "api-content",
                "api-contents",
                "api-contents-path",
                "api-tags",
                "api-tag",
                "api-assets",
                "api-asset",
            ),
            *("api-releases", "api-release", "api-release-latest", "api-release-tag"),
        )
        for method in ("POST", "PUT", "DELETE", "PATCH")
    },
    **{("api-transfer", method): Permission.PROJECT_MOVE for method in ("POST", "PUT", "DELETE", "PATCH")},
    **{("api-repo", method): Permission.SETTINGS_WRITE for method in ("POST", "PUT", "DELETE", "PATCH")},
    ("git-receive-pack", "POST"): Permission.CODE_WRITE,
    ("git-plain-receive-pack", "POST"): Permission.CODE_WRITE,
}
# Routes whose pattern has alternatives: their addresses are written out.
WRITTEN_OUT: dict[str, tuple[str, ...]] = {}
# Ids of rows: each maker gives the id of a row of the given project. ``name@part`` is for routes with this part only.
OWNED: dict[str, Callable[[Project], Any]] = {}


def owned(*names: str) -> Callable[[Callable[[Project], Any]], Callable[[Project], Any]]:
    """Register a maker for one or more parameter names."""

    def register(make: Callable[[Project], Any]) -> Callable[[Project], Any]:
        OWNED.update(dict.fromkeys(names, make))
        return make

    return register


@owned("push_key")
def make_push_mirror(project: Project) -> Any:
    key = f"{project.pk:016x}"
    PushMirror.objects.create(
        project=project, key=key, address="https://example.org:443/a.git", interval=0, created_at=clock.now()
    )
    return key


@owned("job", "job_id")
def make_job(project: Project) -> Any:
    kind = jobs.JobKind("test.kind", 1)
    return jobs.enqueue(kind, subject="matrix", fingerprint="f", payload={}, project_id=project.pk).pk


@owned("removal_id")
def make_removal(project: Project) -> Any:
    now = clock.now()
    return Removal.objects.create(project=project, source="client", started_at=now, last_at=now).pk


@owned("collection_id")
def make_collection(project: Project) -> Any:
    return Collection.objects.create(project=project, keep="commits", grace_days=0, asked_at=clock.now()).pk


# Names count within a project, so a stranger's must be one that my project has not. Its address is one that is never gone to.
@owned("bucket_name")
def make_connected_bucket(project: Project) -> Any:
    row = ConnectedBucket(
        project=project, name=f"matrix-{project.pk}", endpoint="https://127.0.0.1:9", region="us-east-1", bucket="matrix",
        created_at=clock.now(),
    )  # fmt: skip
    row.save()
    return row.name


@owned("run_id")
def make_run(project: Project) -> Any:
    run_id, workspace = f"{project.pk:032x}", workspace_name(project.pk)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO mlflow.experiments (name, workspace, lifecycle_stage, artifact_location)"
            " VALUES ('matrix', %s, 'active', '') RETURNING experiment_id",
            [workspace],
        )
        (experiment_id,) = cursor.fetchone()
        cursor.execute(
            "INSERT INTO mlflow.runs (run_uuid, name, experiment_id, status, lifecycle_stage, start_time, artifact_uri,"
            " source_type, entry_point_name, user_id)"
            " VALUES (%s, 'matrix', %s, 'FINISHED', 'active', 1, %s, 'UNKNOWN', '', '')",
            [run_id, experiment_id, f"mlflow-artifacts:/{experiment_id}/{run_id}/artifacts"],
        )
    return run_id


# Numbers count within a project, so a stranger's must be one that my project has not.
@owned("number@/experiments/compare/")
def make_comparison(project: Project) -> Any:
    number = 1000 + project.pk
    Comparison.objects.create(
        project=project, number=number, run_ids=[], choice="c", fingerprint="f", created_at=clock.now()
    )
    return number


@owned("number@/drift/")
def make_report(project: Project) -> Any:
    number = 1000 + project.pk
    sides = {
        f"{side}_{field}": value
        for side in ("reference", "current")
        for field, value in (("revision", "main"), ("commit", "1" * 40), ("path", "data.csv"))
    }
    DriftReport.objects.create(
        project=project, number=number, fingerprint="f", created_at=clock.now(), **sides
    )
    return number


@owned("view_id")
def make_saved_view(project: Project) -> Any:
    row = SavedView(
        project=project, owner_id=project.created_by_id, name="matrix", shared=True, updated_at=clock.now()
    )
    row.save()
    return row.pk


@owned("protection_id")
def make_protection(project: Project) -> Any:
    row = ProtectedBranch(project=project, pattern="matrix", push_role="writer", created_at=clock.now())
    row.save()
    return row.pk


@owned("release_id")
def make_release(project: Project) -> Any:
    return releases.create_draft(project_id=project.pk, author_id=None, text=ReleaseText("v1", "matrix"))


@owned("file_id")
def make_release_file(project: Project) -> Any:
    (release,) = releases_of(project.pk, drafts=True).items or [None]
    release_id = release.id if release else make_release(project)
    blocks = [b"matrix"]
    return releases.receive_file(
        project_id=project.pk, release_id=release_id, name="model.bin", blocks=blocks, user_id=None
    ).id


@dataclass(frozen=True)
class Route:
    """A project route: ``text`` is its full pattern, ``parameters`` what it takes beside owner and project."""

    text: str
    pattern: URLPattern
    needs: Permission
    parameters: frozenset[str]

    @property
    def challenges(self) -> bool:
        """Whether it serves protocol clients, which are asked for a password."""
        return bool(
            getattr(self.pattern.callback, CHALLENGES, re.search(r"\\.(git|dvc|s3|mlflow)", self.text))
        )

    @property
    def unsigned(self) -> int:
        """What such a client is answered when it sends no credentials: S3 knows no 401."""
        return 403 if self.pattern.name in {"s3", "s3-bucket"} else 401

    def needed_for(self, method: str) -> Permission:
        """What a request with this method needs in the end."""
        return ALSO_NEEDED.get((self.pattern.name or "", method), self.needs)

    def owned(self) -> dict[str, str]:
        """Its parameters that name a project's rows, each with its key in :data:`OWNED`."""
        found = {}
        for name in self.parameters:
            keys = (
                key
                for key in OWNED
                if key == name or (key.startswith(f"{name}@") and key.split("@")[1] in self.text)
            )
            key = next(keys, None)
            if key:
                found[name] = key
        return found

    def address(self, owner: str, project: str, ids: dict[str, Any]) -> str:
        """One concrete path; ``ids`` by the keys of :data:`OWNED`. Raises ``LookupError`` saying what is missing."""
        rows = {name: ids[key] for name, key in self.owned().items()}
        values = {"owner": owner, "project": project, **TEXT, **rows}
        missing = self.parameters - set(values)
        if missing:
            raise LookupError(f"{self.text!r}: describe {sorted(missing)} in tests/architecture/sampling.py")
        for candidate in self._candidates(values):
            try:
                found = resolve(candidate)
            except Resolver404:
                continue
            if found.func is self.pattern.callback:
                return candidate
        raise LookupError(
            f"{self.text!r}: no sample matches it; write it out in tests/architecture/sampling.py"
        )

    def _candidates(self, values: dict[str, Any]) -> Iterator[str]:
        quoted = {name: quote(str(value), safe="/") for name, value in values.items()}
        if self.text in WRITTEN_OUT:
            yield from (template.format(**quoted) for template in WRITTEN_OUT[self.text])
        elif isinstance(self.pattern.pattern, RoutePattern):
            yield "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda match: quoted[match[1]], self.text)
        else:
            shapes = sorted(normalize(self.text), key=lambda shape: -len(shape[1]))
            for shape, names in shapes:
                slashed = {
                    name: value if name in {"owner", "project"} else value.lstrip("/")
                    for name, value in quoted.items()
                }
                yield "/" + shape % {name: slashed[name] for name in names}
                yield "/" + shape % {name: ("/" if name == "path" else "") + slashed[name] for name in names}


def _parameters(pattern: URLPattern, text: str) -> frozenset[str]:
    if isinstance(pattern.pattern, RoutePattern):
        return frozenset(re.findall(r"<(?:\w+:)?(\w+)>", text))
    return frozenset(re.findall(r"\(\?P<(\w+)>", text))


def project_routes() -> list[Route]:
    """Every route that passes the gate."""
    return [
        Route(text, pattern, needs, _parameters(pattern, text) - {"owner", "project"})
        for text, pattern, needs in walk(get_resolver())
        if isinstance(needs, Permission)
    ]


def other_routes(needs: str) -> list[tuple[str, URLPattern, frozenset[str]]]:
    """Every route with this declaration (``public``, ``signed in``), with its parameters."""
    return [
        (text, pattern, _parameters(pattern, text))
        for text, pattern, found in walk(get_resolver())
        if found == needs
    ]
