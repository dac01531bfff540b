"""Which names projects may have: the second segment of their URL."""

import re

from ropewalk.accounts.names import PROTOCOL_SUFFIXES
from ropewalk.core.errors import Invalid

_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9_-])?")
# What `git check-ref-format --branch` allows, without what only confuses people.
_BRANCH = re.compile(
    r"(?!.*(?:\.\.|//|@\{|\.lock(?:/|$)|/\.|\./))"
    r"[^\x00-\x20\x7f~^:?*\[\\/.@-][^\x00-\x20\x7f~^:?*\[\\]{0,199}(?<![/.])"
)
_RESERVED = frozenset({"settings", "projects", "members", "new", "teams", "followers", "following", "stars"})


def check_project_name(name: str) -> str:
    """``name`` itself; raises :class:`Invalid` saying which rule it breaks."""
    if not _NAME.fullmatch(name) or ".." in name:
        raise Invalid(
            "A project's name has 1 to 100 letters, digits, dots, hyphens or underscores.", code="bad_name"
        )
    if name.lower().endswith(PROTOCOL_SUFFIXES):
        raise Invalid(
            f"A project's name can't end in {', '.join(PROTOCOL_SUFFIXES)}: those are its protocol addresses.",
            code="bad_name",
        )
    if name.lower() in _RESERVED:
        raise Invalid(f"“{name}” is a reserved word. Choose another name.", code="reserved_name")
    return name


def check_branch_name(name: str) -> str:
    """``name`` itself; raises :class:`Invalid` for what git would not take as a branch."""
    if not _BRANCH.fullmatch(name) or len(name) > 200:
        raise Invalid(f"“{name[:80]}” can't be the name of a branch.", code="bad_branch")
    return name
