"""Fetching from another remote: where from, what is wanted, and what of it is not here."""

from collections.abc import Collection, Iterable, Iterator

from ropewalk.core.selectors import latest_job
from ropewalk.core.types import JobView
from ropewalk.data.models import DirEntry, MissingChild, RemoteFetch, StoredObject, TrackedOutput
from ropewalk.data.oids import ObjectAddress, address_of, parse_oid
from ropewalk.data.origins import REPOSITORY
from ropewalk.data.remote_reading import RemoteSignIn, opened
from ropewalk.data.remotes import NamedRemote, read_config
from ropewalk.data.types import FETCH_DATA, INDEX_REVISION, FetchReport, RemoteFetchView
from ropewalk.repos import selectors as repos
from ropewalk.repos.errors import EmptyRepository, PathNotFound, RevisionNotFound, WrongKind

MAX_WANTED = 1_000_000
_AT_ONCE = 5000


def remote_fetch(project_id: int) -> RemoteFetchView | None:
    """Where data was fetched from last; None when it never was."""
    row = RemoteFetch.objects.for_project(project_id).first()
    if row is None:
        return None
    return RemoteFetchView(
        row.url, row.endpoint, row.region, row.scope, bool(row.sign_in), FetchReport.of(row.report)
    )


def fetch_job(project_id: int) -> JobView | None:
    """How the newest fetch stands."""
    return latest_job(project_id, kind=FETCH_DATA.name)


def remote_sign_in(project_id: int) -> RemoteSignIn | None:
    """The sign-in that is kept, for the job. Raises :class:`~ropewalk.core.sealing.SealBroken`."""
    sealed = RemoteFetch.objects.for_project(project_id).values_list("sign_in", flat=True).first()
    return opened(sealed or "", project_id)


def named_remotes(project_id: int) -> list[NamedRemote]:
    """The remotes in ``.dvc/config`` of the default branch."""
    try:
        revision = repos.resolve(project_id)
        blob = repos.blob(project_id, revision.sha, ".dvc/config")
    except (EmptyRepository, RevisionNotFound, PathNotFound, WrongKind):
        return []
    return read_config(blob.text)


def wanted_objects(project_id: int, shas: Collection[str] | None) -> dict[ObjectAddress, str]:
    """What these commits track (every indexed one for None) and a remote holds, each with a path; at most a million.

    Without what was imported from another repository: DVC pushes that to no remote.
    """
    rows = TrackedOutput.objects.for_project(project_id).filter(cached=True).exclude(origin__kind=REPOSITORY)
    if shas is not None:
        rows = rows.filter(
            output_set__revisions__project_id=project_id,
            output_set__revisions__commit_sha__in=list(shas),
            output_set__revisions__version=INDEX_REVISION.version,
        )
    found: dict[ObjectAddress, str] = {}
    for algorithm, oid, is_dir, path in (
        rows.values_list("algorithm", "oid", "is_dir", "path").order_by("path").iterator(_AT_ONCE)
    ):
        address = parse_oid(algorithm, f"{oid}.dir" if is_dir else oid)
        if address is not None and len(found) < MAX_WANTED:
            found.setdefault(address, path)
    return found


def stored(project_id: int, addresses: Iterable[ObjectAddress]) -> set[ObjectAddress]:
    """Those that have a row, visible or not: their bytes need not come again."""
    found: set[ObjectAddress] = set()
    for part in batched(addresses, _AT_ONCE):
        rows = StoredObject.objects.for_project(project_id).filter(oid__in={address.oid for address in part})
        here = {address_of(kind, oid) for kind, oid in rows.values_list("kind", "oid")}
        found |= here & set(part)
    return found


def waiting_files(project_id: int, lists: Iterable[ObjectAddress]) -> set[ObjectAddress]:
    """The files that these folders' lists name and that are not here."""
    found: set[ObjectAddress] = set()
    for part in batched(lists, _AT_ONCE):
        rows = MissingChild.objects.for_project(project_id).filter(
            directory__project_id=project_id,
            directory__oid__in={address.oid for address in part},
            directory__kind__in={address.kind for address in part},
        )
        for kind, oid in rows.values_list("kind", "oid").distinct().iterator(_AT_ONCE):
            found.add(address_of(kind, oid))
            if len(found) >= MAX_WANTED:
                return found
    return found


def path_of(project_id: int, address: ObjectAddress, lists: dict[ObjectAddress, str]) -> str:
    """A path whose file this is, in one of these folders; empty when none is found."""
    rows = DirEntry.objects.for_project(project_id).filter(
        directory__missing__project_id=project_id,
        directory__missing__oid=address.oid,
        directory__missing__kind=address.kind,
        oid=address.oid,
    )
    found = rows.values_list("directory__kind", "directory__oid", "relpath").first()
    if found is None:
        return ""
    folder = lists.get(address_of(found[0], found[1]), "")
    return f"{folder}/{found[2]}" if folder else found[2]


def batched(items: Iterable[ObjectAddress], size: int) -> Iterator[list[ObjectAddress]]:
    """Lists of at most ``size`` items."""
    part: list[ObjectAddress] = []
    for item in items:
        part.append(item)
        if len(part) == size:
            yield part
            part = []
    if part:
        yield part
