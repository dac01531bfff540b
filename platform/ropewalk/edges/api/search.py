"""Finding by typing (Ctrl-K): projects and people everywhere; files, runs, models, branches and tags in a project."""

from collections.abc import Callable, Mapping
from urllib.parse import quote

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from ropewalk.access.authentication import caller_key
from ropewalk.access.roles import Permission
from ropewalk.access.types import ProjectAccess
from ropewalk.accounts.selectors import find_owners
from ropewalk.core.errors import Invalid, RopewalkError
from ropewalk.core.limits import spend
from ropewalk.core.patience import patience
from ropewalk.data import selectors as data
from ropewalk.edges.api.requests import caller
from ropewalk.edges.api.shapes import ErrorShape
from ropewalk.projects.selectors import find_projects
from ropewalk.repos import selectors as repos
from ropewalk.repos.errors import EmptyRepository
from ropewalk.tracking import selectors as tracking

PER_MINUTE = 300
LONGEST = 200
MOST, MOST_OF_ONE = 6, 20
_LIMIT_MS = 400
_REFS_LOOKED_AT = 5_000

Hit = dict[str, str]
# Finds at most so many with a text.
Finder = Callable[[str, int], list[Hit]]


class HitShape(serializers.Serializer):
    """One answer: ``title`` is its name, ``detail`` what tells it from others of that name, ``url`` its page."""

    kind = serializers.CharField()
    title = serializers.CharField()
    detail = serializers.CharField(allow_blank=True)
    url = serializers.CharField()


class GroupShape(serializers.Serializer):
    """The best few of one kind. ``more``: there are others."""

    kind = serializers.CharField()
    more = serializers.BooleanField()
    hits = HitShape(many=True)


class SearchShape(serializers.Serializer):
    """What was found, groups without a hit left out. ``missed`` are the kinds that could not be looked through in time."""

    query = serializers.CharField(allow_blank=True)
    groups = GroupShape(many=True)
    missed = serializers.ListField(child=serializers.CharField())


def _parameters(kinds: str) -> list[OpenApiParameter]:
    return [
        OpenApiParameter("q", str, description=f"What to look for; at most {LONGEST} characters count."),
        OpenApiParameter("kind", str, description=f"Only this kind, and more of it: {kinds}."),
    ]


@extend_schema(
    summary="Search",
    parameters=_parameters("project, owner"),
    responses={200: SearchShape, 400: ErrorShape},
    tags=["search"],
)
@api_view(["GET"])
def search(request: Request) -> Response:
    """Find projects that the caller may see by name, owner or description; people and organizations for who signed in."""
    viewer = caller(request).viewer_id
    finders: dict[str, Finder] = {"project": lambda text, most: _projects(viewer, text, most)}
    if viewer is not None:
        finders["owner"] = _owners
    return _answer(request, finders, {"project", "owner"})


@extend_schema(
    summary="Search a project",
    parameters=_parameters("file, run, model, experiment, branch, tag"),
    responses={200: SearchShape, 400: ErrorShape, 404: ErrorShape},
    tags=["search"],
)
@api_view(["GET"])
def search_project(request: Request, access: ProjectAccess) -> Response:
    """Find files of the default branch by letters in their order, runs by name or the beginning of the id, the rest by name."""
    finders = {kind: finder for kind, finder, needs in _IN_PROJECT if access.may(needs)}
    bound = {kind: _bound(finder, access) for kind, finder in finders.items()}
    return _answer(request, bound, {kind for kind, _, _ in _IN_PROJECT})


def _bound(finder: Callable[[ProjectAccess, str, int], list[Hit]], access: ProjectAccess) -> Finder:
    return lambda text, most: finder(access, text, most)


def _answer(request: Request, finders: Mapping[str, Finder], kinds: set[str]) -> Response:
    """Ask each finder. One that fails or takes too long costs the answer its own hits only."""
    spend("search", caller_key(request._request, caller(request)), per_minute=PER_MINUTE, what="searches")
    text = request.query_params.get("q", "")[:LONGEST].replace("\0", "").strip()
    only = request.query_params.get("kind", "")
    if only and only not in kinds:
        raise Invalid(f"`kind` is one of {', '.join(sorted(kinds))}.")
    most = MOST_OF_ONE if only else MOST
    groups, missed = [], []
    for kind, finder in finders.items():
        if not text or (only and kind != only):
            continue
        try:
            with patience(_LIMIT_MS):
                hits = finder(text, most + 1)
        except RopewalkError:
            missed.append(kind)
            continue
        if hits:
            groups.append({"kind": kind, "more": len(hits) > most, "hits": hits[:most]})
    return Response({"query": text, "groups": groups, "missed": missed})


def _hit(kind: str, title: str, detail: str, url: str) -> Hit:
    return {"kind": kind, "title": title, "detail": detail, "url": url}


def _projects(viewer_id: int | None, text: str, most: int) -> list[Hit]:
    return [
        _hit("project", project.full_name, project.description, project.path)
        for project in find_projects(viewer_id, text, limit=most)
    ]


def _owners(text: str, most: int) -> list[Hit]:
    found = find_owners(text, per_page=most)
    return [
        _hit("owner", owner.slug, owner.name if owner.name != owner.slug else "", f"/{owner.slug}")
        for owner in found
    ]


def _files(access: ProjectAccess, text: str, most: int) -> list[Hit]:
    try:
        revision = repos.resolve(access.project.id, "")
    except EmptyRepository:
        return []
    names, _ = data.file_names(access.project.id, revision.sha)
    base = f"{access.project.path}/src/{quote(revision.name, safe='/')}"
    return [
        _hit("file", path.rpartition("/")[2], path.rpartition("/")[0], f"{base}/{quote(path, safe='/')}")
        for path in data.ranked_names(text, names, most=most)
    ]


def _runs(access: ProjectAccess, text: str, most: int) -> list[Hit]:
    return [
        _hit(
            "run",
            run.name,
            f"{run.experiment} · {run.status.lower()} · {run.run_id[:8]}",
            f"{access.project.path}/runs/{quote(run.run_id, safe='')}",
        )
        for run in tracking.find_runs(access.project.id, text, limit=most)
    ]


def _models(access: ProjectAccess, text: str, most: int) -> list[Hit]:
    return [
        _hit(
            "model",
            model.name,
            f"version {model.latest_version}" if model.latest_version else "no version",
            f"{access.project.path}.mlflow/#/models/{quote(model.name, safe='')}",
        )
        for model in tracking.find_models(access.project.id, text, limit=most)
    ]


def _experiments(access: ProjectAccess, text: str, most: int) -> list[Hit]:
    return [
        _hit("experiment", found.name, "", f"{access.project.path}/experiments?experiment={found.id}")
        for found in tracking.find_experiments(access.project.id, text, limit=most)
    ]


def _branches(access: ProjectAccess, text: str, most: int) -> list[Hit]:
    names = repos.branch_names(access.project.id, limit=_REFS_LOOKED_AT)
    return [
        _hit("branch", name, "", f"{access.project.path}/src/{quote(name, safe='/')}")
        for name in _named(names, text, most)
    ]


def _tags(access: ProjectAccess, text: str, most: int) -> list[Hit]:
    branches = set(repos.branch_names(access.project.id, limit=_REFS_LOOKED_AT))
    return [
        _hit(
            "tag",
            name,
            "",
            f"{access.project.path}/src/{quote(f'refs/tags/{name}' if name in branches else name, safe='/')}",
        )
        for name in _named(repos.tag_names(access.project.id, limit=_REFS_LOOKED_AT), text, most)
    ]


def _named(names: list[str], text: str, most: int) -> list[str]:
    """Names that have the text in any case: those first that begin with it, then as they came."""
    wanted = text.lower()
    found = [name for name in names if wanted in name.lower()]
    return sorted(found, key=lambda name: not name.lower().startswith(wanted))[:most]


_IN_PROJECT: list[tuple[str, Callable[[ProjectAccess, str, int], list[Hit]], Permission]] = [
    ("file", _files, Permission.CODE_READ),
    ("run", _runs, Permission.RUNS_READ),
    ("model", _models, Permission.MODELS_READ),
    ("experiment", _experiments, Permission.RUNS_READ),
    ("branch", _branches, Permission.CODE_READ),
    ("tag", _tags, Permission.CODE_READ),
]
