"""What the form of a new report proposes: tracked paths and named versions."""

from typing import Any

from ropewalk.core.errors import NotFound
from ropewalk.repos import selectors as repos

MOST = 200


def offers(project_id: int) -> dict[str, Any]:
    """Branches and tags, newest names first where the repository has any."""
    try:
        names = [*repos.branch_names(project_id), *repos.tag_names(project_id)]
    except NotFound:
        names = []
    return {"revisions": names[:MOST]}
