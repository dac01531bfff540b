"""The index of a commit: what DVC tracks in it. Immutable and keyed by the commit, so each is computed once."""

from collections import OrderedDict
from dataclasses import asdict
from typing import Any

from ropewalk.core.jobs import JobKind
from ropewalk.core.models import Job
from ropewalk.data import selectors as data
from ropewalk.data import services
from ropewalk.data.types import INDEX_HISTORY, INDEX_REVISION, OutputFacts, RevisionFacts
from ropewalk.repos import selectors as repos
from ropewalk.repos.errors import RevisionNotFound
from ropewalk.repos.types import Commit
from workers.analysis.errors import AnalysisError
from workers.analysis.jsonsafe import storable
from workers.analysis.pointers import Facts, FileRef, read_revision
from workers.analysis.pointers.documents import MAX_BYTES
from workers.runners.base import Report

_CACHED_BYTES = 32 << 20


class Blobs:
    """Files of one project read while a job runs; what many commits share is read from git once. Holds at most 32 MiB."""

    def __init__(self, project_id: int) -> None:
        self._project_id = project_id
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._size = 0

    def read(self, commit_sha: str, path: str, ref: FileRef) -> bytes:
        """A file's bytes. Raises :class:`AnalysisError` for one that is too large or not there."""
        if ref.oid in self._kept:
            self._kept.move_to_end(ref.oid)
            return self._kept[ref.oid]
        blob = repos.blobs(self._project_id, commit_sha, [path], limit=MAX_BYTES + 1).get(path)
        if blob is None:
            raise AnalysisError("unreadable", "git could not read this file.")
        if blob.truncated:
            raise AnalysisError(
                "too_large", f"This file is larger than {MAX_BYTES >> 20} MiB, the most that is read."
            )
        self._kept[ref.oid] = blob.data
        self._size += len(blob.data)
        while self._size > _CACHED_BYTES:
            self._size -= len(self._kept.popitem(last=False)[1])
        return blob.data


class IndexRevision:
    """One commit."""

    kind: JobKind = INDEX_REVISION

    def run(self, job: Job, report: Report) -> dict[str, Any]:
        """Index the commit that the job names. Raises ``RevisionNotFound`` for one that was rewritten away."""
        project_id, sha = int(job.project_id or 0), str(job.payload["sha"])
        report(0.1, "Reading pointer files")
        facts = _index(project_id, repos.commit(project_id, sha), Blobs(project_id))
        if facts is None:
            return {"sha": sha}
        if facts.stages:  # so that its page is there when somebody looks at what was pushed
            services.request_pipeline(
                project_id=project_id, commit_sha=sha, requested_by_id=job.requested_by_id
            )
        return {"sha": sha, "outputs": len(facts.outputs), "problems": len(facts.problems)}


class IndexHistory:
    """The commits before a push's tips, newest first."""

    kind: JobKind = INDEX_HISTORY

    def run(self, job: Job, report: Report) -> dict[str, Any]:
        """Index up to ``limit`` commits of each tip's history that are not indexed yet; one bad commit does not end it."""
        project_id, done = int(job.project_id or 0), 0
        limit = int(job.payload["limit"])
        wanted = self._wanted(project_id, [str(sha) for sha in job.payload["tips"]], limit)
        files = Blobs(project_id)
        for number, commit in enumerate(wanted):
            if number % 10 == 0:
                report(number / len(wanted), f"Indexing commit {number + 1} of {len(wanted)}")
            done += _index(project_id, commit, files) is not None
        return {"commits": done}

    def _wanted(self, project_id: int, tips: list[str], limit: int) -> list[Commit]:
        found: dict[str, Commit] = {}
        for tip in tips:
            try:
                for commit in repos.commits(project_id, tip, per_page=limit).items:
                    found.setdefault(commit.sha, commit)
            except RevisionNotFound:  # deleted since
                continue
            if len(found) >= limit:
                break
        known = data.indexed(project_id, found)
        return [commit for sha, commit in found.items() if sha not in known][:limit]


def _index(project_id: int, commit: Commit, blobs: Blobs) -> Facts | None:
    """Read and save one commit; None when it was indexed already."""
    if data.indexed(project_id, [commit.sha]):
        return None
    tree = repos.walk(project_id, commit.sha)
    files = {entry.path: FileRef(entry.oid, entry.size) for entry in tree.entries if entry.kind == "file"}
    facts = read_revision(files, lambda path: blobs.read(commit.sha, path, files[path]))
    if tree.truncated:
        facts.problem(
            "", "too_many_files", "The commit has more files than are looked at; some may be missing here."
        )
    services.save_revision(
        project_id=project_id,
        facts=RevisionFacts(
            commit_sha=commit.sha,
            author=storable(commit.author.name),
            subject=storable(commit.subject[:500]),
            committed_at=commit.committer.when,
            outputs=tuple(OutputFacts(**storable(asdict(output))) for output in facts.outputs),
            stages=storable(facts.stages),
            params=storable(facts.params),
            metrics=storable(facts.metrics),
            problems=storable(facts.problems),
        ),
    )
    return facts


def index_now(project_id: int, sha: str) -> None:
    """Index one commit for a runner that needs it before its own job ran; nothing when it is indexed."""
    _index(project_id, repos.commit(project_id, sha), Blobs(project_id))
