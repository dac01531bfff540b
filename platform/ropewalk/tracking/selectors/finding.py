"""Finding runs, experiments and models by a part of their name, while somebody types it."""

import re
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import F, IntegerField, Max, OuterRef, Q, Subquery
from django.db.models.expressions import Value
from django.db.models.functions import StrIndex, Upper

from ropewalk.tracking.models import Experiment, ModelTagRow, ModelVersionRow, RegisteredModelRow
from ropewalk.tracking.selectors.registry import DELETED, PROMPT_TAG
from ropewalk.tracking.types import moment, workspace_name

MAX_WORDS = 5
# What the trigrams of ``ropewalk_runs_words`` can answer: three letters in a row, or one at an edge that the pattern knows.
_TRIGRAM = re.compile(
    r"[0-9A-Za-z]{3}|[0-9A-Za-z]{2}[\x00-\x2f\x3a-\x40\x5b-\x60\x7b-\x7f]|"
    r"[\x00-\x2f\x3a-\x40\x5b-\x60\x7b-\x7f][0-9A-Za-z]"
)
_RUN_ID = re.compile(r"[0-9a-f]{4,32}")

# Each experiment gives its newest few: by the order of time where the words are common, by the trigrams where they are rare.
# ``COALESCE`` keeps words that have no trigram away from that index, which would read all of itself for them.
_BY_NAME = """
SELECT x.run_uuid, x.name, e.name, x.status, x.start_time
FROM mlflow.experiments e CROSS JOIN LATERAL (
  SELECT r.run_uuid, r.name, r.status, r.start_time FROM mlflow.runs r
  WHERE r.experiment_id = e.experiment_id AND r.lifecycle_stage = 'active' AND {condition}
  ORDER BY r.start_time DESC NULLS LAST, r.run_uuid LIMIT %(limit)s
) x
WHERE e.workspace = %(workspace)s AND e.lifecycle_stage = 'active'
ORDER BY x.start_time DESC NULLS LAST, x.run_uuid LIMIT %(limit)s
"""
_BY_ID = """
SELECT r.run_uuid, r.name, e.name, r.status, r.start_time
FROM mlflow.runs r JOIN mlflow.experiments e USING (experiment_id)
WHERE r.run_uuid BETWEEN %(least)s AND %(most)s AND e.workspace = %(workspace)s
  AND r.lifecycle_stage = 'active' AND e.lifecycle_stage = 'active'
ORDER BY r.run_uuid LIMIT %(limit)s
"""


@dataclass(frozen=True)
class FoundRun:
    """A run by its name; one without a name has the first letters of its id."""

    run_id: str
    name: str
    experiment: str
    status: str
    started_at: datetime | None


@dataclass(frozen=True)
class FoundModel:
    """A registered model and its newest version, None without one."""

    name: str
    latest_version: int | None


@dataclass(frozen=True)
class FoundExperiment:
    """An active experiment."""

    id: str
    name: str


def words_of(text: str) -> list[str]:
    """What is looked for: the first few words, without what PostgreSQL can't be asked for."""
    return text.replace("\0", "").split()[:MAX_WORDS]


def find_runs(project_id: int, text: str, *, limit: int) -> list[FoundRun]:
    """Active runs whose id begins with the text (four letters or more), then those with all its words in the name, newest first.

    A word of one or two letters must begin the name. Two queries at most, a few ms among 100,000 runs of the project.
    """
    words = words_of(text)
    if not words or limit < 1:
        return []
    values: dict[str, str | int] = {"workspace": workspace_name(project_id), "limit": limit}
    rows: list[tuple[str, str | None, str, str, int | None]] = []
    with connection.cursor() as cursor:
        prefix = text.strip().lower().replace("-", "")
        if _RUN_ID.fullmatch(prefix):
            values |= {"least": prefix.ljust(32, "0"), "most": prefix.ljust(32, "f")}
            cursor.execute(_BY_ID, values)
            rows += cursor.fetchall()
        conditions = []
        for number, word in enumerate(words):
            values[f"word{number}"] = _pattern(word)
            column = "r.name" if _has_trigram(word) else "COALESCE(r.name, '')"
            conditions.append(f"{column} ILIKE %(word{number})s")
        cursor.execute(_BY_NAME.format(condition=" AND ".join(conditions)), values)
        rows += cursor.fetchall()
    found = {row[0]: row for row in reversed(rows)}  # one that is in both is named once, where it came first
    ordered = sorted(found.values(), key=rows.index)[:limit]
    return [
        FoundRun(run_id, name or run_id[:8], experiment, status, moment(started))
        for run_id, name, experiment, status, started in ordered
    ]


def _pattern(word: str) -> str:
    escaped = re.sub(r"([\\%_])", r"\\\1", word)
    return f"{escaped}%" if len(word) < 3 else f"%{escaped}%"


def _has_trigram(word: str) -> bool:
    if len(word) < 3:
        return bool(re.match(r"[0-9A-Za-z]", word))
    return bool(_TRIGRAM.search(word))


def _named(words: list[str]) -> Q:
    condition = Q()
    for word in words:
        condition &= Q(name__icontains=word)
    return condition


def find_models(project_id: int, text: str, *, limit: int) -> list[FoundModel]:
    """Registered models with all words of the text in their name, those first that begin with it. One query."""
    words = words_of(text)
    if not words:
        return []
    prompts = ModelTagRow.objects.for_project(project_id).filter(key=PROMPT_TAG, value__iexact="true")
    versions = (
        ModelVersionRow.objects.for_project(project_id)
        .filter(name=OuterRef("name"))
        .exclude(current_stage=DELETED)
        .order_by()
        .values("name")
        .annotate(newest=Max("version"))
        .values("newest")
    )
    rows = (
        RegisteredModelRow.objects.for_project(project_id)
        .filter(_named(words))
        .exclude(name__in=prompts.values("name"))
        .annotate(place=StrIndex(Upper(F("name")), Upper(Value(words[0]))))
        .annotate(newest=Subquery(versions, output_field=IntegerField()))
        .order_by("place", "name")
    )
    return [FoundModel(name, newest) for name, newest in rows.values_list("name", "newest")[:limit]]


def find_experiments(project_id: int, text: str, *, limit: int) -> list[FoundExperiment]:
    """Active experiments with all words of the text in their name, those first that begin with it. One query."""
    words = words_of(text)
    if not words:
        return []
    rows = (
        Experiment.objects.for_project(project_id)
        .filter(_named(words), lifecycle_stage="active")
        .annotate(place=StrIndex(Upper(F("name")), Upper(Value(words[0]))))
        .order_by("place", "name")
    )
    return [FoundExperiment(str(pk), name) for pk, name in rows.values_list("experiment_id", "name")[:limit]]
