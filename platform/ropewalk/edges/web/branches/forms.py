"""Forms of branches."""

import re
from typing import Any

from django import forms

from ropewalk.edges.web.fields import StyledForm
from ropewalk.repos.patterns import MAX_PATTERN
from ropewalk.repos.rules import Protection

SHA = r"^[0-9a-f]{40}$"
_NAME = {"class": "form-control mono", "autocomplete": "off", "spellcheck": "false"}


class NewBranchForm(StyledForm):
    """A name, and where the branch begins."""

    name = forms.CharField(max_length=200, label="Name", widget=forms.TextInput(attrs=_NAME))
    start = forms.CharField(
        max_length=1000,
        required=False,
        label="From",
        help_text="A branch, a tag or a commit. Empty: the default branch.",
        widget=forms.TextInput(attrs={**_NAME, "list": "starts"}),
    )


class BranchForm(StyledForm):
    """Which branch, and its commit as the page showed it."""

    branch = forms.CharField(max_length=1000, strip=False, widget=forms.HiddenInput)
    seen = forms.RegexField(SHA, widget=forms.HiddenInput)


class RenameForm(BranchForm):
    """Another name for a branch."""

    to = forms.CharField(max_length=200, label="New name", widget=forms.TextInput(attrs=_NAME))


class _WordsField(forms.CharField):
    """Words between commas, spaces or line ends; gives a list."""

    def __init__(self, *, separators: str = r"[\s,]+", **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)
        self.separators = separators

    def clean(self, value: Any) -> list[str]:
        """In the order typed, each once."""
        text = super().clean(value)
        return list(dict.fromkeys(word.strip() for word in re.split(self.separators, text) if word.strip()))


class RuleForm(StyledForm):
    """A rule for the branches that a pattern covers; the fields are :func:`protect_branches`'s."""

    pattern = forms.CharField(
        max_length=MAX_PATTERN,
        label="Branches",
        help_text="A name, or a pattern: <code>*</code> is any text without a slash, <code>**</code> any text,"
        " <code>?</code> one character. For example <code>release/*</code>.",
        widget=forms.TextInput(attrs=_NAME),
    )
    push_role = forms.ChoiceField(
        choices=[
            ("writer", "Everybody who may write"),
            ("maintainer", "Maintainers and owners"),
            ("owner", "Owners"),
            ("nobody", "Nobody"),
        ],
        initial="maintainer",
        label="Who may push",
    )
    people = _WordsField(
        max_length=4000,
        label="And these people",
        help_text="User names, with commas between them. They must have a role that may write.",
    )
    allow_force = forms.BooleanField(required=False, label="They may replace history (force-push)")
    allow_delete = forms.BooleanField(required=False, label="They may delete and rename these branches")
    required_checks = _WordsField(
        separators=r"[\r\n,]+",
        max_length=4000,
        label="Required checks",
        help_text="Names, with commas between them. Kept for pull requests, which are still to come: pushes wait for none.",
    )

    @staticmethod
    def values_of(rule: Protection) -> dict[str, Any]:
        """A rule as the form's first values."""
        return {
            "pattern": rule.pattern,
            "push_role": rule.push_role,
            "people": ", ".join(name for _, name in rule.people),
            "allow_force": rule.force,
            "allow_delete": rule.delete,
            "required_checks": ", ".join(rule.required_checks),
        }
