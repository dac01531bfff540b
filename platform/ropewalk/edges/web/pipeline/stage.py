"""Everything about one stage: what it reads, what it writes and where that is, parameters, metrics, why it is out of date."""

from collections.abc import Mapping
from shlex import quote as shell
from typing import Any

from ropewalk.access.types import ProjectAccess
from ropewalk.data import selectors as data
from ropewalk.data.oids import ObjectAddress, parse_oid
from ropewalk.data.pipelines import Pipeline, PipelineStage
from ropewalk.edges.web.files.place import address
from ropewalk.edges.web.pipeline.asking import Asked

_MOST_NEIGHBOURS = 50
_MOST_STEPS = 2000


def stage_context(access: ProjectAccess, asked: Asked, chosen: str) -> dict[str, Any]:
    """The context of ``pipeline/stage.html``; ``stage`` is None where there is none of this address."""
    assert asked.pipeline is not None  # noqa: S101  # the caller asked
    pipeline, change = asked.pipeline, asked.changes.by_address.get(chosen) if asked.changes else None
    stage = pipeline.by_address.get(chosen) or (change.old if change else None)
    if stage is None:
        return {"stage": None, "chosen": chosen}
    gone = chosen not in pipeline.by_address
    revision = asked.base.sha if gone and asked.base else asked.revision.name
    return {
        "stage": stage,
        "gone": gone,
        "change": change,
        "downstream": bool(asked.changes and chosen in asked.changes.downstream),
        "deps": [_dep(access, revision, pipeline, one) for one in stage.deps],
        "outs": _outs(access, revision, stage),
        "above": [] if gone else _named(pipeline, stage.needs),
        "upstream": [] if gone else _named(pipeline, stage.upstream),
        "below": [] if gone else _named(pipeline, pipeline.users[stage.number]),
        "reaches": 0 if gone else len(pipeline.below([stage.number])),
        "file_url": address(access, "src", revision, stage.file) + (f"#L{stage.line}" if stage.line else ""),
        "repro": f"dvc repro {shell(stage.address)}",
        "checkout": f"git checkout {asked.revision.sha}\ndvc pull\ndvc repro {shell(stage.address)}",
    }


def _named(pipeline: Pipeline, numbers: Any) -> list[PipelineStage]:
    return [pipeline.stages[number] for number in list(numbers)[:_MOST_NEIGHBOURS]]


def _dep(access: ProjectAccess, revision: str, pipeline: Pipeline, dep: Mapping[str, Any]) -> dict[str, Any]:
    is_dir = str(dep["oid"]).endswith(".dir")
    page = (
        "data"
        if dep["source"] == "dvc" or (dep["source"] == "git" and data.is_tabular(dep["path"]))
        else "src"
    )
    return {
        **dep,
        "is_dir": is_dir,
        "url": address(access, page, revision, dep["path"]) if dep["source"] != "none" else "",
        "makers": [pipeline.stages[number] for number in dep["from"] if number < len(pipeline.stages)],
    }


def _outs(access: ProjectAccess, revision: str, stage: PipelineStage) -> list[dict[str, Any]]:
    """Outputs with a word on where their bytes are. Two queries, for all of them."""
    addresses = {out["path"]: parse_oid(out["algorithm"], out["oid"]) for out in stage.outs if out["oid"]}
    wanted = {one for one in addresses.values() if one is not None}
    here = data.states(access.project.id, wanted)
    removed = data.removed_among(access.project.id, wanted - set(here))
    rows = []
    for out in stage.outs:
        presence = _presence(out, addresses.get(out["path"]), here, removed)
        page = "data" if presence in {"present", "missing", "removed"} and not out["in_git"] else "src"
        url = address(access, page, revision, out["path"]) if presence not in {"", "nowhere"} else ""
        rows.append({**out, "presence": presence, "url": url, "is_dir": out["oid"].endswith(".dir")})
    return rows


def _presence(out: Mapping[str, Any], at: ObjectAddress | None, here: Any, removed: Any) -> str:
    """``git``, ``present``, ``removed``, ``missing``, ``nowhere`` (kept by nobody), or empty before its first run."""
    if out["in_git"]:
        return "git"
    if not out["oid"]:
        return ""
    if not out["cache"]:
        return "nowhere"
    return "present" if at in here else "removed" if at in removed else "missing"
