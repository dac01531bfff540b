"""Asked before and while anything is stored: whether there is room.

Uploads that run at once each see the room that was there when they began or last asked; together they may take more than there is
by at most what is under way. A lock would make them wait for each other.
"""

from collections.abc import Iterable, Iterator

from ropewalk.core.derived import cache
from ropewalk.quotas.selectors import flow_key, recent_standing, standing
from ropewalk.quotas.types import Limit, OverQuota, Standing, size_text


def room_left(project_id: int) -> int | None:
    """Bytes that a project may still store; zero when it is full, None for any amount."""
    limit = recent_standing(project_id).tightest
    return None if limit is None else max(limit.left or 0, 0)


def require_room(project_id: int, size: int = 1) -> None:
    """Raise :class:`OverQuota` unless so many bytes more may be stored."""
    if error := refusal(project_id, size):
        raise error


def refusal(project_id: int, size: int = 1) -> OverQuota | None:
    """Why so many bytes can't be stored, in words; None when they can."""
    return _exact_refusal(project_id, recent_standing(project_id), size)


def _exact_refusal(project_id: int, known: Standing, size: int) -> OverQuota | None:
    if _refusal(known, size) is None:
        return None
    return _refusal(standing(project_id), size)  # nobody is refused for what was removed a moment ago


def metered(project_id: int, blocks: Iterable[bytes], *, announced: int | None = None) -> Iterator[bytes]:
    """The blocks, as long as there is room for them.

    Raises :class:`OverQuota` before the first is asked for when there is none, or not enough for the ``announced`` bytes, else as
    soon as they are more than there is room for.
    """
    known = recent_standing(project_id)
    if announced != 0 and (error := _exact_refusal(project_id, known, announced or 1)):
        raise error
    limit, total = known.tightest, 0
    for block in blocks:
        total += len(block)
        if limit is not None and total > (limit.left or 0):
            known = standing(project_id)  # somebody may have made room meanwhile
            limit = known.tightest
            if error := _refusal(known, total):
                raise error
        yield block
    if limit is not None and total:
        cache.count_up(flow_key(known.owner_id), total)


def _refusal(known: Standing, size: int) -> OverQuota | None:
    limit = known.tightest
    if limit is None or size <= (limit.left or 0):
        return None
    return _words(limit, size, owners=limit is known.owner)


def _words(limit: Limit, size: int, *, owners: bool) -> OverQuota:
    whose = f"All projects of {limit.whose} together" if owners else f"The project {limit.whose}"
    full = (limit.left or 0) <= 0
    more = "" if full else f", and {size_text(size)} more do not fit"
    page = "the storage settings of the owner" if owners else "Settings › Storage of the project"
    return OverQuota(
        f"{whose} may store {size_text(limit.most or 0)}; {size_text(limit.used)} are used{more}.",
        hint=f"Look in {page} what is largest, remove what nobody needs, and remove for good what is under Removed data; or ask "
        "this server's operator for more room.",
    )
