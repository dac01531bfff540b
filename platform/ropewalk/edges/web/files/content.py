"""What the page of a file shows: a viewer for its kind, its lines, or why there is nothing to show."""

from collections.abc import Callable, Mapping
from typing import Any

from ropewalk.access.types import ProjectAccess
from ropewalk.edges.web.files import datatree, notebooks, previews
from ropewalk.edges.web.files.code import code_table, line_count, lines_of, turns_text
from ropewalk.edges.web.files.documents import rendered_markdown
from ropewalk.edges.web.files.kinds import has_source
from ropewalk.edges.web.files.place import address
from ropewalk.edges.web.files.source import Head, Source, head_of, link_target
from ropewalk.edges.web.links import Links, quoted
from ropewalk.repos import selectors as repos
from ropewalk.repos.types import Revision

MAX_SHOWN = 1 << 20
_MEANWHILE = 32 << 10
Context = dict[str, Any]
_TAB_NAMES = {"tree": "Tree", "table": "Table", "notebook": "Notebook"}


def file_context(
    access: ProjectAccess, revision: Revision, source: Source, query: Mapping[str, str]
) -> Context:
    """The context of ``files/file.html``; the query's ``view`` is ``code`` for the source where a viewer would be shown."""
    context = _head(access, revision, source)
    if source.kind == "submodule":
        url = repos.submodule_url(access.project.id, revision.sha, source.path, access.project.git_url)
        return context | {"view": "submodule", "submodule_url": url}
    if source.kind == "symlink":
        return context | _symlink(access, revision, source)
    if not source.present:
        return context | {"view": "missing"}
    viewer = source.viewer
    show = _VIEWERS.get(viewer)
    if show is not None and query.get("view") != "code":
        shown = show(access, revision, source, query)
        if shown is not None:
            context |= {"view": viewer, "tabs_of_file": tabs_of(access, revision, source, "viewer")} | shown
            return context | _source_meanwhile(access, revision, source, context)
    return (
        context
        | {"tabs_of_file": tabs_of(access, revision, source, "code")}
        | _code(access, revision, source)
    )


def _head(access: ProjectAccess, revision: Revision, source: Source) -> Context:
    raw = address(access, "raw", revision.name, source.path)
    return {
        "source": source,
        "raw_url": raw,
        "fixed_raw_url": address(access, "raw", revision.sha, source.path),
        "view": "none",
        "data_url": address(access, "data", revision.name, source.path) if source.tracked_by == "dvc" else "",
    }


def tabs_of(
    access: ProjectAccess, revision: Revision, source: Source, present: str
) -> list[tuple[str, str, bool]]:
    """The ways to see a file, as (name, address, whether it is the present one); empty when there is but one.

    ``present`` is ``viewer``, ``code`` or ``blame``.
    """
    viewer = source.viewer
    here = address(access, "src", revision.name, source.path)
    tabs = []
    if viewer in _VIEWERS:
        tabs.append((_TAB_NAMES.get(viewer, "Preview"), here, "viewer"))
    if has_source(source.path):
        tabs.append(("Code", f"{here}?view=code" if tabs else here, "code"))
        if source.tracked_by == "git":
            tabs.append(("Blame", address(access, "blame", revision.name, source.path), "blame"))
    return [(name, url, kind == present) for name, url, kind in tabs] if len(tabs) > 1 else []


def _symlink(access: ProjectAccess, revision: Revision, source: Source) -> Context:
    target = head_of(access, revision, source, 4096).text
    inside = link_target(source, target)
    url = f"{address(access, 'src', revision.name)}/{quoted(inside)}" if inside else ""
    return {"view": "symlink", "target": target, "target_url": url}


def _code(access: ProjectAccess, revision: Revision, source: Source) -> Context:
    head = head_of(access, revision, source, MAX_SHOWN)
    if head.binary:
        return {"view": "binary"}
    return code_context(source, head)


def code_context(source: Source, head: Head) -> Context:
    """The context of ``files/code.html``: a text file's numbered lines."""
    text = head.text
    lines = lines_of(source.path, source.content_hash, text)
    return {
        "view": "code",
        "rows": code_table(lines),
        "lines": len(lines),
        "truncated": head.truncated or line_count(text) > len(lines),
        "turns": turns_text(text),
    }


def _source_meanwhile(access: ProjectAccess, revision: Revision, source: Source, context: Context) -> Context:
    """The lines of a text file whose viewer is not ready, so that nobody has to wait to read it."""
    waits = context.get("job") is not None and not any(context.get(part) for part in ("document", "html"))
    if not waits or not has_source(source.path):
        return {}
    head = head_of(access, revision, source, _MEANWHILE)
    return {} if head.binary else {**code_context(source, head), "view": context["view"], "below": True}


def _as_it_is(access: ProjectAccess, revision: Revision, source: Source, query: Mapping[str, str]) -> Context:
    """Images, sound and films: the browser asks for the bytes itself."""
    return {}


def _markdown(
    access: ProjectAccess, revision: Revision, source: Source, query: Mapping[str, str]
) -> Context | None:
    html = rendered_markdown(access, revision, source)
    return {"html": html} if html is not None else None


def _notebook(
    access: ProjectAccess, revision: Revision, source: Source, query: Mapping[str, str]
) -> Context | None:
    head = head_of(access, revision, source, notebooks.MAX_BYTES)
    if head.truncated:
        return {"too_large": True}
    try:
        found = notebooks.read_notebook(head.data, Links.of(access, revision, source.folder))
    except notebooks.NotANotebook:
        return None
    return {"notebook": found}


def _tree(
    access: ProjectAccess, revision: Revision, source: Source, query: Mapping[str, str]
) -> Context | None:
    head = head_of(access, revision, source, datatree.MAX_BYTES)
    if head.truncated or head.binary or not head.text.strip():
        return None
    try:
        html, whole = datatree.tree_of(source.path, head.text)
    except datatree.NotATree:
        return None
    return {"html": html, "whole": whole}


Viewer = Callable[[ProjectAccess, Revision, Source, Mapping[str, str]], Context | None]
# A viewer gives None when the file is not what its name promises, and its lines are shown instead.
_VIEWERS: dict[str, Viewer] = {
    "image": _as_it_is,
    "audio": _as_it_is,
    "video": _as_it_is,
    "pdf": _as_it_is,
    "markdown": _markdown,
    "notebook": _notebook,
    "tree": _tree,
    "table": previews.table,
    "model": previews.facts,
    "archive": previews.facts,
    "rst": previews.rst,
}
