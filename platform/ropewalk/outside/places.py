"""Where a connected bucket lies, and which keys may be asked of it: pure, over people's words."""

import re
from urllib.parse import quote

from ropewalk.core.errors import Invalid, NotFound
from ropewalk.core.outbound import read_url
from ropewalk.outside.types import MAX_KEY_BYTES, AccessKey, Place

SCHEMES = ("https", "http")
USUAL_REGION = "us-east-1"
_BUCKET = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]{1,254}")
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?")
_REGION = re.compile(r"[a-z0-9-]{1,40}")
_SLASHES = re.compile(r"[/\\]")


def is_bucket(bucket: str) -> bool:
    """Whether S3 could have a bucket of this name."""
    return _BUCKET.fullmatch(bucket) is not None and ".." not in bucket


def s3_address(endpoint: str, region: str, bucket: str) -> tuple[str, str]:
    """Scheme and host, and the encoded path of a bucket there; Amazon's for an empty endpoint.

    Raises :class:`Invalid` for a region or an endpoint that is none.
    """
    if not _REGION.fullmatch(region):
        raise Invalid(
            "This is not the name of a region.", hint="For example eu-central-1.", code="bad_region"
        )
    base = endpoint.rstrip("/") or f"https://s3.{region}.amazonaws.com"
    _, _, _, path = read_url(f"{base}/", SCHEMES)
    folder = path.rstrip("/")
    host = base[: len(base) - len(folder)] if folder else base
    return host, f"{folder}/{quote(bucket, safe='')}"


def place_of(*, endpoint: str, region: str, bucket: str, prefix: str) -> Place:
    """Where these words lead. Raises :class:`Invalid`."""
    if not is_bucket(bucket):
        raise Invalid("This is not the name of a bucket.", hint="For example team-data.", code="bad_bucket")
    base, root = s3_address(endpoint, region, bucket)
    return Place(base, root, region, bucket, prefix)


def checked_prefix(prefix: str) -> str:
    """Empty, or a folder's name with its slash. Raises :class:`Invalid`."""
    plain = prefix.strip().strip("/")
    if not plain:
        return ""
    if any(part in {"", ".", ".."} for part in _SLASHES.split(plain)) or len(plain.encode()) >= MAX_KEY_BYTES:
        raise Invalid("A folder in a bucket looks like team/data.", code="bad_prefix")
    if any(ord(sign) < 32 or ord(sign) == 127 for sign in plain):
        raise Invalid("A folder's name has no control characters.", code="bad_prefix")
    return f"{plain}/"


def checked_name(name: str) -> str:
    """What a project may call a bucket. Raises :class:`Invalid`."""
    if not _NAME.fullmatch(name):
        raise Invalid(
            "A name has 1 to 63 small letters, digits, dots, hyphens and underscores.", code="bad_name"
        )
    return name


def checked_key(key_id: str, secret: str) -> AccessKey | None:
    """An access key, None for empty fields. Raises :class:`Invalid`, which repeats no secret."""
    if not key_id and not secret:
        return None
    if not key_id or not secret:
        raise Invalid("An access key has two parts: its id and its secret.", code="bad_sign_in")
    if not (key_id + secret).isascii() or not (key_id + secret).isprintable() or len(key_id + secret) > 4096:
        raise Invalid("The access key has a sign that can't be sent, or is too long.", code="bad_sign_in")
    return AccessKey(key_id, secret)


def askable(key: str) -> bool:
    """Whether a key below a prefix may be asked for. Some servers take ``..`` for the folder above, which may be outside."""
    try:
        length = len(key.encode())
    except UnicodeEncodeError:
        return False
    return (
        length <= MAX_KEY_BYTES
        and "\0" not in key
        and not any(part in {".", ".."} for part in _SLASHES.split(key))
    )


def object_path(place: Place, key: str) -> str:
    """The encoded path of an object below the prefix. Raises :class:`NotFound` for a key that is never asked for."""
    if not key or not askable(key):
        raise NotFound("There is no file of this name that can be read.")
    return f"{place.root}/{quote(place.prefix + key, safe='/-_.~')}"
