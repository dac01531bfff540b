"""The form of a new fork."""

from typing import Any

from django import forms

from ropewalk.edges.web.fields import StyledForm
from ropewalk.edges.web.projects.forms import VISIBILITIES
from ropewalk.projects.types import ProjectView


class ForkForm(StyledForm):
    """Whose fork it is and how it is called."""

    owner = forms.ChoiceField(label="Owner")
    name = forms.CharField(
        max_length=100, label="Name", help_text="Letters, digits, dots, hyphens, underscores."
    )
    description = forms.CharField(max_length=500, required=False, label="Description")
    visibility = forms.ChoiceField(
        label="Visibility", help_text="A fork can't be more visible than the project that it comes from."
    )
    default_only = forms.BooleanField(required=False)

    def __init__(self, *args: Any, owners: list[str], parent: ProjectView, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = [name for name, _ in VISIBILITIES]
        self.fields["owner"].choices = [(name, name) for name in owners]  # type: ignore[attr-defined]  # ChoiceField
        self.fields["visibility"].choices = VISIBILITIES[: names.index(parent.visibility) + 1]  # type: ignore[attr-defined]  # ChoiceField
        self.fields["default_only"].label = f"Copy the branch {parent.default_branch} only"
