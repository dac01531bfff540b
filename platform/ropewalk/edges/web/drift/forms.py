"""The question that a drift report answers."""

from typing import Any

from django import forms

from ropewalk.edges.web.fields import StyledForm


class ReportForm(StyledForm):
    """Which tracked data, and which two versions of it."""

    path = forms.CharField(
        max_length=1000,
        label="Data",
        help_text="The path of a CSV or Parquet file, or of a folder of them, as in the repository.",
    )
    reference = forms.CharField(
        max_length=250, label="Reference version", help_text="What the data should look like."
    )
    current_path = forms.CharField(max_length=1000, required=False, widget=forms.HiddenInput)
    current = forms.CharField(max_length=250, label="Current version", help_text="What it looks like now.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs.update(
                {"spellcheck": "false", "list": "paths" if name == "path" else "revisions"}
            )
