"""DVC data that lies on another remote, brought here: asked for, cancelled, and done object by object.

Each object is received as an upload of a DVC client is: verified by its md5, a folder's list visible only when all its files are
here. So a fetch may be killed, cancelled and run again at any point; what is here is not fetched twice.
"""

import uuid
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta

from django.conf import settings
from django.db import transaction

from ropewalk.core import audit, clock, jobs, outbound
from ropewalk.core.errors import Conflict, Invalid, NotFound, Unavailable
from ropewalk.core.locks import lock_in_transaction
from ropewalk.data.models import RemoteFetch
from ropewalk.data.oids import ObjectAddress
from ropewalk.data.remote_reading import RemoteReader, RemoteRefused, checked_sign_in
from ropewalk.data.remotes import SCHEMES, place_of
from ropewalk.data.selectors import remote_fetches as selectors
from ropewalk.data.services.gathering import PARALLEL, Gathering
from ropewalk.data.types import FETCH_DATA, FetchReport, FetchScope
from ropewalk.repos.signing_in import taken_apart

KEPT_DAYS = 7
Report = Callable[[float, str], None]


def start_data_fetch(
    *,
    project_id: int,
    user_id: int,
    url: str,
    endpoint: str = "",
    region: str = "",
    scope: str = FetchScope.DEFAULT,
    kind: str = "basic",
    name: str = "",
    secret: str = "",
) -> None:
    """Ask for a fetch. Without a sign-in, one that is kept for the same address is used again.

    Raises :class:`Invalid` for an address that objects can't be fetched from or a sign-in that can't be sent,
    ``AddressRefused``, :class:`Unavailable` for an unknown host, :class:`Conflict` while one runs.
    """
    if scope not in list(FetchScope):
        raise Invalid("This is no choice of commits.")
    url, typed_name, typed_secret = taken_apart(url.strip())
    if not name and not secret:
        name, secret = typed_name, typed_secret
    place = place_of(url, endpoint=endpoint.strip(), region=region.strip())
    sign_in = checked_sign_in(place, kind, name, secret)
    outbound.resolve(f"{place.base}/", SCHEMES)
    with transaction.atomic():
        lock_in_transaction(f"data-fetch:{project_id}")
        job = selectors.fetch_job(project_id)
        if job is not None and job.active:
            raise Conflict("Data is being fetched already.", hint="Wait for its end, or cancel it.")
        row = RemoteFetch.objects.for_project(project_id).first() or RemoteFetch(project_id=project_id)
        same = (row.url, row.endpoint) == (url, endpoint.strip())
        if sign_in is not None or not same:
            row.sign_in = sign_in.sealed(project_id) if sign_in else ""
        row.url, row.endpoint, row.region, row.scope = url, endpoint.strip(), region.strip(), scope
        row.report = {}
        row.save()
        audit.record(
            "data.fetch_started",
            project_id=project_id,
            detail={"from": place.shown, "scope": scope, "signed_in": bool(row.sign_in)},
        )
        jobs.enqueue(
            FETCH_DATA,
            subject=f"project:{project_id}",
            fingerprint=uuid.uuid4().hex,
            payload={"scope": scope},
            project_id=project_id,
            requested_by_id=user_id,
        )


def cancel_data_fetch(*, project_id: int, cancelled_by: str) -> bool:
    """End a waiting or running fetch; what came stays. The sign-in is forgotten. False when it had ended already."""
    job = selectors.fetch_job(project_id)
    if job is None:
        raise NotFound("No data was fetched.")
    with transaction.atomic():
        if not jobs.cancel(job.id, public_message=f"{cancelled_by} cancelled it. What came stays."):
            return False
        _forget(project_id)
        audit.record("data.fetch_cancelled", project_id=project_id)
    return True


def run_data_fetch(
    *, project_id: int, user_id: int | None, shas: list[str] | None, report: Report
) -> dict[str, int]:
    """Bring what these commits want (every indexed one for None) and is not here; numbers for the job's row.

    Raises :class:`RemoteRefused`, ``AddressRefused``, :class:`Unavailable` when objects could not be read, ``TooLarge`` at the
    limit for all of them. Whatever it raises, the report of what came is saved.
    """
    row = RemoteFetch.objects.for_project(project_id).first()
    if row is None:
        raise NotFound("The address to fetch from is not kept.")
    place = place_of(row.url, endpoint=row.endpoint, region=row.region)
    reader = RemoteReader(place, selectors.remote_sign_in(project_id), connections=PARALLEL)
    gathering = Gathering(
        project_id=project_id,
        user_id=user_id,
        reader=reader,
        max_bytes=settings.ROPEWALK_MAX_DATA_FETCH_BYTES,
        report=report,
    )
    try:
        _gather(project_id, gathering, shas)
        found = gathering.result()
        _judge(found, gathering)
    except RemoteRefused:
        _forget(project_id)
        raise
    finally:
        reader.close()
        _save(project_id, gathering.result())
    _forget(project_id)
    return {
        "fetched": found.fetched,
        "present": found.present,
        "missing": found.missing,
        "refused": found.refused,
    }


def _gather(project_id: int, gathering: Gathering, shas: list[str] | None) -> None:
    """Folders' lists first: they say which files there are."""
    wanted = selectors.wanted_objects(project_id, shas)
    lists = {address: path for address, path in wanted.items() if address.is_dir}
    gathering.name_paths(wanted, lambda address: selectors.path_of(project_id, address, lists))
    here = selectors.stored(project_id, wanted)
    gathering.count(wanted=len(wanted), present=len(here))
    gathering.run(sorted(set(lists) - here, key=_by_name), "folder")
    files = {address for address in wanted if not address.is_dir} - here
    inside = selectors.waiting_files(project_id, lists) - files
    gathering.count(wanted=len(inside))
    gathering.run(sorted(files | inside, key=_by_name), "object")


def _by_name(address: ObjectAddress) -> str:
    return address.name


def _judge(found: FetchReport, gathering: Gathering) -> None:
    if gathering.only_denied:
        raise RemoteRefused(
            "The remote lets none of the objects be read.",
            hint="Give a sign-in that may read them, or check the address.",
        )
    if found.broken:
        raise Unavailable(
            f"{found.broken} objects could not be read from the remote.",
            hint="Run it again: what came stays and is not fetched twice.",
            code="fetch_incomplete",
        )


def _forget(project_id: int) -> None:
    RemoteFetch.objects.for_project(project_id).update(sign_in="")


def forget_old_remote_sign_ins() -> int:
    """Empty those of fetches that failed and that nobody ran again for :data:`KEPT_DAYS` days; how many."""
    rows = RemoteFetch.objects.unscoped("an hourly sweep").exclude(sign_in="")
    return rows.filter(updated_at__lt=clock.now() - timedelta(days=KEPT_DAYS)).update(sign_in="")


def _save(project_id: int, found: FetchReport) -> None:
    RemoteFetch.objects.for_project(project_id).update(report=asdict(found))


__all__ = ["cancel_data_fetch", "forget_old_remote_sign_ins", "run_data_fetch", "start_data_fetch"]
