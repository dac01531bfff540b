"""Forms of mirrors."""

from typing import Any

from django import forms
from django.conf import settings

from ropewalk.edges.web.fields import StyledForm
from ropewalk.repos.mirrors import DEFAULT_INTERVAL

_CHOICES = (
    (600, "Every 10 minutes"),
    (3600, "Every hour"),
    (8 * 3600, "Every 8 hours"),
    (86400, "Every day"),
    (7 * 86400, "Every week"),
)
_ASKED = "Only when asked: by the button or the webhook"
_NEVER = "Not by the clock"


def interval_choices(present: int | None = None, never: str = _ASKED) -> list[tuple[int, str]]:
    """The intervals that this server allows, and the present one whatever it is; ``never`` is what 0 means."""
    least = settings.ROPEWALK_MIRROR_MIN_MINUTES * 60
    found = [*((seconds, words) for seconds, words in _CHOICES if seconds >= least), (0, never)]
    if present is not None and present not in dict(found):
        found.insert(0, (present, f"Every {present // 60} minutes"))
    return found


class IntervalField(forms.TypedChoiceField):
    """How often, in seconds."""

    def __init__(self, *, never: str = _ASKED, **kwargs: Any) -> None:
        super().__init__(coerce=int, choices=lambda: interval_choices(never=never), **kwargs)


class IntervalForm(StyledForm):
    """How often a mirror looks."""

    interval = IntervalField(label="Look for changes")

    def __init__(self, *args: Any, present: int, **kwargs: Any) -> None:
        super().__init__(*args, initial={"interval": present}, **kwargs)
        self.fields["interval"].choices = interval_choices(present)  # type: ignore[attr-defined]  # ChoiceField


_PLAIN = {"class": "form-control mono", "autocomplete": "off", "spellcheck": "false"}


class SignInForm(StyledForm):
    """A user name with a password or token for another server."""

    username = forms.CharField(
        max_length=255, required=False, label="User name", widget=forms.TextInput(attrs=_PLAIN)
    )
    password = forms.CharField(
        max_length=4096,
        required=False,
        strip=False,
        label="Password or access token",
        widget=forms.PasswordInput(attrs={"class": "form-control", "autocomplete": "new-password"}),
    )


class StartForm(SignInForm):
    """What to follow, and the word that what only this project has may go."""

    address = forms.CharField(
        max_length=2000,
        label="Address of the original",
        help_text="https://, http:// or git://.",
        widget=forms.TextInput(attrs=_PLAIN),
    )
    interval = IntervalField(label="Look for changes", initial=DEFAULT_INTERVAL)
    agreed = forms.BooleanField(label="Branches and tags that the original does not have are deleted here.")


class PushForm(SignInForm):
    """Where to push, and when."""

    address = forms.CharField(
        max_length=2000,
        label="Address of the other repository",
        help_text="https:// or http://.",
        widget=forms.TextInput(attrs=_PLAIN),
    )
    sync_on_push = forms.BooleanField(
        required=False, initial=True, label="After each change of a branch or tag"
    )
    interval = IntervalField(label="Also by the clock", initial=0, never=_NEVER)
    agreed = forms.BooleanField(
        label="Branches and tags of the other repository that this project does not have are deleted there."
    )


class PushTimesForm(StyledForm):
    """When a push mirror pushes."""

    sync_on_push = forms.BooleanField(required=False, label="After each change of a branch or tag")
    interval = IntervalField(label="Also by the clock", never=_NEVER)

    def __init__(self, *args: Any, present: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["interval"].choices = interval_choices(present, _NEVER)  # type: ignore[attr-defined]  # ChoiceField
