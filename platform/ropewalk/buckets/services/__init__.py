"""Writes of buckets."""

from ropewalk.buckets.services.multiparts import (
    abort,
    begin,
    chosen_parts,
    finish,
    reap_uploads,
    receive_part,
)
from ropewalk.buckets.services.objects import Incoming, delete_object, put_object
from ropewalk.buckets.services.orphans import sweep_bucket_orphans

__all__ = [
    "Incoming",
    "abort",
    "begin",
    "chosen_parts",
    "delete_object",
    "finish",
    "put_object",
    "reap_uploads",
    "receive_part",
    "sweep_bucket_orphans",
]
