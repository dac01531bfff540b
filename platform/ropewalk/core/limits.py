"""How much one caller may ask for: so many a minute, and so many at once. Across processes, by the shared cache.

The cache here is the one that fails when it is away: a limit must not open then.
"""

import hashlib
import secrets
import time

from django.core.cache import cache

from ropewalk.core.errors import Busy

_TOUCHES = 10.0


def _key(kind: str, name: str, who: str) -> str:
    return f"{kind}:{name}:{hashlib.sha256(who.encode()).hexdigest()[:24]}"


def spend(name: str, who: str, *, per_minute: int, what: str) -> None:
    """Count one use by ``who`` in this minute. Raises :class:`Busy` beyond ``per_minute``; ``what`` names it in the plural."""
    key = f"{_key('limit', name, who)}:{int(time.time() // 60)}"
    cache.add(key, 0, 120)
    if cache.incr(key) > per_minute:
        raise Busy(
            f"You asked for more than {per_minute} {what} in a minute.", hint="Wait a minute, then try again."
        )


class Place:
    """One of ``most`` places for ``who``, held until :meth:`leave`.

    Whoever holds it calls :meth:`stay` while at work: a process that dies gives its place back within a minute or two.
    """

    def __init__(self, name: str, who: str, *, most: int, what: str) -> None:
        self._mark, self._touched = secrets.token_hex(8), time.monotonic()
        for number in range(most):
            self._key = f"{_key('place', name, who)}:{number}"
            if cache.add(self._key, self._mark, 120):
                return
        raise Busy(f"{most} {what} run for you already.", hint="Wait until one has ended, then try again.")

    def stay(self) -> None:
        """Say that the work goes on."""
        if time.monotonic() > self._touched + _TOUCHES:
            self._touched = time.monotonic()
            cache.touch(self._key, 120)

    def leave(self) -> None:
        """Give the place back, unless it went to somebody else meanwhile."""
        if cache.get(self._key) == self._mark:
            cache.delete(self._key)
