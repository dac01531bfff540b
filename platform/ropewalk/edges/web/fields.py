"""Form controls in the look of the pages."""

from typing import Any

from django import forms

_CLASSES = {"checkbox": "form-check-input", "select": "form-select"}


class StyledForm(forms.Form):
    """A form whose controls carry Bootstrap's classes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            kind = getattr(field.widget, "input_type", "textarea")
            field.widget.attrs.setdefault("class", _CLASSES.get(kind, "form-control"))


class FilesInput(forms.ClearableFileInput):
    """A control that takes several files."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files; gives a list."""

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        """Each one alone."""
        files = data if isinstance(data, list | tuple) else [data]
        return [super(FilesField, self).clean(file, initial) for file in files]


def add_error(form: forms.Form, error: Any, field: str | None = None) -> None:
    """Show a service's refusal at the form (or one of its fields)."""
    form.add_error(field if field in form.fields else None, f"{error.message} {error.hint}".strip())
