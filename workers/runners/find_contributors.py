"""Who wrote a long history, where a page had not the time to count."""

from typing import Any

from ropewalk.core.jobs import JobKind
from ropewalk.core.models import Job
from ropewalk.repos import selectors as repos
from ropewalk.repos.types import FIND_CONTRIBUTORS
from workers.runners.base import Report

_SECONDS = 480.0


class FindContributors:
    """Walks the history once; the answer stays in the cache for every later view."""

    kind: JobKind = FIND_CONTRIBUTORS

    def run(self, job: Job, report: Report) -> dict[str, Any]:
        """Count all commits, or as many as a long walk reads."""
        report(0.1, "Reading the history")
        found = repos.activity(int(job.project_id or 0), str(job.payload["sha"]), seconds=_SECONDS)
        return {"authors": found.authors, "commits": found.commits, "complete": found.complete}
