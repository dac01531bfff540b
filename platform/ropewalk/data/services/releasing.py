"""Writing and publishing a release together with its tag: the tag first, by the way of a push, then the release's row.

A kill between the two leaves a tag without its release: publishing again takes the tag that is there.
"""

from ropewalk.access.types import ProjectAccess
from ropewalk.core.errors import Invalid
from ropewalk.data.services.pushes import for_writing
from ropewalk.data.services.tags import checked_tag_name, create_tag
from ropewalk.releases import selectors as releases
from ropewalk.releases import services
from ropewalk.releases.types import ReleaseText, ReleaseView
from ropewalk.repos import selectors as repos


def save_release(
    access: ProjectAccess, text: ReleaseText, *, release_id: int | None = None, publish: bool | None = None
) -> ReleaseView:
    """Write a new release or change one. ``publish``: show it, take it back to a draft, or None to leave that as it is.

    Publishing makes a missing tag of the text's target, annotated with the title. Raises :class:`Invalid`, :class:`Conflict`,
    and what :func:`create_tag` raises; then nothing is published, though a draft keeps the words.
    """
    access = for_writing(access)
    project_id = access.project.id
    checked_tag_name(text.tag)
    if release_id is None:
        services.require_free(project_id=project_id, text=text)
    else:
        services.update_release(project_id=project_id, release_id=release_id, text=text)
    sha = _tag_commit(access, text) if publish else ""
    if release_id is None:
        author_id = access.actor.user_id
        release_id = services.create_draft(project_id=project_id, author_id=author_id, text=text)
    if publish is False:
        services.take_back(project_id=project_id, release_id=release_id)
    elif publish:
        services.publish(project_id=project_id, release_id=release_id, sha=sha, latest=text.latest)
    return releases.release(project_id, release_id, drafts=True)


def _tag_commit(access: ProjectAccess, text: ReleaseText) -> str:
    found = repos.tags_by_name(access.project.id, [text.tag]).get(text.tag)
    if found is None:
        found = create_tag(access, name=text.tag, target=text.target, message=text.title)
    if not found.sha:
        raise Invalid(
            f"The tag “{text.tag}” names a {found.kind}, no commit.",
            hint="Choose another tag.",
            code="bad_tag",
        )
    return found.sha
