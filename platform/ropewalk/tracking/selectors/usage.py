"""Which runs recorded which commits and which data, and the models that came of them: what a version of data was used for."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from django.db import connection
from django.db.models import Q

from ropewalk.core.pagination import Page, paginate
from ropewalk.tracking import ordering
from ropewalk.tracking.models import RunTag
from ropewalk.tracking.selectors.registry import DELETED
from ropewalk.tracking.selectors.runs import rows_of, runs_by_ids, runs_in
from ropewalk.tracking.types import COMMIT_TAG, RunRow, workspace_name

MOST_COMMITS = 2000
MOST_USES = 500

_COMMITS = """
    SELECT tag.value, count(*) FROM mlflow.tags tag
    JOIN mlflow.runs run ON run.run_uuid = tag.run_uuid AND run.lifecycle_stage = 'active'
    JOIN mlflow.experiments e ON e.experiment_id = run.experiment_id AND e.lifecycle_stage = 'active'
    WHERE tag.key = %(tag)s AND e.workspace = %(workspace)s AND tag.value ~ '^[0-9a-f]{40}$'
    GROUP BY tag.value ORDER BY max(run.start_time) DESC NULLS LAST, tag.value LIMIT %(limit)s"""
# Runs of each group of commits, numbered from the newest.
_PLACED = """
    SELECT given.number, run.run_uuid,
           row_number() OVER (PARTITION BY given.number ORDER BY run.start_time DESC NULLS LAST, run.run_uuid) AS place
    FROM unnest(%(numbers)s::int[], %(shas)s::text[]) AS given (number, sha)
    JOIN mlflow.tags tag ON tag.key = 'mlflow.source.git.commit' AND tag.value = given.sha
    JOIN mlflow.runs run ON run.run_uuid = tag.run_uuid AND run.lifecycle_stage = 'active'
    JOIN mlflow.experiments e ON e.experiment_id = run.experiment_id AND e.lifecycle_stage = 'active'
    WHERE e.workspace = %(workspace)s"""
_NEWEST = f"SELECT number, run_uuid FROM ({_PLACED}) placed WHERE place <= %(each)s ORDER BY number, place"  # noqa: S608  # our own words
_MODELS = f"""
    SELECT number, name, version, count(*) OVER (PARTITION BY number) FROM (
        SELECT placed.number, model.name, model.version,
               row_number() OVER (PARTITION BY placed.number ORDER BY model.creation_time DESC, model.name) AS model_place
        FROM ({_PLACED}) placed JOIN mlflow.model_versions model
          ON model.run_id = placed.run_uuid AND model.workspace = %(workspace)s AND model.current_stage <> %(deleted)s
    ) found ORDER BY number, model_place"""  # noqa: S608  # our own words
_LOGGED = """
    SELECT run.run_uuid, tag.value, data.digest, data.dataset_source
    FROM mlflow.datasets data
    JOIN mlflow.experiments e ON e.experiment_id = data.experiment_id AND e.lifecycle_stage = 'active'
    JOIN mlflow.inputs link ON link.source_type = 'DATASET' AND link.source_id = data.dataset_uuid
     AND link.destination_type = 'RUN'
    JOIN mlflow.runs run ON run.run_uuid = link.destination_id AND run.lifecycle_stage = 'active'
    LEFT JOIN mlflow.tags tag ON tag.run_uuid = run.run_uuid AND tag.key = %(tag)s
    WHERE e.workspace = %(workspace)s AND (data.digest = ANY(%(digests)s) OR strpos(data.dataset_source, %(name)s) > 0)
    ORDER BY run.start_time DESC NULLS LAST, run.run_uuid LIMIT %(limit)s"""

Groups = Mapping[str, Collection[str]]


@dataclass(frozen=True)
class LoggedUse:
    """A run that logged data with ``mlflow.data``: by a digest that was asked for, or from a source that names the path."""

    run_id: str
    commit: str
    digest: str


@dataclass(frozen=True)
class ModelUse:
    """How many versions of registered models came of a group's runs, with the newest few as (name, version)."""

    count: int
    newest: list[tuple[str, int]]


def run_commits(project_id: int, *, limit: int = MOST_COMMITS) -> dict[str, int]:
    """Commit → its active runs, of the commits whose runs are the newest. One query."""
    with connection.cursor() as cursor:
        names: dict[str, Any] = {"tag": COMMIT_TAG, "workspace": workspace_name(project_id), "limit": limit}
        cursor.execute(_COMMITS, names)
        return dict(cursor.fetchall())


def newest_runs(project_id: int, groups: Groups, *, each: int = 3) -> dict[str, list[RunRow]]:
    """The newest runs of each group of commits. Five queries, however many groups there are."""
    keys, names = _given(project_id, groups)
    with connection.cursor() as cursor:
        cursor.execute(_NEWEST, {**names, "each": each})
        placed = cursor.fetchall()
    rows = {row.run_id: row for row in runs_by_ids(project_id, [run_id for _, run_id in placed])}
    found: dict[str, list[RunRow]] = defaultdict(list)
    for number, run_id in placed:
        if run_id in rows:
            found[keys[number]].append(rows[run_id])
    return dict(found)


def models_made(project_id: int, groups: Groups, *, each: int = 3) -> dict[str, ModelUse]:
    """The versions of registered models whose runs recorded one of a group's commits. One query."""
    keys, names = _given(project_id, groups)
    found: dict[str, ModelUse] = {}
    with connection.cursor() as cursor:
        cursor.execute(_MODELS, {**names, "deleted": DELETED})
        for number, name, version, count in cursor.fetchall():
            use = found.setdefault(keys[number], ModelUse(count, []))
            if len(use.newest) < each:
                use.newest.append((name, version))
    return found


def _given(project_id: int, groups: Groups) -> tuple[list[str], dict[str, Any]]:
    pairs = [(number, sha) for number, shas in enumerate(groups.values()) for sha in shas]
    return list(groups), {
        "numbers": [number for number, _ in pairs],
        "shas": [sha for _, sha in pairs],
        "workspace": workspace_name(project_id),
    }


def runs_using(
    project_id: int, shas: Collection[str], run_ids: Collection[str], *, page: int = 1, per_page: int = 50
) -> Page[RunRow]:
    """Active runs that recorded one of these commits, or are among these, newest first."""
    tagged = RunTag.objects.for_project(project_id).filter(key=COMMIT_TAG, value__in=list(shas))
    wanted = Q(run_uuid__in=tagged.values("run_id")) | Q(run_uuid__in=list(run_ids))
    rows = ordering.apply(runs_in(project_id).filter(wanted), "")
    found = paginate(rows, page=page, per_page=per_page, convert=lambda row: row)
    return Page(
        rows_of(found.items), found.number, found.per_page, found.total, found.has_next, found.total_exact
    )


def logged_uses(project_id: int, path: str, digests: Collection[str]) -> list[LoggedUse]:
    """Runs that logged a data set with one of these digests, or from a source that names the path; the newest only. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            _LOGGED,
            {
                "tag": COMMIT_TAG,
                "workspace": workspace_name(project_id),
                "digests": list(digests),
                "name": path.rpartition("/")[2],
                "limit": MOST_USES,
            },
        )
        rows = cursor.fetchall()
    known = set(digests)
    return [
        LoggedUse(run_id, commit or "", digest if digest in known else "")
        for run_id, commit, digest, source in rows
        if digest in known or source_names(source, path)
    ]


def source_names(source: str, path: str) -> bool:
    """Whether MLflow's text about where data came from names a path of the repository: as it is, or at the end of an address."""
    return any(
        text == path or text.endswith(f"/{path}")
        for value in _texts(source)
        for text in [unquote(value.partition("?")[0]).removeprefix("./").rstrip("/")]
    )


def _texts(source: str) -> Iterator[str]:
    try:
        value = json.loads(source)
    except (ValueError, RecursionError):
        yield source
        return
    for item in value.values() if isinstance(value, dict) else [value]:
        if isinstance(item, str):
            yield item
