"""Asking for the pipeline of a commit, and for what its plots show."""

import hashlib
import json
from dataclasses import dataclass

from ropewalk.core.types import JobView
from ropewalk.data.oids import parse_oid
from ropewalk.data.pipelines import Pipeline
from ropewalk.data.selectors.objects import states
from ropewalk.data.selectors.previews import preview
from ropewalk.data.services.previews import request_document
from ropewalk.data.types import MAP_PIPELINE, READ_PLOTS, PreviewView


@dataclass(frozen=True)
class AskedPipeline:
    """A pipeline, or the job that reads it (None: nobody asked for it, and the caller may not)."""

    pipeline: Pipeline | None
    job: JobView | None = None


def request_pipeline(
    *, project_id: int, commit_sha: str, ask: bool = True, requested_by_id: int | None = None
) -> AskedPipeline:
    """The pipeline of a commit, asked for at its first view if ``ask``.

    It is read again when lists of tracked folders came that it waited for; until then the older reading is given.
    """
    found = _asked(project_id, commit_sha, "", ask, requested_by_id)
    if found is None or found.document is None:
        return AskedPipeline(None, found.job if found else None)
    pipeline = Pipeline.of(commit_sha, found.document)
    if options := _arrived(project_id, pipeline):
        newer = _asked(project_id, commit_sha, options, ask, requested_by_id)
        if newer is not None and newer.document is not None:
            return AskedPipeline(Pipeline.of(commit_sha, newer.document))
    return AskedPipeline(pipeline)


def request_plots(
    *, project_id: int, pipeline: Pipeline, requested_by_id: int | None = None
) -> PreviewView | None:
    """What the plots of a pipeline show: ``document`` is ``{"plots": […]}``. Asked for at its first view.

    Named for the plots and their files' content, so it is read again when objects arrive that were missing.
    """
    parsed = {name: parse_oid(*name.split(":", 1)) for name in pipeline.sources.values() if ":" in name}
    here = states(project_id, [address for address in parsed.values() if address is not None])
    present = sorted(name for name, address in parsed.items() if address in here)
    said = json.dumps(
        [pipeline.plots, sorted(pipeline.sources.items()), present], sort_keys=True, default=str
    )
    content = f"plots:{hashlib.sha256(said.encode()).hexdigest()}"
    return request_document(
        READ_PLOTS,
        project_id=project_id,
        content_hash=content,
        kind="plots",
        options="",
        payload={"commit": pipeline.commit_sha, "content": content},
        requested_by_id=requested_by_id,
    )


def _asked(
    project_id: int, commit_sha: str, options: str, ask: bool, requested_by_id: int | None
) -> PreviewView | None:
    content = f"commit:{commit_sha}"
    if not ask:
        return preview(project_id, content, "pipeline", options, version=MAP_PIPELINE.version)
    return request_document(
        MAP_PIPELINE,
        project_id=project_id,
        content_hash=content,
        kind="pipeline",
        options=options,
        payload={"commit": commit_sha, "content": content},
        requested_by_id=requested_by_id,
    )


def _arrived(project_id: int, pipeline: Pipeline) -> str:
    """Names those of the lists that were waited for and are here now; empty for none."""
    if not pipeline.waits:
        return ""
    parsed = (parse_oid(*text.split(":", 1)) for text in pipeline.waits)
    addresses = {address for address in parsed if address is not None}
    here = sorted(str(address) for address in states(project_id, addresses))
    return hashlib.sha256("\n".join(here).encode()).hexdigest()[:40] if here else ""
