"""What differs between what two commits track: outputs, values and stages. Pure; each change can be applied to the old side."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ropewalk.data.types import StageView, TrackedOutputView


@dataclass(frozen=True)
class OutputChange:
    """A tracked path that changed: ``added``, ``removed``, ``changed`` or ``renamed`` (the same content elsewhere)."""

    status: str
    path: str
    old: TrackedOutputView | None
    new: TrackedOutputView | None

    @property
    def old_path(self) -> str:
        """Where it was before; empty when it was nowhere."""
        return self.old.path if self.old else ""

    @property
    def size_delta(self) -> int | None:
        """Bytes more than before; None where a size is not known."""
        before, after = (side.size if side else 0 for side in (self.old, self.new))
        return None if before is None or after is None else after - before


@dataclass(frozen=True)
class ValueChange:
    """One parameter or metric; ``delta`` and ``share`` (of the old value) only between numbers."""

    status: str
    file: str
    key: str
    old: Any = None
    new: Any = None

    @property
    def delta(self) -> float | None:
        """New less old."""
        return self.new - self.old if _number(self.old) and _number(self.new) else None

    @property
    def share(self) -> float | None:
        """The delta as a share of the old value."""
        delta = self.delta
        return None if delta is None or not self.old else delta / abs(self.old)


@dataclass(frozen=True)
class PathChange:
    """A dependency or output of a stage; the hashes are empty where none is known."""

    status: str
    path: str
    old_oid: str = ""
    new_oid: str = ""


@dataclass(frozen=True)
class StageChange:
    """A pipeline stage that changed, and what of it."""

    status: str
    file: str
    name: str
    old: StageView | None
    new: StageView | None
    deps: tuple[PathChange, ...] = ()
    outs: tuple[PathChange, ...] = ()
    params: tuple[ValueChange, ...] = ()

    @property
    def cmd_changed(self) -> bool:
        """Whether both sides have it with different commands."""
        return self.old is not None and self.new is not None and self.old.cmd != self.new.cmd


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def matched(removed: Mapping[str, Any], added: Mapping[str, Any]) -> dict[str, str]:
    """New path → old path for content that only moved: equal values, each used once.

    A file of the same name in another folder is likelier the one that moved; then the order of the paths decides. Paths without
    a value match nothing.
    """
    found: dict[str, str] = {}
    used: set[str] = set()
    for by_name in (True, False):
        places: dict[Any, list[str]] = defaultdict(list)
        for path in sorted(removed, reverse=True):
            if removed[path] and path not in used:
                places[_look(path, removed[path], by_name)].append(path)
        for path in sorted(added):
            here = places.get(_look(path, added[path], by_name)) if path not in found else None
            if here:
                found[path] = here.pop()
                used.add(found[path])
    return found


def _look(path: str, content: Any, by_name: bool) -> tuple[Any, str]:
    return content, path.rpartition("/")[2] if by_name else ""


def output_changes(old: Iterable[TrackedOutputView], new: Iterable[TrackedOutputView]) -> list[OutputChange]:
    """What to do to the old outputs to have the new ones, by path."""
    before, after = {one.path: one for one in old}, {one.path: one for one in new}
    removed = {path: _content(one) for path, one in before.items() if path not in after}
    added = {path: _content(one) for path, one in after.items() if path not in before}
    moved = matched(removed, added)
    gone = set(removed) - set(moved.values())
    changes = [OutputChange("removed", path, before[path], None) for path in gone]
    for path, one in after.items():
        if path in moved:
            changes.append(OutputChange("renamed", path, before[moved[path]], one))
        elif path not in before:
            changes.append(OutputChange("added", path, None, one))
        elif _content(before[path]) != _content(one):
            changes.append(OutputChange("changed", path, before[path], one))
    return sorted(changes, key=lambda change: change.path)


def _content(output: TrackedOutputView) -> tuple[str, str, bool]:
    return output.algorithm, output.oid, output.is_dir


def value_changes(
    old: Mapping[str, Mapping[str, Any]], new: Mapping[str, Mapping[str, Any]]
) -> list[ValueChange]:
    """What to do to the old values (file → {key: value}) to have the new ones, by file and key."""
    changes = []
    for file in sorted({*old, *new}):
        before, after = old.get(file, {}), new.get(file, {})
        for key in sorted({*before, *after}):
            if key not in before:
                changes.append(ValueChange("added", file, key, new=after[key]))
            elif key not in after:
                changes.append(ValueChange("removed", file, key, old=before[key]))
            elif not same(before[key], after[key]):
                changes.append(ValueChange("changed", file, key, before[key], after[key]))
    return changes


def same(old: Any, new: Any) -> bool:
    """Equal, with ``1`` and ``True`` told apart, and NaN equal to itself."""
    if isinstance(old, bool) != isinstance(new, bool):
        return False
    return bool(old == new) or (old != old and new != new)  # noqa: PLR0124  # that is what NaN is


def stage_changes(old: Sequence[StageView], new: Sequence[StageView]) -> list[StageChange]:
    """The stages that were added, removed, or have another command, dependency, parameter or output."""
    before = {(one.file, one.name): one for one in old}
    after = {(one.file, one.name): one for one in new}
    changes = []
    for key in [*after, *(key for key in before if key not in after)]:
        was, now = before.get(key), after.get(key)
        change = _stage(key, was, now)
        if change.status != "changed" or change.cmd_changed or change.deps or change.outs or change.params:
            changes.append(change)
    return changes


def _stage(key: tuple[str, str], was: StageView | None, now: StageView | None) -> StageChange:
    if was is None or now is None:
        return StageChange("added" if now else "removed", *key, was, now)
    return StageChange(
        "changed",
        *key,
        was,
        now,
        deps=tuple(path_changes(was.deps, now.deps)),
        outs=tuple(path_changes(was.outs, now.outs)),
        params=tuple(value_changes(_files(was.params), _files(now.params))),
    )


def _files(params: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {file: values for file, values in params.items() if isinstance(values, dict)}


def path_changes(old: Iterable[Mapping[str, Any]], new: Iterable[Mapping[str, Any]]) -> list[PathChange]:
    """What to do to the old dependencies or outputs (with ``path`` and ``oid``) to have the new ones, by path."""
    before = {str(one["path"]): str(one.get("oid") or "") for one in old}
    after = {str(one["path"]): str(one.get("oid") or "") for one in new}
    changes = [PathChange("removed", path, oid) for path, oid in before.items() if path not in after]
    for path, oid in after.items():
        if path not in before:
            changes.append(PathChange("added", path, "", oid))
        elif before[path] != oid:
            changes.append(PathChange("changed", path, before[path], oid))
    return sorted(changes, key=lambda change: change.path)
