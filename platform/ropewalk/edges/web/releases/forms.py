"""Forms about tags."""

from django import forms

from ropewalk.edges.web.fields import StyledForm


class TagForm(StyledForm):
    """A tag to make."""

    name = forms.CharField(max_length=400, label="Name", help_text="Such as <code>v1.0</code>.")
    target = forms.CharField(
        max_length=1000,
        required=False,
        label="Of",
        help_text="A branch, tag or commit. Empty: the newest commit of the default branch.",
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
