"""Forms of connected buckets. No page shows a secret again."""

from typing import Any

from django import forms

from ropewalk.core.outbound import MAX_URL
from ropewalk.edges.web.fields import StyledForm

_PLAIN = {
    "class": "form-control mono",
    "autocomplete": "off",
    "spellcheck": "false",
    "autocapitalize": "none",
}


def _words(label: str, most: int, help_text: str = "", **more: Any) -> forms.CharField:
    return forms.CharField(
        max_length=most, label=label, help_text=help_text, widget=forms.TextInput(attrs=dict(_PLAIN)), **more
    )


class KeyForm(StyledForm):
    """An access key; both fields empty for a bucket that everybody may read."""

    key_id = _words("Access key id", 255, "Empty for a bucket that everybody may read.", required=False)
    secret = forms.CharField(
        max_length=4096,
        required=False,
        label="Secret access key",
        widget=forms.PasswordInput(attrs={"class": "form-control", "autocomplete": "new-password"}),
        help_text="Give a key that may only read: s3:ListBucket and s3:GetObject. It is kept encrypted and sent to this"
        " endpoint only. Over http:// what is read travels in clear.",
    )


class ConnectForm(KeyForm):
    """Another bucket, and what it is called here."""

    bucket = _words("Bucket", 255)
    folder = _words(
        "Folder",
        1000,
        "Empty for the whole bucket. What lies outside of it can't be reached.",
        required=False,
    )
    endpoint = _words(
        "Endpoint",
        MAX_URL,
        "Empty for Amazon, else for example https://minio.example.org:9000.",
        required=False,
    )
    region = _words("Region", 40, "Empty: us-east-1, which most other services take, too.", required=False)
    name = _words("Name here", 63, "Empty: the bucket's own.", required=False)
    field_order = ("bucket", "folder", "endpoint", "region", "key_id", "secret", "name")


class NameForm(StyledForm):
    """What it is called here."""

    name = _words("Name here", 63)
