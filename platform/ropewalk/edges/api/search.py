"""Finding projects by typing (Ctrl-K)."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from ropewalk.edges.api.requests import caller
from ropewalk.edges.api.shapes import SearchShape
from ropewalk.projects.selectors import list_projects

_MOST = 10


@extend_schema(
    summary="Search",
    parameters=[
        OpenApiParameter("q", str, description="Words; all must occur in owner, name or description.")
    ],
    responses=SearchShape,
    tags=["search"],
)
@api_view(["GET"])
def search(request: Request) -> Response:
    """Find at most ten projects that the caller may see; without words, those that changed last."""
    text = request.query_params.get("q", "")[:200].replace("/", " ")
    found = list_projects(caller(request).viewer_id, text=text, per_page=_MOST)
    results = [
        {
            "kind": "project",
            "title": project.full_name,
            "description": project.description,
            "visibility": project.visibility,
            "url": project.path,
        }
        for project in found
    ]
    return Response({"query": text, "results": results})
