"""Mail about a project that is offered to somebody."""

from typing import Any

from ropewalk.access.offer_mail import tell_of_offer
from ropewalk.core.jobs import JobKind
from ropewalk.core.models import Job
from ropewalk.projects.types import TELL_OF_OFFER
from workers.runners.base import Report


class TellOfOffer:
    """One mail to each who may answer."""

    kind: JobKind = TELL_OF_OFFER

    def run(self, job: Job, report: Report) -> dict[str, Any]:
        """Send them; a job that is run again after a kill may send some twice."""
        report(0.1, "Sending")
        sent = tell_of_offer(project_id=int(job.payload["project_id"]), offer_id=int(job.payload["offer_id"]))
        return {"sent": sent}
