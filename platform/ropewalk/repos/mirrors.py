"""Values of projects that follow a repository on another server, and when each is to be brought in step again."""

import hashlib
import hmac
import random
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings

from ropewalk.core.errors import Invalid

DEFAULT_INTERVAL = 8 * 3600
MAX_INTERVAL = 365 * 86400
MAX_PUSH_MIRRORS = 5
LONGEST_WAIT = 24 * 3600
# From so many failures in a row on, everybody who may mend it sees a banner.
TELLING_FAILURES = 3
_SPREAD = 0.05


@dataclass(frozen=True, kw_only=True)
class SyncView:
    """How it stands between a project and the repository at ``address``, every ``interval`` seconds (0: only when asked).

    ``asked_at``: a sync was asked for and has not ended yet. ``failures`` counts those since it went well at ``synced_at``.
    ``signed_in``: a sign-in for the other server is kept.
    """

    project_id: int
    address: str
    interval: int
    signed_in: bool
    created_at: datetime
    asked_at: datetime | None
    synced_at: datetime | None
    failures: int
    last_error: str
    next_at: datetime | None

    @property
    def place(self) -> str:
        """The address without its scheme, as people say it."""
        return place_of(self.address)

    @property
    def web_url(self) -> str:
        """The address where a browser can go there too; empty for git's own protocol."""
        return self.address if self.address.startswith(("https://", "http://")) else ""

    @property
    def failing(self) -> bool:
        """Whether the last sync failed."""
        return self.failures > 0

    @property
    def keeps_failing(self) -> bool:
        """Whether it failed so often that somebody must look."""
        return self.failures >= TELLING_FAILURES


@dataclass(frozen=True, kw_only=True)
class PushMirrorView(SyncView):
    """Another server that gets the project's branches and tags; ``sync_on_push``: also after each change of one."""

    key: str
    sync_on_push: bool


@dataclass(frozen=True, kw_only=True)
class MirrorView(SyncView):
    """A project that follows another repository."""

    hook_id: str

    @property
    def hook_secret(self) -> str:
        """What proves that a message comes from the server that was told it. Nothing of it is stored; see :func:`hook_secret`."""
        return hook_secret(self.project_id, self.hook_id, settings.SECRET_KEY)

    @property
    def hook_secrets(self) -> tuple[str, ...]:
        """The secret, and those that it was under former keys of the installation: other servers still send with them."""
        keys = (settings.SECRET_KEY, *settings.ROPEWALK_OLD_SECRET_KEYS)
        return tuple(hook_secret(self.project_id, self.hook_id, key) for key in keys)

    @property
    def hook_url(self) -> str:
        """Where the other server says that something was pushed."""
        return f"{settings.ROPEWALK_URL}/api/v1/hooks/mirror/{self.hook_id}"


def place_of(address: str) -> str:
    """Host and path of an address, without the port that goes without saying and without ``.git``."""
    parts = urlsplit(address)
    port = f":{parts.port}" if parts.port and f"{parts.scheme}:{parts.port}" not in _USUAL else ""
    return f"{parts.hostname or ''}{port}{parts.path.removesuffix('/').removesuffix('.git')}"


_USUAL = {"https:443", "http:80", "git:9418"}


def hook_secret(project_id: int, hook_id: str, key: str) -> str:
    """The webhook's secret: an HMAC of its public half under the installation's ``key``, so that none is stored.

    A new ``hook_id`` makes a new secret.
    """
    said = f"ropewalk mirror hook:{project_id}:{hook_id}".encode()
    digest = hmac.new(key.encode(), said, hashlib.sha256).digest()
    return urlsafe_b64encode(digest[:24]).decode()


def checked_interval(seconds: int) -> int:
    """``seconds`` itself. Raises :class:`Invalid` for a time between syncs that this server does not allow."""
    least = settings.ROPEWALK_MIRROR_MIN_MINUTES
    if seconds != 0 and not least * 60 <= seconds <= MAX_INTERVAL:
        raise Invalid(
            f"The time between two syncs is {least} minutes to 365 days, or 0 for only when asked.",
            code="bad_interval",
        )
    return seconds


def next_time(now: datetime, interval: int, failures: int) -> datetime | None:
    """When to look again: after the interval, doubled with each failure in a row up to a day; None for only when asked.

    A little to and fro keeps mirrors that were made together from asking together for ever.
    """
    if interval == 0:
        return None
    wait = interval
    if failures:
        wait = max(interval, min(interval * 2 ** min(failures, 16), LONGEST_WAIT))
    return now + timedelta(seconds=wait * random.uniform(1 - _SPREAD, 1 + _SPREAD))  # noqa: S311  # no secret
