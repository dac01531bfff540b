"""What a request asks for: an operation on a bucket, on an object, or on all buckets."""

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from ropewalk.access.authentication import actor_of
from ropewalk.access.types import ProjectAccess
from ropewalk.accounts.selectors import owner_by_slug
from ropewalk.core.streams import DRAIN_BYTES_UNKNOWN, drain
from ropewalk.edges.s3_http import answers, objects, parts, policy, posted
from ropewalk.edges.s3_http.documents import read_keys
from ropewalk.edges.s3_http.faults import S3Error, not_implemented, s3_name
from ropewalk.edges.s3_http.forms import form_of
from ropewalk.edges.s3_http.stores import FilesStore, RemoteStore, Store
from ropewalk.projects.selectors import list_projects
from ropewalk.projects.types import ProjectView

REGION = "us-east-1"
_PAGES, _PER_PAGE = 5, 200
# What S3 keeps beside objects and buckets, and this storage does not.
_SUBRESOURCES = frozenset({
    "accelerate", "acl", "analytics", "cors", "encryption", "intelligent-tiering", "inventory", "legal-hold", "lifecycle",
    "logging", "metrics", "notification", "object-lock", "ownershipControls", "policy", "policyStatus", "publicAccessBlock",
    "replication", "requestPayment", "restore", "retention", "select", "tagging", "torrent", "versionId", "versioning",
    "versions", "website",
})  # fmt: skip


def remote(
    request: HttpRequest, access: ProjectAccess, bucket: str | None = None, object_key: str | None = None
) -> HttpResponseBase:
    """Everything below a project's ``.s3``: its DVC remote as the bucket ``dvc``."""
    if not bucket:
        return _buckets(request, access, RemoteStore.room)
    if bucket != RemoteStore.room:
        raise S3Error(
            404, "NoSuchBucket", f"There is no bucket {bucket[:100]}.", hint="The DVC remote is s3://dvc."
        )
    return _storage(request, access, RemoteStore(access), object_key or "")


def own_bucket(
    request: HttpRequest, access: ProjectAccess, object_key: str | None = None
) -> HttpResponseBase:
    """A project's bucket, which has the project's name."""
    return _storage(request, access, FilesStore(access, access.project.slug), object_key or "")


def owners_buckets(request: HttpRequest, owner: str) -> HttpResponse:
    """The buckets at an owner's endpoint: the projects of theirs that the viewer may see, at most a thousand."""
    if request.method not in {"GET", "HEAD"}:
        raise _not_allowed()
    found = owner_by_slug(owner)
    if found is None:
        raise S3Error(404, "NoSuchBucket", "There is no such owner.")
    viewer = actor_of(request).viewer_id
    projects: list[ProjectView] = []
    for number in range(1, _PAGES + 1):
        page = list_projects(viewer, owner_id=found.id, page=number, per_page=_PER_PAGE)
        projects += page.items
        if not page.has_next:
            break
    return answers.buckets(sorted((project.slug, project.created_at) for project in projects))


def _buckets(request: HttpRequest, access: ProjectAccess, name: str) -> HttpResponse:
    if request.method not in {"GET", "HEAD"}:
        raise _not_allowed()
    return answers.buckets([(name, access.project.created_at)])


def _storage(request: HttpRequest, access: ProjectAccess, store: Store, key: str) -> HttpResponseBase:
    if "policy" in request.GET and not key:
        return policy.answer(request, access, store)
    if found := sorted(_SUBRESOURCES & set(request.GET)):
        raise not_implemented(f"?{found[0]}")
    if not key:
        return _bucket(request, access, store)
    return (
        _upload(request, access, store, key)
        if _is_of_upload(request)
        else _object(request, access, store, key)
    )


def _bucket(request: HttpRequest, access: ProjectAccess, store: Store) -> HttpResponse:
    match request.method:
        case "HEAD":
            return HttpResponse(headers={"x-amz-bucket-region": REGION})
        case "GET" if "location" in request.GET:
            return answers.document("LocationConstraint", "")  # an empty one is us-east-1
        case "GET" if "uploads" in request.GET:
            return parts.under_way(request, access.project.id, store)
        case "GET":
            return answers.listing(request, store.name, store.fetch)
        case "POST" if "delete" in request.GET:
            return _delete_many(request, store)
        case "POST" if form := form_of(request):
            return posted.receive(request, access, store, form)
        case "PUT":
            drain(
                request, DRAIN_BYTES_UNKNOWN
            )  # a region's name; in ours S3 lets everybody make a bucket of theirs again
            return HttpResponse(headers={"Location": f"/{store.name}"})
    raise _not_allowed()


def _object(request: HttpRequest, access: ProjectAccess, store: Store, key: str) -> HttpResponseBase:
    match request.method:
        case "GET" if "attributes" in request.GET:
            return objects.attributes(request, store, key)
        case "GET" | "HEAD":
            return objects.read(request, store, key)
        case "PUT":
            return objects.write(request, access, store, key)
        case "DELETE":
            return objects.delete(store, key)
    raise _not_allowed()


def _is_of_upload(request: HttpRequest) -> bool:
    return "uploadId" in request.GET or "uploads" in request.GET


def _upload(request: HttpRequest, access: ProjectAccess, store: Store, key: str) -> HttpResponseBase:
    if request.method == "POST" and "uploads" in request.GET:
        return parts.begin(request, access.project.id, access.actor.user_id, store, key)
    upload = parts.find(request, access.project.id, store, key)
    match request.method:
        case "POST":
            return parts.complete(request, store, upload)
        case "PUT":
            return parts.receive(request, access, store, upload)
        case "GET":
            return parts.listed(request, store, upload)
        case "DELETE":
            return parts.give_up(store, upload)
    raise _not_allowed()


def _delete_many(request: HttpRequest, store: Store) -> HttpResponse:
    keys, quiet = read_keys(request)
    failed = store.delete(keys)
    body = ""
    for key in keys:
        if error := failed.get(key):
            row = answers.element("Key", key) + answers.element("Code", s3_name(error))
            body += f"<Error>{row}{answers.element('Message', error.message)}</Error>"
        elif not quiet:
            body += f"<Deleted>{answers.element('Key', key)}</Deleted>"
    return answers.document("DeleteResult", body)


def _not_allowed() -> S3Error:
    return S3Error(405, "MethodNotAllowed", "The method is not allowed here.")
