"""Forms whose sending makes a commit."""

from typing import Any, cast

from django import forms
from django.http import QueryDict

from ropewalk.data.selectors.tracking import MAX_IN_GIT
from ropewalk.edges.web.fields import FilesField, FilesInput, StyledForm
from ropewalk.edges.web.writing.conventions import Conventions
from ropewalk.edges.web.writing.ground import MAX_TEXT, Ground

MAX_FILES = 100
_SHA = r"^[0-9a-f]{40}$"


class CommitForm(StyledForm):
    """Message and branch of a commit.

    ``seen`` is the branch's commit as this page last told the person, ``opened`` as it was when they began, from which a new
    branch grows: after a conflict the two differ. ``branch`` survives the branch's deletion.
    """

    message = forms.CharField(max_length=200, required=False, label="Message")
    details = forms.CharField(
        max_length=20_000, required=False, label="Details", widget=forms.Textarea(attrs={"rows": 3})
    )
    where = forms.ChoiceField(choices=[("same", "same"), ("new", "new")], initial="same")
    new_branch = forms.CharField(max_length=240, required=False, label="Name of the new branch")
    branch = forms.CharField(max_length=1000, required=False, widget=forms.HiddenInput)
    seen = forms.RegexField(_SHA, required=False, widget=forms.HiddenInput)
    opened = forms.RegexField(_SHA, required=False, widget=forms.HiddenInput)

    def __init__(
        self, ground: Ground, *args: Any, initial: dict[str, Any] | None = None, **kwargs: Any
    ) -> None:
        begun = {
            "branch": ground.branch, "seen": ground.sha, "opened": ground.sha, "where": "new" if ground.closed else "same",
        }  # fmt: skip
        super().__init__(*args, initial=begun | (initial or {}), **kwargs)

    def clean(self) -> dict[str, Any]:
        """A new branch needs a name."""
        cleaned = super().clean() or {}
        if cleaned.get("where") == "new" and not cleaned.get("new_branch"):
            self.add_error("new_branch", "Name the new branch.")
        return cleaned

    def see(self, sha: str) -> None:
        """After a conflict: the person is shown this commit now, so that sending again replaces what it has."""
        data = cast("QueryDict", self.data).copy()
        data["seen"] = sha
        self.data = data

    @property
    def content_fields(self) -> list[forms.BoundField]:
        """The fields above the commit's own."""
        own = set(CommitForm.base_fields)
        return [self[name] for name in self.fields if name not in own]


class TextForm(CommitForm):
    """A text file. ``windows`` keeps the file's CR LF."""

    path = forms.CharField(max_length=1024, label="Path")
    text = forms.CharField(
        max_length=MAX_TEXT,
        required=False,
        strip=False,
        label="Content",
        widget=forms.Textarea(
            attrs={"rows": 24, "class": "form-control mono", "spellcheck": "false", "wrap": "off"}
        ),
    )
    windows = forms.BooleanField(required=False, widget=forms.HiddenInput)

    @property
    def content_fields(self) -> list[forms.BoundField]:
        """The hidden one is written by the page."""
        return [field for field in super().content_fields if not field.is_hidden]

    def data_to_write(self, conventions: Conventions) -> bytes:
        """The content as bytes, by the project's conventions, with the file's line ends."""
        text = conventions.applied(str(self.cleaned_data["text"]).replace("\r\n", "\n"))
        return (text.replace("\n", "\r\n") if self.cleaned_data["windows"] else text).encode()


class MoveForm(CommitForm):
    """Another path for a file or a folder."""

    path = forms.CharField(max_length=1024, label="New path")


class UploadForm(CommitForm):
    """Files for a folder; those that are there already are replaced."""

    KEEP = (
        ("auto", "As each path is kept so far"),
        ("git", "git, with the code"),
        ("dvc", "DVC, each file by itself"),
        ("folder", "DVC, as one folder"),
    )
    folder = forms.CharField(max_length=1024, required=False, label="Folder", help_text="Empty: the root.")
    uploads = FilesField(
        label="Files", widget=FilesInput(attrs={"multiple": True}), allow_empty_file=True,
        help_text=f"At most {MAX_FILES} files and 64 MiB at once; for more, <code>dvc push</code>.",
    )  # fmt: skip
    keep = forms.ChoiceField(
        choices=KEEP, required=False, initial="auto", label="Kept by",
        help_text=f"By itself a new file of more than {MAX_IN_GIT >> 20} MiB goes to DVC. What DVC keeps is stored in this"
        " project, and the commit has its pointers: <code>dvc pull</code> finds it.",
    )  # fmt: skip

    def clean_keep(self) -> str:
        """``auto`` where nothing was chosen."""
        return self.cleaned_data["keep"] or "auto"

    def clean_uploads(self) -> list[Any]:
        """Bounded."""
        files: list[Any] = self.cleaned_data["uploads"]
        if len(files) > MAX_FILES:
            raise forms.ValidationError(f"At most {MAX_FILES} files at once.")
        return files
