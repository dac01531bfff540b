"""How much a repository takes on disk, for the sums of what a project stores."""

import os
from contextlib import suppress
from pathlib import Path

from ropewalk.core.derived import cache
from ropewalk.projects.models import Project
from ropewalk.quotas import services as quotas
from ropewalk.repos import git

_PLACE = "repos:measure:next"  # the project that the next step begins with


def measure_repository(project_id: int) -> int:
    """Note the bytes below a repository's ``objects``; returns them. Costs a look at each loose object and pack."""
    size = _bytes_below(git.repository_path(project_id) / "objects")
    quotas.measure(project_id=project_id, kind="git", size=size, count=int(size > 0))
    return size


def measure_some(*, limit: int = 200) -> int:
    """Measure the next so many projects in order of their id: what a process that was killed could not note. How many."""
    first = cache.get(_PLACE) or 0
    found = list(Project.objects.filter(pk__gte=first).order_by("pk").values_list("pk", flat=True)[:limit])
    for project_id in found:
        measure_repository(project_id)
    cache.set(_PLACE, found[-1] + 1 if len(found) == limit else 0, None)
    return len(found)


def _bytes_below(directory: Path) -> int:
    """Of the files of a tree in which others create and remove at the same time."""
    total = 0
    with suppress(FileNotFoundError, NotADirectoryError), os.scandir(directory) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                total += _bytes_below(Path(entry.path))
            else:
                with suppress(FileNotFoundError):
                    total += entry.stat(follow_symlinks=False).st_size
    return total
