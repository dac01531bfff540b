"""Forms of branches."""

from django import forms

from ropewalk.edges.web.fields import StyledForm

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
