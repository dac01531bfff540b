"""Which names owners may have: they are the first segment of every project's URL."""

import re

from django.core.exceptions import ValidationError
from django.db.models import F, Q, Value
from django.db.models.functions import Lower
from django.db.models.lookups import Exact

from ropewalk.core.errors import Invalid

NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,37}[A-Za-z0-9])?")
RESERVED = frozenset(
    "about account accounts activity admin api archive assets blog branches compare dashboard data docs explore "
    "favicon.ico graphql healthz help home issues jobs join login logout metrics mlflow models monitors new "
    "notifications oauth org organizations orgs pricing privacy project projects pulls raw readyz register repo repos "
    "robots.txt root ropewalk runs search security session sessions settings signin signout signup sitemap.xml src "
    "static status support system terms token tokens topics user users v1 verify well-known www".split()
)
PROTOCOL_SUFFIXES = (".git", ".dvc", ".s3", ".mlflow", ".wiki", ".atom", ".rss", ".lock")


def can_be_asked(name: str) -> bool:
    """Whether a name may be looked for: PostgreSQL can't be asked for a NUL, and lowers “İ” to a plain i."""
    return "\0" not in name and name.isascii()


def matching_name(field: str, name: str) -> Exact | Q:
    """The condition that a name column equals ``name`` without regard to case, in the form that its unique index answers."""
    if not can_be_asked(name):
        return Q(pk__in=[])
    return Exact(Lower(F(field)), Lower(Value(name)))


def check_owner_name(name: str) -> str:
    """``name`` itself; raises :class:`Invalid` saying which rule it breaks."""
    if not NAME.fullmatch(name):  # not match with $, which lets a line break at the end through
        raise Invalid(
            "A name has 1 to 39 letters, digits, dots, hyphens or underscores, and starts and ends with a letter or digit.",
            code="bad_name",
        )
    if ".." in name or name.lower().endswith(PROTOCOL_SUFFIXES):
        raise Invalid(
            f"A name can't contain “..” nor end in {', '.join(PROTOCOL_SUFFIXES)}.", code="bad_name"
        )
    if name.lower() in RESERVED:
        raise Invalid(f"“{name}” is a reserved word. Choose another name.", code="reserved_name")
    return name


def _validate_username(name: str) -> None:
    try:
        check_owner_name(name)
    except Invalid as error:
        raise ValidationError(error.message, code=error.code) from None


username_validators = [_validate_username]
