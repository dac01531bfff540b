"""A bucket's policy: what is denied to everybody. Whoever may change the project's settings may change it."""

from django.http import HttpRequest, HttpResponse

from ropewalk.access.roles import Permission
from ropewalk.access.selectors import ask_again
from ropewalk.access.types import ProjectAccess
from ropewalk.buckets import selectors, services
from ropewalk.buckets.rules import MAX_BYTES, read_document, write_document
from ropewalk.edges.s3_http.faults import S3Error, not_implemented
from ropewalk.edges.s3_http.stores import RemoteStore, Store
from ropewalk.edges.s3_http.uploads import read_upload


def answer(request: HttpRequest, access: ProjectAccess, store: Store) -> HttpResponse:
    """GetBucketPolicy, PutBucketPolicy and DeleteBucketPolicy. Raises :class:`S3Error`."""
    match request.method:
        case "GET":
            return _get(access, store)
        case "PUT":
            return _put(request, access, store)
        case "DELETE":
            ask_again(access, Permission.SETTINGS_WRITE)
            if store.room != RemoteStore.room:
                services.remove_policy(project_id=access.project.id)
            return HttpResponse(status=204)
    raise S3Error(405, "MethodNotAllowed", "The method is not allowed here.")


def _get(access: ProjectAccess, store: Store) -> HttpResponse:
    rules = selectors.rules_of(access.project.id, store.room)
    if not rules:
        raise S3Error(
            404, "NoSuchBucketPolicy", "The bucket policy does not exist: the project's roles decide."
        )
    ask_again(access, Permission.DATA_WRITE)
    return HttpResponse(write_document(rules, store.name), content_type="application/json")


def _put(request: HttpRequest, access: ProjectAccess, store: Store) -> HttpResponse:
    ask_again(access, Permission.SETTINGS_WRITE)
    if store.room == RemoteStore.room:
        raise not_implemented("A policy of a DVC remote")
    body = b"".join(read_upload(request, limit=MAX_BYTES).blocks)
    rules = read_document(body.decode("utf-8", "replace"), store.name)
    services.set_policy(project_id=access.project.id, rules=rules, user_id=access.actor.user_id)
    return HttpResponse(status=204)
