"""What commits track: the index of a commit, its outputs with their presence, its pipeline, parameters and metrics."""

from collections.abc import Iterable
from typing import Any

from ropewalk.data.models import RevisionIndex, TrackedOutput
from ropewalk.data.oids import parse_oid
from ropewalk.data.origins import Origin
from ropewalk.data.selectors.objects import states
from ropewalk.data.selectors.removals import removed_among
from ropewalk.data.types import INDEX_REVISION, Problem, RevisionView, StageView, TrackedOutputView


def revision(project_id: int, commit_sha: str) -> RevisionView | None:
    """What a commit tracks, without its outputs; None when it is not indexed (yet)."""
    row = (
        RevisionIndex.objects.for_project(project_id)
        .filter(commit_sha=commit_sha, version=INDEX_REVISION.version)
        .first()
    )
    if row is None:
        return None
    return RevisionView(
        commit_sha=row.commit_sha,
        author=row.author,
        subject=row.subject,
        committed_at=row.committed_at,
        stages=tuple(_stage(item) for item in row.stages),
        params=row.params,
        metrics=row.metrics,
        problems=tuple(Problem(**item) for item in row.problems),
    )


def _stage(item: dict[str, Any]) -> StageView:
    return StageView(
        name=item["name"],
        file=item["file"],
        cmd=item["cmd"],
        resolved=item["resolved"],
        template=item.get("template", ""),
        desc=item.get("desc", ""),
        deps=tuple(item["deps"]),
        outs=tuple(item["outs"]),
        params=item["params"],
    )


def indexed(project_id: int, shas: Iterable[str]) -> set[str]:
    """Those of several commits that are indexed by the current runner."""
    rows = RevisionIndex.objects.for_project(project_id).filter(
        commit_sha__in=list(shas), version=INDEX_REVISION.version
    )
    return set(rows.values_list("commit_sha", flat=True))


def outputs(project_id: int, commit_sha: str) -> list[TrackedOutputView]:
    """The outputs of a commit by path, each with whether its bytes are here; empty when it is not indexed. Two queries."""
    rows = TrackedOutput.objects.for_project(project_id).filter(
        output_set__revisions__project_id=project_id,
        output_set__revisions__commit_sha=commit_sha,
        output_set__revisions__version=INDEX_REVISION.version,
    )
    return with_presence(project_id, list(rows.order_by("path")))


def first_outputs(project_id: int, commit_sha: str, limit: int) -> tuple[list[TrackedOutputView], int]:
    """The first outputs of a commit that the remote is expected to hold, by path, and how many there are."""
    rows = TrackedOutput.objects.for_project(project_id).filter(
        cached=True,
        output_set__revisions__project_id=project_id,
        output_set__revisions__commit_sha=commit_sha,
        output_set__revisions__version=INDEX_REVISION.version,
    )
    found = list(rows.order_by("path")[: limit + 1])
    total = rows.count() if len(found) > limit else len(found)
    return with_presence(project_id, found[:limit]), total


def stages_reading(project_id: int, path: str, shas: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Commit → the names of its stages that depend on a path, on a folder that it lies in, or on something in it. One query."""
    rows = RevisionIndex.objects.for_project(project_id).filter(
        commit_sha__in=list(shas), version=INDEX_REVISION.version
    )
    found = {}
    for sha, stages in rows.values_list("commit_sha", "stages"):
        names = [
            str(stage["name"])
            for stage in stages
            if any(_touches(str(dependency["path"]), path) for dependency in stage["deps"])
        ]
        if names:
            found[sha] = tuple(names)
    return found


def _touches(one: str, other: str) -> bool:
    return one == other or one.startswith(f"{other}/") or other.startswith(f"{one}/")


def with_presence(project_id: int, rows: list[TrackedOutput]) -> list[TrackedOutputView]:
    """Views of rows, presence asked for all of them at once."""
    addresses = {row.pk: parse_oid(row.algorithm, row.oid + (".dir" if row.is_dir else "")) for row in rows}
    wanted = {address for address in addresses.values() if address}
    found = states(project_id, wanted)
    removed = removed_among(project_id, wanted - set(found))
    return [
        TrackedOutputView(
            path=row.path,
            algorithm=row.algorithm,
            oid=row.oid,
            is_dir=row.is_dir,
            size=row.size,
            nfiles=row.nfiles,
            pointer=row.pointer,
            stage=row.stage,
            cached=row.cached,
            present=addresses[row.pk] in found,
            removed=addresses[row.pk] in removed,
            origin=Origin.of(row.origin),
        )
        for row in rows
    ]


def flat_values(values: dict[str, Any]) -> dict[str, dict[str, object]]:
    """Parameters or metrics as file → {``a.b.c``: value}, lists kept as values; for tables and comparisons."""
    return {path: _flat(content) for path, content in values.items()}


def _flat(content: object, prefix: str = "") -> dict[str, object]:
    if not isinstance(content, dict):
        return {prefix or "value": content}
    found: dict[str, object] = {}
    for key, value in content.items():
        found.update(_flat(value, f"{prefix}.{key}" if prefix else str(key)))
    return found
