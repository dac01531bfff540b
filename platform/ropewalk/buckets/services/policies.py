"""Setting and removing a bucket's policy."""

from django.db import transaction

from ropewalk.buckets.models import BucketPolicy
from ropewalk.buckets.rules import Rule
from ropewalk.core import audit, clock


@transaction.atomic
def set_policy(*, project_id: int, rules: tuple[Rule, ...], user_id: int | None) -> None:
    """Deny what these rules say from the next request on, and nothing else. An upload under way is asked again at its end."""
    BucketPolicy.objects.for_project(project_id).update_or_create(
        project_id=project_id,
        defaults={
            "rules": [rule.stored() for rule in rules],
            "set_by_id": user_id,
            "set_at": clock.now(),
        },
    )
    audit.record("bucket.policy_set", project_id=project_id, detail={"rules": len(rules)})


@transaction.atomic
def remove_policy(*, project_id: int) -> bool:
    """Deny nothing any more; False when nothing was denied."""
    removed, _ = BucketPolicy.objects.for_project(project_id).delete()
    if removed:
        audit.record("bucket.policy_removed", project_id=project_id)
    return bool(removed)
