"""The cache of what can be computed again: a broker that is away costs time, never an answer.

Rate limits stay in Django's default cache, which does fail: they must not open when it is away.
"""

from typing import Any

import redis
from django.core.cache import caches
from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from django.utils.connection import ConnectionProxy

from ropewalk.core import outages


class _Client(RedisCacheClient):
    """Django makes a client a call, which costs as much as the call itself; one for each pool serves all threads."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._clients: dict[Any, Any] = {}

    def get_client(self, key: Any = None, *, write: bool = False) -> Any:
        """The client of the server for reading or writing."""
        pool = self._get_connection_pool(write)  # type: ignore[attr-defined]  # the stubs leave it out
        if pool not in self._clients:
            self._clients[pool] = self._client(connection_pool=pool)  # type: ignore[attr-defined]
        return self._clients[pool]


class ForgivingCache(RedisCache):
    """Redis whose failures look like an empty cache."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._class = _Client

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        """The value, or ``default`` for an unknown key and for a broker that does not answer."""
        try:
            return super().get(key, default, version)
        except redis.RedisError as error:
            outages.note("cache", error)
            return default

    def set(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        """Keep the value for ``timeout`` seconds (five minutes unless told, None: for ever), if the broker answers."""
        try:
            super().set(key, value, timeout, version)
        except redis.RedisError as error:
            outages.note("cache", error)

    def add(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Keep the value unless there is one; whether it was kept. ``get_or_set`` stands on it."""
        try:
            return bool(super().add(key, value, timeout, version))
        except redis.RedisError as error:
            outages.note("cache", error)
            return False

    def get_many(self, keys: Any, version: int | None = None) -> dict[Any, Any]:
        """The known ones of several values."""
        try:
            return dict(super().get_many(keys, version))
        except redis.RedisError as error:
            outages.note("cache", error)
            return {}

    def set_many(self, data: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> list[Any]:
        """Keep several values; the keys of those that were not kept."""
        try:
            return list(super().set_many(data, timeout, version))
        except redis.RedisError as error:
            outages.note("cache", error)
            return list(data)

    def count_up(self, key: Any, by: int) -> None:
        """Add to a number that is there already; without one, or without the broker, nothing happens."""
        try:
            self.incr(key, by)
        except ValueError:
            pass
        except redis.RedisError as error:
            outages.note("cache", error)

    def delete(self, key: Any, version: int | None = None) -> bool:
        """Forget the value, if the broker answers."""
        try:
            return bool(super().delete(key, version))
        except redis.RedisError as error:
            outages.note("cache", error)
            return False


cache = ConnectionProxy(caches, "derived")  # each thread has its own
