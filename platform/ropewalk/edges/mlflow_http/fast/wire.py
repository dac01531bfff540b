"""MLflow's JSON, byte for byte: protobuf's fields in the order of their numbers, two spaces a level, ASCII alone.

MLflow builds entities, protobuf messages, dictionaries and a second walk for integers before it has this text; here rows become
text at once.
"""

from collections.abc import Iterable, Sequence
from json.encoder import encode_basestring_ascii as quoted

from ropewalk.tracking.selectors import Pieces, ToldRun
from ropewalk.tracking.selectors.histories import StoredPoint
from ropewalk.tracking.selectors.records import InputRecord
from ropewalk.tracking.selectors.told import number
from ropewalk.tracking.types import RunInfo


def _object(pad: str, parts: Iterable[str]) -> str:
    inner = f",\n{pad}  ".join(parts)
    return f"{{\n{pad}  {inner}\n{pad}}}" if inner else "{}"


def _array(pad: str, items: Iterable[str]) -> str:
    inner = f",\n{pad}  ".join(items)
    return f"[\n{pad}  {inner}\n{pad}]"


def _pairs(pad: str, pairs: Sequence[tuple[str, str | None]]) -> str:
    form = f'{{\n{pad}    "key": %s,\n{pad}    "value": %s\n{pad}  }}'
    return _array(pad, [form % (quoted(key), quoted(value or "")) for key, value in pairs])


def pieces(level: int, *names: str) -> Pieces:
    """What stands around the values of objects with these fields, in an array whose own fields are so many levels deep."""
    pad = "  " * level
    first, *others = names
    around = [f'{{\n{pad}    "{first}": ', *(f',\n{pad}    "{name}": ' for name in others), f"\n{pad}  }}"]
    return Pieces(tuple(around), f",\n{pad}  ")


METRIC, PAIR = ("key", "value", "timestamp", "step"), ("key", "value")
RUN_LEVEL, PAGE_LEVEL = 3, 4
"""How deep a run's lists are in ``runs/get`` and in ``runs/search``."""


def _info(pad: str, info: RunInfo, named: str | None = None) -> str:
    name = info.name or named or info.name
    parts = [f'"run_uuid": {quoted(info.run_id)}', f'"experiment_id": "{info.experiment_id}"']
    if name is not None:
        parts.append(f'"run_name": {quoted(name)}')
    parts.append(f'"user_id": {quoted(info.user_id or "")}')
    parts.append(f'"status": "{info.status}"')
    parts.append(f'"start_time": {info.start_time}')
    if info.end_time:
        parts.append(f'"end_time": {info.end_time}')
    if info.artifact_uri:
        parts.append(f'"artifact_uri": {quoted(info.artifact_uri)}')
    parts.append(f'"lifecycle_stage": "{info.lifecycle_stage}"')
    parts.append(f'"run_id": {quoted(info.run_id)}')
    return _object(pad, parts)


def _input(pad: str, one: InputRecord) -> str:
    parts = []
    if one.tags:
        parts.append(f'"tags": {_pairs(pad + "  ", one.tags)}')
    facts = [
        ("name", one.name),
        ("digest", one.digest),
        ("source_type", one.source_type),
        ("source", one.source),
    ]
    facts += [(name, value) for name, value in (("schema", one.schema), ("profile", one.profile)) if value]
    dataset = _object(f"{pad}  ", [f'"{name}": {quoted(value)}' for name, value in facts])
    return _object(pad, [*parts, f'"dataset": {dataset}'])


def _run(pad: str, told: ToldRun) -> str:
    """One run with data, inputs and outputs; ``pad`` is the indentation of its closing brace."""
    deep, deeper, run = f"{pad}    ", f"{pad}      ", told.record
    lists = (("metrics", told.metrics), ("params", told.params), ("tags", told.tags))
    data = [f'"{name}": [\n{deeper}{text}\n{deep}]' for name, text in lists if text]
    inputs, outputs = [], []
    if run.inputs:
        inputs.append(f'"dataset_inputs": {_array(deep, [_input(deeper, one) for one in run.inputs])}')
    if run.model_inputs:
        models = [_object(deeper, [f'"model_id": {quoted(one)}']) for one in run.model_inputs]
        inputs.append(f'"model_inputs": {_array(deep, models)}')
    if run.model_outputs:
        models = [
            _object(deeper, [f'"model_id": {quoted(one)}', f'"step": {step}'])
            for one, step in run.model_outputs
        ]
        outputs.append(f'"model_outputs": {_array(deep, models)}')
    below = f"{pad}  "
    return _object(
        pad,
        [
            f'"info": {_info(below, run.info, told.named)}',
            f'"data": {_object(below, data)}',
            f'"inputs": {_object(below, inputs)}',
            f'"outputs": {_object(below, outputs)}',
        ],
    )


def got(run: ToldRun) -> str:
    """``runs/get``."""
    return _object("", [f'"run": {_run("  ", run)}'])


def created(info: RunInfo, tags: Sequence[tuple[str, str]]) -> str:
    """``runs/create``: MLflow says nothing of outputs there."""
    data = [f'"tags": {_pairs("      ", tags)}']
    parts = [f'"info": {_info("    ", info)}', f'"data": {_object("    ", data)}', '"inputs": {}']
    return _object("", [f'"run": {_object("  ", parts)}'])


def updated(info: RunInfo) -> str:
    """``runs/update``."""
    return _object("", [f'"run_info": {_info("  ", info)}'])


def searched(runs: Sequence[ToldRun], token: str) -> str:
    """``runs/search``; an empty ``token`` on the last page."""
    parts = []
    if runs:
        parts.append(f'"runs": {_array("  ", [_run("    ", run) for run in runs])}')
    if token:
        parts.append(f'"next_page_token": {quoted(token)}')
    return _object("", parts)


def history_pieces(key: str) -> Pieces:
    """What stands around value, time and step of one metric's points in :func:`history`."""
    form = pieces(1, *METRIC)
    return Pieces((f"{form.row[0]}{quoted(key)}{form.row[1]}", *form.row[2:]), form.between)


def history(points: str, token: str) -> str:
    """``metrics/get-history``."""
    parts = [f'"metrics": [\n    {points}\n  ]'] if points else []
    if token:
        parts.append(f'"next_page_token": {quoted(token)}')
    return _object("", parts)


def sampled(key: str, series: Sequence[tuple[str, Sequence[StoredPoint]]]) -> str:
    """``metrics/get-history-bulk-interval``: the points of several runs, one after the other."""
    lines = [
        _object(
            "    ",
            [
                f'"key": {quoted(key)}',
                f'"value": {quoted("NaN") if is_nan else number(value)}',
                f'"timestamp": {time}',
                f'"step": {step}',
                f'"run_id": "{run_id}"',
            ],
        )
        for run_id, points in series
        for value, time, step, is_nan in points
    ]
    return _object("", [f'"metrics": {_array("  ", lines)}'] if lines else [])
