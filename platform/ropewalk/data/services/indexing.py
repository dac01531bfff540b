"""Asking for the index of commits, and saving what the runner found.

A push asks for its tips at once, each a small job. The commits before them, which a page may show too, are one job: it walks the
history newest first, stops at :data:`HISTORY_LIMIT`, and skips what is indexed. Whatever lies further back is indexed on demand.
"""

import hashlib
import json
from dataclasses import asdict

from django.db import IntegrityError, transaction

from ropewalk.core import clock, jobs
from ropewalk.data.models import OutputSet, RevisionIndex, TrackedOutput
from ropewalk.data.selectors.revisions import indexed
from ropewalk.data.types import INDEX_HISTORY, INDEX_REVISION, OutputFacts, RevisionFacts

HISTORY_LIMIT = 500
MAX_TIPS = 100


def index_pushed_commits(*, project_id: int, shas: list[str], requested_by_id: int | None = None) -> None:
    """After a push: index each tip (the first :data:`MAX_TIPS` as jobs of their own), then the history before them."""
    tips = list(dict.fromkeys(shas))
    if not tips:
        return
    for sha in tips[:MAX_TIPS]:
        ensure_indexed(project_id=project_id, commit_sha=sha, requested_by_id=requested_by_id)
    jobs.enqueue(
        INDEX_HISTORY,
        subject=f"project:{project_id}",
        fingerprint=hashlib.sha256("\n".join(sorted(tips)).encode()).hexdigest(),
        payload={"tips": tips, "limit": HISTORY_LIMIT},
        project_id=project_id,
        requested_by_id=requested_by_id,
    )


def ensure_indexed(*, project_id: int, commit_sha: str, requested_by_id: int | None = None) -> None:
    """Ask for the index of one commit, unless it is there or asked for already (a page shows an old commit)."""
    if indexed(project_id, [commit_sha]):
        return
    jobs.enqueue(
        INDEX_REVISION,
        subject=f"project:{project_id}",
        fingerprint=commit_sha,
        payload={"sha": commit_sha},
        project_id=project_id,
        requested_by_id=requested_by_id,
    )


def save_revision(*, project_id: int, facts: RevisionFacts) -> bool:
    """Store the index of a commit; False when another attempt stored it first. Commits that track the same share the outputs."""
    fingerprint = _fingerprint(facts.outputs)
    try:
        with transaction.atomic():
            chosen = _output_set(project_id, fingerprint, facts.outputs)
            RevisionIndex.objects.create(
                project_id=project_id,
                commit_sha=facts.commit_sha,
                version=INDEX_REVISION.version,
                output_set=chosen,
                stages=facts.stages,
                params=facts.params,
                metrics=facts.metrics,
                problems=facts.problems,
                author=facts.author,
                subject=facts.subject,
                committed_at=facts.committed_at,
                created_at=clock.now(),
            )
    except IntegrityError:
        if indexed(project_id, [facts.commit_sha]):
            return False
        raise
    return True


def _fingerprint(outputs: tuple[OutputFacts, ...]) -> str:
    facts = [list(asdict(output).values()) for output in outputs]
    return hashlib.sha256(json.dumps([INDEX_REVISION.version, facts]).encode()).hexdigest()


def _output_set(project_id: int, fingerprint: str, outputs: tuple[OutputFacts, ...]) -> OutputSet:
    """The set of these outputs; the unique index makes two jobs that find the same one wait for each other."""
    OutputSet.objects.bulk_create(
        [OutputSet(project_id=project_id, fingerprint=fingerprint)], ignore_conflicts=True
    )
    rows = OutputSet.objects.for_project(project_id).select_for_update()
    chosen = rows.get(fingerprint=fingerprint)
    if outputs and not TrackedOutput.objects.for_project(project_id).filter(output_set=chosen).exists():
        TrackedOutput.objects.bulk_create(
            [TrackedOutput(project_id=project_id, output_set=chosen, **asdict(output)) for output in outputs],
            batch_size=2000,
        )
    return chosen
