"""Who may change which ref from what to what: the one judgement, for pushes over any edge, for pages and for the API.

:func:`judge` is pure; :func:`ropewalk.repos.selectors.ref_rules` reads what it needs. A push hands the rules to git's ``update``
hook, which asks git whether a change replaces history; whoever changes refs without a push asks
:func:`ropewalk.repos.selectors.require_allowed`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ropewalk.access.roles import Role
from ropewalk.repos.patterns import matches
from ropewalk.repos.types import ZERO

PUSH_ROLES: dict[str, Role | None] = {
    "writer": Role.WRITER,
    "maintainer": Role.MAINTAINER,
    "owner": Role.OWNER,
    "nobody": None,
}
_WORDS = {"writer": "people who may write", "maintainer": "maintainers", "owner": "owners", "nobody": ""}


@dataclass(frozen=True)
class Protection:
    """A rule for the branches whose names its pattern covers.

    ``push_role`` (a key of :data:`PUSH_ROLES`) or being one of ``people`` (user id and name) lets somebody push. ``force`` lets
    them replace history, ``delete`` lets them delete. ``required_checks`` are kept for pull requests.
    """

    id: int
    pattern: str
    push_role: str
    people: tuple[tuple[int, str], ...] = ()
    force: bool = False
    delete: bool = False
    required_checks: tuple[str, ...] = ()

    def lets_push(self, writer: "Writer") -> bool:
        """Whether this rule lets somebody, who may write at all, push."""
        needed = PUSH_ROLES[self.push_role]
        named = writer.user_id is not None and any(user_id == writer.user_id for user_id, _ in self.people)
        return named or (needed is not None and writer.role >= needed)

    @property
    def who(self) -> str:
        """Who may push, in words; empty for nobody."""
        names = [_WORDS[self.push_role], *(name for _, name in self.people)]
        return " and ".join(name for name in names if name)


@dataclass(frozen=True)
class Writer:
    """Somebody who may write code. ``may_force`` is the right to replace the default branch's history."""

    user_id: int | None
    role: Role
    may_force: bool


@dataclass(frozen=True)
class RefRule:
    """What holds for one change of a ref: ``refuse`` it, or let it go ``forward`` only. ``text`` and ``hint`` say why not."""

    ref: str
    kind: str
    text: str
    hint: str


def covering(protections: Iterable[Protection], branch: str) -> list[Protection]:
    """The rules for a branch. It must satisfy each of them."""
    return [rule for rule in protections if matches(rule.pattern, branch)]


def judge(
    changes: Iterable[tuple[str, str, str]],
    *,
    writer: Writer,
    protections: Sequence[Protection],
    default_branch: str,
    settings_url: str,
) -> list[RefRule]:
    """The rules that restrict these changes (name, old, new); changes that are free are left out.

    The default branch is never deleted. Without a rule of its own it goes forward only, except for those with ``may_force``.
    """
    found = []
    for name, _, new in changes:
        if name.startswith("refs/heads/"):
            rule = _judge_one(name, new, writer, protections, default_branch, settings_url)
            if rule is not None:
                found.append(rule)
    return found


def _judge_one(
    name: str,
    new: str,
    writer: Writer,
    protections: Sequence[Protection],
    default_branch: str,
    settings_url: str,
) -> RefRule | None:
    branch = name.removeprefix("refs/heads/")
    rules = covering(protections, branch)
    if new == ZERO and branch == default_branch:
        text = f"{branch} is the default branch and can't be deleted."
        return RefRule(name, "refuse", text, f"Choose another default branch first: {settings_url}")
    for rule in rules:
        if not rule.lets_push(writer):
            whom = f"only {rule.who} may push to it" if rule.who else "nobody may push to it"
            text = f"{branch} is protected by the rule “{rule.pattern}”: {whom}."
            hint = "Push another branch, and ask somebody who may to merge it."
            return RefRule(name, "refuse", text, hint)
        if new == ZERO and not rule.delete:
            text = f"{branch} is protected by the rule “{rule.pattern}”: it can't be deleted."
            return RefRule(name, "refuse", text, "Ask a maintainer of the project to change the rule.")
    if new == ZERO:
        return None
    strict = next((rule for rule in rules if not rule.force), None)
    if strict is not None:
        text = f"this would replace history of {branch}, which the rule “{strict.pattern}” protects."
        hint = "Merge or rebase on it (git pull --rebase), or push another branch."
        return RefRule(name, "forward", text, hint)
    if not rules and branch == default_branch and not writer.may_force:
        text = f"this push would replace history of {branch}, the default branch."
        hint = (
            "Only maintainers may do that. Merge or rebase on it (git pull --rebase), or push another branch."
        )
        return RefRule(name, "forward", text, hint)
    return None
