"""Which stage needs what another one makes."""

from collections import defaultdict, deque
from collections.abc import Sequence

MAX_EDGES = 50_000
_DEPTH = 64


class Producers:
    """Which stages make a path, a part of it, or something that it is part of."""

    def __init__(self, outs: Sequence[Sequence[str]]) -> None:
        self._at: dict[str, list[int]] = defaultdict(list)
        self._below: dict[str, set[int]] = defaultdict(set)
        for number, paths in enumerate(outs):
            for path in paths:
                self._at[path].append(number)
                for folder in _folders(path):
                    self._below[folder].add(number)

    def of(self, path: str) -> set[int]:
        """Their numbers."""
        found = {*self._at.get(path, ()), *self._below.get(path, ())}
        for folder in _folders(path):
            found.update(self._at.get(folder, ()))
        return found

    def doubled(self) -> list[str]:
        """Paths that more than one stage makes."""
        return sorted(path for path, stages in self._at.items() if len(stages) > 1)


def _folders(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, min(len(parts), _DEPTH))]


def ordered(needs: Sequence[set[int]]) -> tuple[list[int], set[int]]:
    """The stages so that each comes after what it needs, and those that can't be ordered: they are in a circle, or need one."""
    waiting = [len(one) for one in needs]
    users: dict[int, list[int]] = defaultdict(list)
    for number, one in enumerate(needs):
        for other in one:
            users[other].append(number)
    ready = deque(number for number, count in enumerate(waiting) if not count)
    order: list[int] = []
    while ready:
        number = ready.popleft()
        order.append(number)
        for user in users[number]:
            waiting[user] -= 1
            if not waiting[user]:
                ready.append(user)
    return order, set(range(len(needs))) - set(order)
