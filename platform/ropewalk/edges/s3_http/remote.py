"""The bucket ``dvc`` of a project's ``.s3``: its DVC remote, object by object, verified by the hash that names it."""

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.http import http_date

from ropewalk.access.types import ProjectAccess
from ropewalk.core.serving import bytes_answer
from ropewalk.data import selectors, services
from ropewalk.data.oids import ObjectAddress, parse_path
from ropewalk.data.types import ObjectState
from ropewalk.edges.s3_http import answers
from ropewalk.edges.s3_http.conditions import require_match, require_no_match
from ropewalk.edges.s3_http.faults import S3Error, no_such_key, not_implemented
from ropewalk.edges.s3_http.pages import Listed
from ropewalk.edges.s3_http.uploads import read_upload

BUCKET = "dvc"
REGION = "us-east-1"
# What S3 keeps beside objects and buckets, and this storage does not.
_SUBRESOURCES = frozenset({
    "accelerate", "acl", "analytics", "cors", "encryption", "intelligent-tiering", "inventory", "legal-hold", "lifecycle",
    "logging", "metrics", "notification", "object-lock", "ownershipControls", "policy", "policyStatus", "publicAccessBlock",
    "replication", "requestPayment", "restore", "retention", "select", "tagging", "torrent", "versionId", "versioning",
    "versions", "website", "uploads", "uploadId", "partNumber", "attributes", "delete",
})  # fmt: skip


def storage(
    request: HttpRequest, access: ProjectAccess, bucket: str | None = None, object_key: str | None = None
) -> HttpResponseBase:
    """Everything below a project's ``.s3``."""
    if found := sorted(_SUBRESOURCES & set(request.GET)):
        raise not_implemented(f"?{found[0]}")
    if not bucket:
        return _root(request, access)
    if bucket != BUCKET:
        raise S3Error(
            404,
            "NoSuchBucket",
            f"There is no bucket {bucket[:100]}.",
            hint=f"The DVC remote is s3://{BUCKET}.",
        )
    if not object_key:
        return _bucket(request, access)
    match request.method:
        case "GET" | "HEAD":
            return _read(request, access, object_key)
        case "PUT":
            return _write(request, access, object_key)
        case "DELETE":
            raise not_implemented("Deleting from a DVC remote")
    raise _not_allowed()


def _root(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    if request.method not in {"GET", "HEAD"}:
        raise _not_allowed()
    return answers.buckets([(BUCKET, access.project.created_at)])


def _bucket(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    if request.method == "PUT":
        raise S3Error(409, "BucketAlreadyOwnedByYou", "The bucket is there: every project has it.")
    if request.method == "HEAD":
        return HttpResponse(headers={"x-amz-bucket-region": REGION})
    if request.method != "GET":
        raise _not_allowed()
    if "location" in request.GET:
        return answers.document("LocationConstraint", "")  # an empty one is us-east-1

    def fetch(prefix: str, after: str, limit: int) -> list[Listed]:
        found = selectors.remote_keys(access.project.id, prefix=prefix, after=after, limit=limit)
        return [Listed(key, state.size, _tag(state.address), state.created_at) for key, state in found]

    return answers.listing(request, BUCKET, fetch)


def _read(request: HttpRequest, access: ProjectAccess, key: str) -> HttpResponseBase:
    address = parse_path(key)
    state = selectors.object_state(access.project.id, address) if address else None
    if state is None:
        raise no_such_key(key)
    etag = f'"{_tag(state.address)}"'
    require_match(request, etag)
    headers = {
        "ETag": etag,
        "Last-Modified": http_date(state.created_at.timestamp()),
        "Cache-Control": "private, max-age=31536000, immutable",
        "Content-Disposition": "attachment",  # a browser must never run what somebody pushed
        "Content-Type": "application/octet-stream",
        "Vary": "Authorization, Cookie",
    }
    found = state
    answer = bytes_answer(
        request, headers, state.size, lambda start, end: selectors.open_bytes(found, start, end)
    )
    if answer.status_code == 416:
        raise S3Error(416, "InvalidRange", "The range begins behind the object's end.")
    return answer


def _write(request: HttpRequest, access: ProjectAccess, key: str) -> HttpResponse:
    address = parse_path(key)
    if address is None:
        raise S3Error(
            403, "AccessDenied", "A DVC remote holds objects at files/md5/<2 digits>/<30 digits> only.",
            hint="Is there a folder behind s3://dvc in the remote's address? Leave it out.",
        )  # fmt: skip
    if "x-amz-copy-source" in request.headers:
        raise not_implemented("Copying into a DVC remote")
    upload = read_upload(request)
    require_no_match(request, lambda: _there(access.project.id, address))
    services.receive_object(
        project_id=access.project.id, address=address, blocks=upload.blocks, user_id=access.actor.user_id
    )
    return HttpResponse(headers={"ETag": f'"{_tag(address)}"', **upload.checks.echoed})


def _there(project_id: int, address: ObjectAddress) -> str | None:
    state: ObjectState | None = selectors.object_state(project_id, address)
    return f'"{_tag(state.address)}"' if state else None


def _tag(address: ObjectAddress) -> str:
    """The ETag. What looks like an md5 is taken for the body's, which the name of a legacy object need not be."""
    return f"{address.oid}-1" if address.legacy else address.oid


def _not_allowed() -> S3Error:
    return S3Error(405, "MethodNotAllowed", "The method is not allowed here.")
