"""Forms about tags and releases."""

from typing import Any

from django import forms

from ropewalk.edges.web.fields import FilesField, FilesInput, StyledForm
from ropewalk.releases.services.releases import MAX_NOTES
from ropewalk.releases.types import ReleaseText


class TagForm(StyledForm):
    """A tag to make."""

    name = forms.CharField(max_length=400, label="Name", help_text="Such as <code>v1.0</code>.")
    target = forms.CharField(
        max_length=1000,
        required=False,
        label="Of",
        help_text="A branch, tag or commit. Empty: the newest commit of the default branch.",
        widget=forms.TextInput(attrs={"list": "revisions", "autocomplete": "off"}),
    )
    message = forms.CharField(
        max_length=20_000,
        required=False,
        label="Message",
        help_text="With a message the tag is annotated: it keeps who made it and when. Without one it is only a name.",
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class ConfirmForm(StyledForm):
    """The name of what is to go, typed; ``seen`` is its value when the page was opened."""

    confirm = forms.CharField(max_length=1000, label="Type its name to confirm")
    seen = forms.RegexField(r"^[0-9a-f]{40}$", required=False, widget=forms.HiddenInput)

    def require(self, name: str) -> bool:
        """Whether the form is sent with this name; another one is an error at the field."""
        if not self.is_valid():
            return False
        if self.cleaned_data["confirm"].strip() != name:
            self.add_error("confirm", f"This is not “{name}”.")
        return not self.errors


class ReleaseForm(StyledForm):
    """What a release says. Its tag is made at publishing when it is not there."""

    tag = forms.CharField(
        max_length=400,
        label="Tag",
        help_text="One that is there, or a new one, which is made of the commit below when you publish.",
        widget=forms.TextInput(attrs={"list": "tags", "autocomplete": "off"}),
    )
    target = forms.CharField(
        max_length=1000,
        required=False,
        label="A new tag is made of",
        help_text="A branch, tag or commit. Empty: the newest commit of the default branch.",
        widget=forms.TextInput(attrs={"list": "revisions", "autocomplete": "off"}),
    )
    title = forms.CharField(max_length=200, label="Title")
    notes = forms.CharField(
        max_length=MAX_NOTES,
        required=False,
        label="Notes",
        help_text="Markdown, as in a README.",
        widget=forms.Textarea(attrs={"rows": 14}),
    )
    prerelease = forms.BooleanField(required=False, label="A pre-release: not ready for everybody")
    latest = forms.BooleanField(required=False, label="The latest release: what people should take")

    def __init__(self, *args: Any, tag: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if tag:
            self.initial["tag"] = tag
            self.fields["tag"].disabled = True
            self.fields["tag"].help_text = "The tag of a published release stays: its addresses name it."
            del self.fields["target"]

    @property
    def words(self) -> ReleaseText:
        """What was written."""
        given = self.cleaned_data
        return ReleaseText(
            tag=given["tag"].strip(),
            title=given["title"],
            notes=given["notes"],
            target=given.get("target", ""),
            prerelease=given["prerelease"],
            latest=given["latest"],
        )

    def as_written(self, notes: str = "") -> "ReleaseForm":
        """The same form before it is sent, with what was written so far below ``notes``; nothing is complained about yet."""
        written = {name: self.data.get(name, "") for name in self.fields}
        kept = written["notes"].strip()
        if notes:
            written["notes"] = f"{notes}\n{kept}\n" if kept else notes
        return ReleaseForm(initial=written, tag=self.initial["tag"] if self.fields["tag"].disabled else "")


class FilesForm(StyledForm):
    """Files for a release, sent without script."""

    # No limit of the name here: the service says it in its own words, and the other files come through.
    uploads = FilesField(label="Files", widget=FilesInput(attrs={"multiple": True}), allow_empty_file=True)
