"""A project of a running instance, by whichever protocol, and git."""

from tests.protocol.git.conftest import git  # noqa: F401  # fixtures
from tests.protocol.s3.conftest import storage  # noqa: F401
