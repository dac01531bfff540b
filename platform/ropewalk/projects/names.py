"""Which names projects may have: the second segment of their URL."""

import re

from ropewalk.core.errors import Invalid

_NAME = re.compile(r"^[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9_-])?$")
_SUFFIXES = (".git", ".dvc", ".s3", ".mlflow", ".wiki", ".atom", ".rss", ".lock")
_RESERVED = frozenset({"settings", "projects", "members", "new", "teams", "followers", "following", "stars"})


def check_project_name(name: str) -> str:
    """``name`` itself; raises :class:`Invalid` saying which rule it breaks."""
    if not _NAME.match(name) or ".." in name:
        raise Invalid("A project's name has 1 to 100 letters, digits, dots, hyphens or underscores.", code="bad_name")
    if name.lower().endswith(_SUFFIXES):
        raise Invalid(f"A project's name can't end in {', '.join(_SUFFIXES)}: those are its protocol addresses.", code="bad_name")
    if name.lower() in _RESERVED:
        raise Invalid(f"“{name}” is a reserved word. Choose another name.", code="reserved_name")
    return name
