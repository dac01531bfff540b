"""A project of a running instance, by whichever protocol, and git over both ways."""

from tests.protocol.git.conftest import git, ssh, stage  # noqa: F401  # fixtures
from tests.protocol.s3.conftest import storage  # noqa: F401
