"""The last commits of a folder's entries, where a page had not the time to find them."""

from typing import Any

from ropewalk.core.jobs import JobKind
from ropewalk.core.models import Job
from ropewalk.repos import selectors as repos
from ropewalk.repos.types import FIND_LAST_COMMITS
from workers.runners.base import Report

_SECONDS = 480.0


class FindLastCommits:
    """Walks the history once; the answer stays in the cache for every later view of the folder."""

    kind: JobKind = FIND_LAST_COMMITS

    def run(self, job: Job, report: Report) -> dict[str, Any]:
        """Find them all, or as many as a long walk finds."""
        report(0.1, "Reading the history")
        sha, path = str(job.payload["sha"]), str(job.payload["path"])
        found = repos.last_commits(int(job.project_id or 0), sha, path, [], seconds=_SECONDS)
        return {"complete": found.complete}
