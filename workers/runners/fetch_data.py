"""DVC data of an imported project, brought from its old remote."""

from typing import Any

from ropewalk.core.errors import NotFound
from ropewalk.core.jobs import JobKind
from ropewalk.core.models import Job
from ropewalk.data import selectors as data
from ropewalk.data import services
from ropewalk.data.types import FETCH_DATA, FetchScope
from ropewalk.repos import selectors as repos
from workers.runners.base import Report
from workers.runners.index_revision import index_now

MAX_TIPS = 2000


class FetchData:
    """The objects that some commits want."""

    kind: JobKind = FETCH_DATA

    def run(self, job: Job, report: Report) -> dict[str, Any]:
        """Index the tips, then fetch what is not here; safe to run again after a kill."""
        project_id, scope = int(job.project_id or 0), str(job.payload["scope"])
        tips = self._tips(project_id, scope)
        for number, sha in enumerate(tips):
            if number % 10 == 0:
                report(0.05 * number / len(tips), f"Indexing commit {number + 1} of {len(tips)}")
            if sha not in data.indexed(project_id, [sha]):
                index_now(project_id, sha)
        return dict(
            services.run_data_fetch(
                project_id=project_id,
                user_id=job.requested_by_id,
                shas=None if scope == FetchScope.HISTORY else tips,
                report=report,
            )
        )

    def _tips(self, project_id: int, scope: str) -> list[str]:
        if scope == FetchScope.DEFAULT:
            try:
                return [repos.resolve(project_id).sha]
            except NotFound:
                return []
        return repos.tip_commits(project_id)[:MAX_TIPS]
