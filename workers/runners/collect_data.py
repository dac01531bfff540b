"""Finding data that nobody needs, and removing it so that it can be undone."""

from dataclasses import asdict
from functools import partial
from typing import Any

from ropewalk.core.jobs import JobKind
from ropewalk.core.models import Job
from ropewalk.data import services as data
from ropewalk.data.types import COLLECT_DATA, FIND_UNNEEDED
from workers.runners.base import Report
from workers.runners.index_revision import index_now


class FindUnneeded:
    """The search, whose result somebody looks at before anything is removed."""

    kind: JobKind = FIND_UNNEEDED

    def run(self, job: Job, report: Report) -> dict[str, Any]:
        """Index what is not indexed, then ask the database; safe to run again after a kill."""
        project_id = int(job.project_id or 0)
        found = data.run_search(
            project_id=project_id,
            collection_id=int(job.payload["collection"]),
            index=partial(index_now, project_id),
            pause=report,
        )
        return asdict(found)


class CollectData:
    """The removal of what a search found and nobody needs still."""

    kind: JobKind = COLLECT_DATA

    def run(self, job: Job, report: Report) -> dict[str, Any]:
        """Remove in steps; safe to run again after a kill."""
        project_id = int(job.project_id or 0)
        return dict(
            data.run_collection(
                project_id=project_id,
                collection_id=int(job.payload["collection"]),
                user_id=job.payload["user"],
                index=partial(index_now, project_id),
                pause=report,
            )
        )
