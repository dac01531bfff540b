"""The model registry, read only (promotion and lineage belong to the registry app)."""

from collections import defaultdict
from collections.abc import Collection, Sequence

from django.db.models import Q

from ropewalk.core.errors import NotFound
from ropewalk.core.pagination import Page, paginate
from ropewalk.tracking.models import (
    ModelAliasRow,
    ModelTagRow,
    ModelVersionRow,
    RegisteredModelRow,
    VersionTagRow,
)
from ropewalk.tracking.types import ModelVersion, RegisteredModel, moment

DELETED = "Deleted_Internal"
PROMPT_TAG = "mlflow.prompt.is_prompt"


def list_models(project_id: int, *, page: int = 1, per_page: int = 50) -> Page[RegisteredModel]:
    """Registered models by name; prompts, which MLflow keeps in the same table, are left out."""
    prompts = (
        ModelTagRow.objects.for_project(project_id)
        .filter(key=PROMPT_TAG, value__iexact="true")
        .values("name")
    )
    rows = RegisteredModelRow.objects.for_project(project_id).exclude(name__in=prompts).order_by("name")
    found = paginate(rows, page=page, per_page=per_page, convert=lambda row: row)
    return Page(
        items=_models(project_id, found.items),
        number=found.number,
        per_page=found.per_page,
        total=found.total,
        has_next=found.has_next,
        total_exact=found.total_exact,
    )


def get_model(project_id: int, name: str) -> RegisteredModel:
    """One registered model. Raises :class:`NotFound`."""
    row = RegisteredModelRow.objects.for_project(project_id).filter(name=name).first()
    if row is None:
        raise NotFound(f"There is no registered model {name}.")
    return _models(project_id, [row])[0]


def _models(project_id: int, rows: Sequence[RegisteredModelRow]) -> list[RegisteredModel]:
    """Values for model rows: three queries for all of them."""
    names = [row.name for row in rows]
    versions: dict[str, list[int]] = defaultdict(list)
    live = (
        ModelVersionRow.objects.for_project(project_id).filter(name__in=names).exclude(current_stage=DELETED)
    )
    for name, version in live.values_list("name", "version"):
        versions[name].append(version)
    aliases: dict[str, dict[str, int]] = defaultdict(dict)
    named = ModelAliasRow.objects.for_project(project_id).filter(name__in=names).order_by("alias")
    for name, alias, version in named.values_list("name", "alias", "version"):
        aliases[name][alias] = version
    tags: dict[str, dict[str, str]] = defaultdict(dict)
    tagged = ModelTagRow.objects.for_project(project_id).filter(name__in=names).order_by("key")
    for name, key, value in tagged.values_list("name", "key", "value"):
        tags[name][key] = value or ""
    return [
        RegisteredModel(
            name=row.name,
            description=row.description or "",
            created_at=moment(row.creation_time),
            updated_at=moment(row.last_updated_time),
            version_count=len(versions[row.name]),
            latest_version=max(versions[row.name], default=None),
            aliases=aliases[row.name],
            tags=tags[row.name],
        )
        for row in rows
    ]


def list_versions(project_id: int, name: str, *, limit: int = 200) -> list[ModelVersion]:
    """The versions of one model, newest first."""
    rows = ModelVersionRow.objects.for_project(project_id).filter(name=name).exclude(current_stage=DELETED)
    return _versions(project_id, list(rows.order_by("-version")[:limit]))


def versions_of_runs(project_id: int, run_ids: Collection[str], *, limit: int = 200) -> list[ModelVersion]:
    """Registered versions whose source is one of these runs."""
    rows = (
        ModelVersionRow.objects.for_project(project_id)
        .filter(run_id__in=list(run_ids))
        .exclude(current_stage=DELETED)
    )
    return _versions(project_id, list(rows.order_by("name", "-version")[:limit]))


def _versions(project_id: int, rows: Sequence[ModelVersionRow]) -> list[ModelVersion]:
    """Values for version rows: two queries for all of them."""
    pairs = Q(pk__in=[])
    for row in rows:
        pairs |= Q(name=row.name, version=row.version)
    aliases: dict[tuple[str, int], list[str]] = defaultdict(list)
    tags: dict[tuple[str, int], dict[str, str]] = defaultdict(dict)
    if rows:
        named = ModelAliasRow.objects.for_project(project_id).filter(pairs).order_by("alias")
        for name, version, alias in named.values_list("name", "version", "alias"):
            aliases[name, version].append(alias)
        tagged = VersionTagRow.objects.for_project(project_id).filter(pairs).order_by("key")
        for name, version, key, value in tagged.values_list("name", "version", "key", "value"):
            tags[name, version][key] = value or ""
    return [
        ModelVersion(
            name=row.name,
            version=row.version,
            description=row.description or "",
            status=row.status or "",
            stage=row.current_stage or "",
            source=row.source or "",
            run_id=row.run_id or "",
            created_at=moment(row.creation_time),
            updated_at=moment(row.last_updated_time),
            aliases=tuple(aliases[row.name, row.version]),
            tags=tags[row.name, row.version],
        )
        for row in rows
    ]
