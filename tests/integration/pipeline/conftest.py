"""A public project with a repository, and its workers."""

from tests.integration.diffs.conftest import project, repository, work

__all__ = ["project", "repository", "work"]
