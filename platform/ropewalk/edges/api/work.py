"""A project's jobs, for pages that show progress."""

import uuid

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from ropewalk.access.types import ProjectAccess
from ropewalk.core import selectors as kernel
from ropewalk.core.errors import Invalid, NotFound
from ropewalk.core.pagination import page_number
from ropewalk.edges.api.shapes import ErrorShape, JobListShape, JobShape, job_body

_STATES = frozenset({"queued", "running", "succeeded", "failed"})


@extend_schema(
    operation_id="list_jobs",
    summary="A project's jobs",
    parameters=[
        OpenApiParameter(
            "state", str, many=True, enum=sorted(_STATES), description="Only jobs in these states."
        ),
        OpenApiParameter("page", int),
    ],
    responses={200: JobListShape, 404: ErrorShape},
    tags=["jobs"],
)
@api_view(["GET"])
def jobs(request: Request, access: ProjectAccess) -> Response:
    """List jobs, newest first, fifty a page."""
    states = request.query_params.getlist("state")
    if not set(states) <= _STATES:
        raise Invalid(f"A job's state is one of {', '.join(sorted(_STATES))}.", code="bad_state")
    page = kernel.project_jobs(
        access.project.id, page=page_number(request.query_params.get("page")), states=states
    )
    return Response({"jobs": [job_body(job) for job in page], "page": page.number, "has_next": page.has_next})


@extend_schema(summary="One job", responses={200: JobShape, 404: ErrorShape}, tags=["jobs"])
@api_view(["GET"])
def job(request: Request, access: ProjectAccess, job: uuid.UUID) -> Response:
    """Tell how far a job is."""
    found = kernel.project_job(access.project.id, job)
    if found is None:
        raise NotFound("There is no such job in this project.")
    return Response(job_body(found))
