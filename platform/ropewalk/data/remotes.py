"""The DVC remotes that a repository names, and the address of each object in one: pure, over untrusted text."""

import configparser
import re
from dataclasses import dataclass
from urllib.parse import quote

from ropewalk.core.errors import Invalid
from ropewalk.core.outbound import read_url
from ropewalk.data.oids import ObjectAddress
from ropewalk.outside.places import s3_address

MAX_CONFIG_BYTES = 64 << 10
MAX_REMOTES = 50
REMOTE_PURPOSE = "data.remote"  # what a sign-in that is sealed for a remote is for
SCHEMES = ("https", "http")
_SECTION = re.compile(r"""['"]?remote\s*"(?P<name>[^"]{1,100})"['"]?""")
_BUCKET = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]{1,254}")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*(?=://)")


@dataclass(frozen=True)
class NamedRemote:
    """A remote as ``.dvc/config`` names it. ``fault`` says why nothing can be fetched from it, empty when it can."""

    name: str
    url: str
    endpoint: str = ""
    region: str = ""
    is_default: bool = False
    fault: str = ""


@dataclass(frozen=True)
class Place:
    """Where objects lie: ``base`` is the address that is gone to, ``folder`` the encoded path (bucket and prefix with S3)."""

    kind: str
    base: str
    folder: str
    region: str = ""

    @property
    def shown(self) -> str:
        """For people and for the record."""
        return f"{self.base}{self.folder}"

    def path(self, address: ObjectAddress) -> str:
        """The encoded path of an object."""
        layout = "" if address.legacy else "files/md5/"
        return f"{self.folder}/{layout}{address.oid[:2]}/{address.oid[2:]}{'.dir' if address.is_dir else ''}"


def read_config(text: str) -> list[NamedRemote]:
    """The remotes of a ``.dvc/config``, the default one first; none for a file that can't be read. Credentials in it are left."""
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True, delimiters=("=",))
    try:
        parser.read_string(text[:MAX_CONFIG_BYTES])
    except configparser.Error:
        return []
    default = parser.get("core", "remote", fallback="") or ""
    found = []
    for section in parser.sections()[: MAX_REMOTES * 4]:
        match = _SECTION.fullmatch(section.strip())
        if match:
            values = {
                key: _plain(parser.get(section, key, fallback="")) for key in ("url", "endpointurl", "region")
            }
            remote = NamedRemote(match["name"], values["url"], values["endpointurl"], values["region"])
            found.append(_judged(remote, is_default=match["name"] == _plain(default)))
    return sorted(found, key=lambda remote: (not remote.is_default, remote.name))[:MAX_REMOTES]


def _plain(value: str | None) -> str:
    text = (value or "").strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else text


def _judged(remote: NamedRemote, *, is_default: bool) -> NamedRemote:
    try:
        place_of(remote.url, endpoint=remote.endpoint, region=remote.region)
        fault = ""
    except Invalid as error:
        fault = error.message
    return NamedRemote(remote.name, remote.url, remote.endpoint, remote.region, is_default, fault)


def place_of(url: str, *, endpoint: str = "", region: str = "") -> Place:
    """Where an address leads. Raises :class:`Invalid` for what objects can't be fetched from."""
    scheme = _SCHEME.match(url)
    if scheme is None:
        raise Invalid("This remote is a folder of somebody's machine, or no address.", code="bad_remote")
    if scheme[0] == "s3":
        return _bucket_of(url, endpoint.rstrip("/"), region or "us-east-1")
    if scheme[0] not in SCHEMES:
        raise Invalid(
            f"{scheme[0]}:// remotes are not supported: only http, https and s3 are.", code="bad_remote"
        )
    _, _, _, path = read_url(url if url.count("/") > 2 else f"{url}/", SCHEMES)
    base = url[: url.index("/", 8)] if url.count("/") > 2 else url
    return Place("http", base, quote(path.rstrip("/"), safe="/%:@!$&'()*+,;=~"))


def _bucket_of(url: str, endpoint: str, region: str) -> Place:
    bucket, _, prefix = url.removeprefix("s3://").partition("/")
    parts = prefix.strip("/").split("/") if prefix.strip("/") else []
    if not _BUCKET.fullmatch(bucket) or any(part in {"", ".", ".."} for part in parts) or len(url) > 2000:
        raise Invalid("An S3 remote looks like s3://bucket/folder.", code="bad_remote")
    host, root = s3_address(endpoint, region, bucket)
    return Place("s3", host, "/".join([root, *(quote(part, safe="") for part in parts)]), region)
