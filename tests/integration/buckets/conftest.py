"""A project with a store of its own, and short ways to put something into it."""

from tests.integration.data.conftest import objects, project  # noqa: F401  # fixtures
