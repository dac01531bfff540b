"""Forms about people and organizations."""

from datetime import timedelta
from typing import Any

from django import forms

from ropewalk.core import clock
from ropewalk.edges.web.fields import StyledForm

EXPIRIES = [("30", "30 days"), ("90", "90 days"), ("365", "One year"), ("0", "Never")]
STRENGTHS = [
    ("write", "Write: clone, push, upload data, log runs"),
    ("read", "Read: clone and download only"),
    ("admin", "Admin: also settings and members"),
]
SCOPES_OF = {"read": ["read"], "write": ["read", "write"], "admin": ["read", "write", "admin"]}


class TokenForm(StyledForm):
    """A new access token."""

    name = forms.CharField(
        max_length=100, label="Name", help_text="What it is for, such as “laptop” or “training cluster”."
    )
    strength = forms.ChoiceField(choices=STRENGTHS, label="May do")
    project = forms.ChoiceField(required=False, label="Only for the project")
    expires = forms.ChoiceField(choices=EXPIRIES, label="Expires after", initial="90")

    def __init__(self, *args: Any, projects: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["project"].choices = [("", "All that I may use"), *projects]  # type: ignore[attr-defined]  # ChoiceField

    def values(self) -> dict[str, Any]:
        """What the service takes."""
        data = self.cleaned_data
        days = int(data["expires"])
        return {
            "name": data["name"],
            "scopes": SCOPES_OF[data["strength"]],
            "project_id": int(data["project"]) if data["project"] else None,
            "expires_at": clock.now() + timedelta(days=days) if days else None,
        }


class SshKeyForm(StyledForm):
    """A new SSH key."""

    key = forms.CharField(
        max_length=16384,
        label="Public key",
        widget=forms.Textarea(
            attrs={
                "rows": 4,
                "class": "form-control mono",
                "spellcheck": "false",
                "placeholder": "ssh-ed25519 AAAA…",
            }
        ),
        help_text="One line of a file such as <code>~/.ssh/id_ed25519.pub</code>.",
    )
    title = forms.CharField(
        max_length=100, required=False, label="Title", help_text="Empty: the comment at the key’s end."
    )
    strength = forms.ChoiceField(
        choices=[("write", "Clone and push"), ("read", "Clone only")], label="May do"
    )
    project = forms.ChoiceField(required=False, label="Only for the project")

    def __init__(self, *args: Any, projects: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["project"].choices = [("", "All that I may use"), *projects]  # type: ignore[attr-defined]  # ChoiceField

    def values(self) -> dict[str, Any]:
        """What the service takes."""
        data = self.cleaned_data
        return {
            "text": data["key"],
            "title": data["title"],
            "read_only": data["strength"] == "read",
            "project_id": int(data["project"]) if data["project"] else None,
        }


class ProfileForm(StyledForm):
    """What a person or an organization says of itself."""

    display_name = forms.CharField(max_length=100, required=False, label="Display name")
    description = forms.CharField(max_length=300, required=False, label="Description")
    website = forms.URLField(max_length=200, required=False, label="Website", assume_scheme="https")


class RenameForm(StyledForm):
    """The next name of a person or organization; a person's password where they have one."""

    name = forms.CharField(
        max_length=39, label="New name", help_text="Letters, digits, dots, hyphens, underscores."
    )
    password = forms.CharField(
        max_length=1000,
        label="Your password",
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, *args: Any, password: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not password:
            del self.fields["password"]


class OrganizationForm(StyledForm):
    """A new organization."""

    name = forms.CharField(
        max_length=39, label="Name", help_text="The first part of its projects' addresses."
    )
    display_name = forms.CharField(max_length=100, required=False, label="Display name")
    description = forms.CharField(max_length=300, required=False, label="Description")


class MemberForm(StyledForm):
    """Somebody to add to an organization, or a changed role."""

    username = forms.CharField(max_length=39, label="User name")
    role = forms.ChoiceField(choices=[("member", "Member"), ("owner", "Owner")], label="Role")
