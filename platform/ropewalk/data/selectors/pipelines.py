"""Reads of pipelines."""

from ropewalk.data.pipelines import Pipeline
from ropewalk.data.selectors.previews import preview
from ropewalk.data.types import MAP_PIPELINE


def pipeline_at(project_id: int, commit_sha: str) -> Pipeline | None:
    """The pipeline of a commit as it was read first; None when nobody asked for it, and while a worker reads it."""
    found = preview(project_id, f"commit:{commit_sha}", "pipeline", version=MAP_PIPELINE.version)
    return Pipeline.of(commit_sha, found.document) if found and found.document else None
