"""Forms about projects."""

from typing import Any

from django import forms

from ropewalk.data.starters import GITIGNORES, LICENSES
from ropewalk.edges.web.fields import StyledForm

VISIBILITIES = [
    ("private", "Private: only people with a role"),
    ("internal", "Internal: everybody who signed in may read"),
    ("public", "Public: everybody may read"),
]


class ProjectForm(StyledForm):
    """A new project."""

    owner = forms.ChoiceField(label="Owner")
    name = forms.CharField(
        max_length=100, label="Name", help_text="Letters, digits, dots, hyphens, underscores."
    )
    description = forms.CharField(max_length=500, required=False, label="Description")
    visibility = forms.ChoiceField(choices=VISIBILITIES, label="Visibility")
    readme = forms.BooleanField(required=False, label="A README.md with its name and description")
    dvc = forms.BooleanField(required=False, label="DVC, set up for this project's own remote")
    gitignore = forms.ChoiceField(
        required=False, label=".gitignore", choices=[("", "None"), *((name, name) for name in GITIGNORES)]
    )
    license = forms.ChoiceField(
        required=False,
        label="Licence",
        choices=[("", "None"), *LICENSES.items()],
        help_text="With none of the four it begins empty: the next page has the commands for a first push.",
    )

    def __init__(self, *args: Any, owners: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].choices = [(name, name) for name in owners]  # type: ignore[attr-defined]  # ChoiceField


class GeneralForm(StyledForm):
    """What a maintainer may change."""

    description = forms.CharField(max_length=500, required=False, label="Description")
    visibility = forms.ChoiceField(choices=VISIBILITIES, label="Visibility")
    key_metric = forms.CharField(
        max_length=250, required=False, label="Key metric", help_text="Its best run is shown on the overview."
    )


class RenameForm(StyledForm):
    """A project's next name."""

    name = forms.CharField(
        max_length=100, label="New name", help_text="Letters, digits, dots, hyphens, underscores."
    )


class TransferForm(StyledForm):
    """Who is to have the project; typing its full name confirms."""

    new_owner = forms.CharField(
        max_length=39, label="New owner", help_text="The name of a person or an organization."
    )
    confirm = forms.CharField(max_length=200, label="Type the project's full name to confirm")


class CollaboratorForm(StyledForm):
    """Somebody with a role in the project."""

    username = forms.CharField(max_length=39, label="User name")
    role = forms.ChoiceField(
        choices=[("reader", "Reader"), ("writer", "Writer"), ("maintainer", "Maintainer")], label="Role"
    )


class DeleteForm(StyledForm):
    """Typing the full name confirms."""

    confirm = forms.CharField(max_length=200, label="Type the project's full name to confirm")


class RestoreForm(StyledForm):
    """The name under which a deleted project comes back."""

    name = forms.CharField(
        max_length=100, label="Name", help_text="Choose another if the old one was taken meanwhile."
    )
