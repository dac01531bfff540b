"""Writes of buckets."""

from ropewalk.buckets.services.damage import condemn, held_after
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
from ropewalk.buckets.services.policies import remove_policy, set_policy

__all__ = [
    "Incoming",
    "abort",
    "begin",
    "chosen_parts",
    "condemn",
    "delete_object",
    "finish",
    "held_after",
    "put_object",
    "reap_uploads",
    "receive_part",
    "remove_policy",
    "set_policy",
    "sweep_bucket_orphans",
]
