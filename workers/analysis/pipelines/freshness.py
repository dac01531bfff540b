"""Whether a stage is up to date at its commit, judged as ``dvc status`` does, and why not."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from workers.analysis.errors import AnalysisError
from workers.analysis.pipelines.contents import Contents
from workers.analysis.pipelines.stages import Declared
from workers.analysis.pointers.outputs import hash_of, number
from workers.analysis.pointers.paths import inside
from workers.analysis.pointers.pipeline import listed, text_of

MAX_REASONS = 100
Values = Callable[[str], Any]


@dataclass
class Judged:
    """``status``: ``current``, ``changed``, ``never``, ``always``, ``frozen`` or ``unclear``.

    ``reasons`` are sentences. ``ran`` is what ``dvc.lock`` has: path → hash, size, whether it is a folder. ``params`` are file,
    key, the value at this commit and the one it was run with, absent where there is none.
    """

    status: str = "current"
    reasons: list[str] = field(default_factory=list)
    unclear: list[str] = field(default_factory=list)
    ran: dict[str, dict[str, Any]] = field(default_factory=dict)
    params: list[dict[str, Any]] = field(default_factory=list)

    def say(self, reason: str) -> None:
        """Note a reason; there is a most of them."""
        if len(self.reasons) < MAX_REASONS:
            self.reasons.append(reason)


def judge(stage: Declared, locked: Any, contents: Contents, values: Values) -> Judged:
    """A stage against its entry in ``dvc.lock`` (None: it has none) and the rest of the commit."""
    judged = Judged()
    entry = locked if isinstance(locked, dict) else None
    _judge_params(judged, stage, entry, values)
    if entry is not None:
        _judge_run(judged, stage, entry, contents)
    if stage.unclear:
        judged.unclear.insert(0, f"Its templates could not be filled in: {stage.unclear}")
    judged.status = _status(judged, stage, ran=entry is not None)
    return judged


def _status(judged: Judged, stage: Declared, *, ran: bool) -> str:
    if stage.unclear and (stage.template or not ran):
        return "unclear"
    if not ran:
        judged.reasons = ["It was never run: dvc.lock has no entry for it."]
        return "frozen" if stage.frozen else "never"
    if stage.frozen:
        return "frozen"
    if stage.always or (stage.cmd and not (stage.deps or stage.params or stage.outs)):
        judged.reasons.insert(
            0,
            "DVC runs it each time: "
            + ("always_changed is set." if stage.always else "it needs nothing and makes nothing."),
        )
        return "always"
    if judged.reasons:
        return "changed"
    return "unclear" if judged.unclear else "current"


def _judge_run(judged: Judged, stage: Declared, entry: dict[str, Any], contents: Contents) -> None:
    if not stage.unclear and text_of(entry.get("cmd")) != stage.cmd:
        judged.say("Its command is another than the one that was run.")
    deps = _paths(entry.get("deps"), stage.wdir)
    outs = _paths(entry.get("outs"), stage.wdir)
    judged.ran = {**deps, **outs}
    if stage.unclear:
        return
    for path in stage.deps:
        _judge_path(judged, path, deps.get(path), contents, made=False)
    for path, out in stage.outs.items():
        if contents.is_file(path) or not out["cache"] or path not in outs:
            _judge_path(judged, path, outs.get(path), contents, made=True)


def _judge_path(
    judged: Judged, path: str, ran: dict[str, Any] | None, contents: Contents, *, made: bool
) -> None:
    what = f"Its output {path}" if made else f"Its dependency {path}"
    if ran is None:
        judged.say(f"{what} was added after it was run.")
        return
    if not ran["oid"]:
        judged.say(f"{what} has no hash in dvc.lock.")
        return
    if ran["algorithm"] not in {"md5", "md5-dos2unix"}:
        return  # another storage's own hash, which only that storage can give
    now = contents.at(path, ran["algorithm"])
    if now.where == "none":
        judged.say(f"{what} is not in this commit.")
    elif now.where == "unknown":
        judged.unclear.append(
            f"{what} could not be compared: its content is too large to hash here, or not stored here."
        )
    elif now.oid != ran["oid"]:
        aside = (
            " Files that git ignores count, too."
            if now.where == "git" and ran["oid"].endswith(".dir")
            else ""
        )
        judged.say(
            f"{what} is another than " + ("the one it made." if made else "the one it was run with.") + aside
        )


def _paths(entries: Any, wdir: str) -> dict[str, dict[str, Any]]:
    found = {}
    for item in listed(entries):
        path = (
            inside(wdir, item["path"])
            if isinstance(item, dict) and isinstance(item.get("path"), str)
            else None
        )
        if path is not None:
            algorithm, oid = hash_of(item)
            found[path] = {
                "algorithm": algorithm,
                "oid": oid,
                "size": number(item.get("size")),
                "nfiles": number(item.get("nfiles")),
            }
    return found


def _judge_params(judged: Judged, stage: Declared, entry: dict[str, Any] | None, values: Values) -> None:
    ran_files = entry.get("params") if entry and isinstance(entry.get("params"), dict) else {}
    ran = {inside(stage.wdir, str(name)): file for name, file in (ran_files or {}).items()}
    for file, keys in stage.params.items():
        before = mapping_or_empty(ran.get(file))
        try:
            now = values(file)
        except AnalysisError as error:
            judged.unclear.append(f"Its parameters in {file} could not be compared: {error.message}")
            continue
        if keys is None:
            now, before = flat(now), flat(before)
        for key in dict.fromkeys([*now, *before] if keys is None else keys):
            _judge_param(judged, file, key, _found(now, key), _found(before, key), ran=entry is not None)


def _judge_param(
    judged: Judged, file: str, key: str, now: list[Any], before: list[Any], *, ran: bool
) -> None:
    item: dict[str, Any] = {"file": file, "key": key}
    if now:
        item["value"] = now[0]
    if before:
        item["ran"] = before[0]
    judged.params.append(item)
    name = f"Its parameter {key} ({file})"
    if not ran:
        return
    if not now:
        judged.say(f"{name} is not in this commit.")
    elif not before:
        judged.say(f"{name} was added after it was run.")
    elif now[0] != before[0] or isinstance(now[0], bool) != isinstance(before[0], bool):
        judged.say(f"{name} is {_short(now[0])}, and was {_short(before[0])} when it was run.")


def mapping_or_empty(value: Any) -> dict[str, Any]:
    """A mapping; nothing for what is none."""
    return value if isinstance(value, dict) else {}


def _short(value: Any) -> str:
    text = ("true" if value else "false") if isinstance(value, bool) else str(value)
    return text if len(text) <= 80 else f"{text[:79]}…"


def _found(values: Any, key: str) -> list[Any]:
    """The value of a key, dotted or not, in a list; empty where there is none."""
    if isinstance(values, dict) and key in values:
        return [values[key]]
    for part in key.split("."):
        if isinstance(values, dict) and part in values:
            values = values[part]
        elif isinstance(values, list) and part.isdecimal() and int(part) < len(values):
            values = values[int(part)]
        else:
            return []
    return [values]


def flat(values: Any, prefix: str = "") -> dict[str, Any]:
    """Nested values by their dotted keys."""
    found: dict[str, Any] = {}
    for key, value in (values if isinstance(values, dict) else {}).items():
        found.update(
            flat(value, f"{prefix}{key}.") if isinstance(value, dict) and value else {f"{prefix}{key}": value}
        )
    return found
