"""PostObject: an object from a form that somebody signed for a browser."""

from collections.abc import Iterator
from urllib.parse import urlencode, urlsplit

from django.http import HttpRequest, HttpResponse
from django.utils.encoding import escape_uri_path

from ropewalk.access.selectors import writes_namesakes
from ropewalk.access.types import ProjectAccess
from ropewalk.core import clock
from ropewalk.edges.s3_http import answers
from ropewalk.edges.s3_http.checksums import Checks
from ropewalk.edges.s3_http.faults import S3Error, not_implemented
from ropewalk.edges.s3_http.forms import MAX_FIELDS_BYTES, Form
from ropewalk.edges.s3_http.objects import META
from ropewalk.edges.s3_http.policies import Policy, read_policy
from ropewalk.edges.s3_http.stores import RemoteStore, Sent, Store
from ropewalk.quotas.services import require_room

_FILENAME = "${filename}"
_NO_ACL = frozenset({"", "private", "bucket-owner-full-control"})  # what holds here anyway


def receive(request: HttpRequest, access: ProjectAccess, store: Store, form: Form) -> HttpResponse:
    """Store what a form brings, as its policy allows. The signature was checked before the gate."""
    _require_one_project(access, store)
    fields = {**form.fields, "key": _key(form)}
    policy = read_policy(fields.get("policy", ""))
    policy.require(fields, store.name, clock.now())
    _require_known(fields)
    limit = store.accept(fields["key"])
    if form.length is not None:  # what stands behind a file may be as long as what stands before it
        require_room(access.project.id, max(1, form.length - 2 * MAX_FIELDS_BYTES))
    checks = Checks(fields)
    sent = Sent(
        _bounded(form.blocks, policy, checks, limit),
        _printable(fields.get("content-type", "")),
        {
            name.removeprefix(META): value
            for name, value in fields.items()
            if name.startswith(META) and value.isprintable()
        },
    )
    etag = store.put(fields["key"], sent)
    return _answer(request, store.name, fields, policy, {"ETag": f'"{etag}"', **checks.echoed})


def _require_one_project(access: ProjectAccess, store: Store) -> None:
    """A form's signature names a bucket, not where it is: it must not be good for another project's bucket of that name."""
    if access.actor.project_id is not None:
        return
    if store.room == RemoteStore.room or writes_namesakes(access):
        raise S3Error(
            403,
            "AccessDenied",
            f"The form's signature is good for every bucket {store.name[:100]} that you may write to, in other projects too.",
            hint="Sign it with the key pair of a token for this project only.",
        )


def _key(form: Form) -> str:
    """The key, with the file's name in it where the form says so: of a path only what follows its last slash."""
    name = form.filename.replace("\\", "/").rpartition("/")[2]
    return form.fields.get("key", "").replace(_FILENAME, name)


def _require_known(fields: dict[str, str]) -> None:
    if fields.get("acl", "") not in _NO_ACL:
        raise S3Error(
            400,
            "AccessControlListNotSupported",
            "A bucket has no ACLs: the project's roles decide who may read it.",
            hint="Leave the field acl out.",
        )
    if fields.get("tagging"):
        raise not_implemented("Tagging")


def _bounded(blocks: Iterator[bytes], policy: Policy, checks: Checks, limit: int | None) -> Iterator[bytes]:
    total, most = 0, policy.most if limit is None else min(policy.most, limit)
    for block in blocks:
        total += len(block)
        if total > most:
            raise S3Error(400, "EntityTooLarge", f"The file has more than the {most} bytes that are allowed.")
        checks.update(block)
        yield block
    if total < policy.least:
        raise S3Error(
            400, "EntityTooSmall", f"The file has {total} bytes; the form asks for at least {policy.least}."
        )
    checks.finish({})


def _answer(
    request: HttpRequest, bucket: str, fields: dict[str, str], policy: Policy, headers: dict[str, str]
) -> HttpResponse:
    key = fields["key"]
    path = f"{request.path.rstrip('/')}/{key}"
    headers["Location"] = request.build_absolute_uri(escape_uri_path(path))
    wanted = fields.get("success_action_redirect") or fields.get("redirect", "")
    named = "success_action_redirect" if fields.get("success_action_redirect") else "redirect"
    if wanted and _is_safe(wanted, exact=policy.fixes(named, wanted)):
        told = urlencode({"bucket": bucket, "key": key, "etag": headers["ETag"]})
        headers["Location"] = f"{wanted}{'&' if urlsplit(wanted).query else '?'}{told}"
        return HttpResponse(status=303, headers={**headers, "Referrer-Policy": "no-referrer"})
    match fields.get("success_action_status", ""):
        case "200":
            return HttpResponse(status=200, headers=headers)
        case "201":
            body = answers.element("Location", headers["Location"]) + answers.element("Bucket", bucket)
            body += answers.element("Key", key) + answers.element("ETag", headers["ETag"])
            answer = answers.document("PostResponse", body, headers=headers)
            answer.status_code = 201
            return answer
    return HttpResponse(status=204, headers=headers)


def _is_safe(address: str, *, exact: bool) -> bool:
    """Whether a browser may be led there: only to the whole address that was signed, so that no holder of a form chooses it."""
    try:
        parts = urlsplit(address)
        named = parts.hostname and not parts.username and not parts.fragment
    except ValueError:
        return False
    plain = address.isascii() and address.isprintable() and not set(address) & set('\\ "<>')
    return bool(exact and plain and named and parts.scheme in {"http", "https"})


def _printable(text: str) -> str:
    return text if text.isascii() and text.isprintable() else ""
