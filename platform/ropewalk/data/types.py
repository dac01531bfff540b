"""Frozen values that the data room hands outward. Paths and names come from untrusted repositories: text, never safe HTML."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from ropewalk.core.jobs import JobKind
from ropewalk.core.types import JobView
from ropewalk.data.oids import ObjectAddress, parse_oid
from ropewalk.data.origins import Origin
from ropewalk.projects.types import ProjectView

INDEX_REVISION = JobKind("index-revision", version=2, time_limit=300)
INDEX_HISTORY = JobKind("index-history", version=2, time_limit=1800)
MAKE_PREVIEW = JobKind("make-preview", version=1, time_limit=300)
MAP_PIPELINE = JobKind("map-pipeline", version=1, time_limit=300)
READ_PLOTS = JobKind("read-plots", version=1, time_limit=300)
FIND_ROWS = JobKind("find-rows", version=1, time_limit=600)
COMPARE_FILES = JobKind("compare-files", version=2, time_limit=900)
SYNC_MIRROR = JobKind("sync-mirror", version=1, time_limit=6000)
FETCH_DATA = JobKind("fetch-data", version=1, time_limit=6 * 3600)
FIND_UNNEEDED = JobKind("find-unneeded-data", version=1, time_limit=3600)
COLLECT_DATA = JobKind("collect-data", version=1, time_limit=3600)
RESTORE_DATA = JobKind("restore-data", version=1, time_limit=3600)


@dataclass(frozen=True)
class ObjectState:
    """A visible object. ``sha256`` is of its bytes; ``created_at`` is when it became whole; ``holder_id`` says where they lie."""

    address: ObjectAddress
    size: int
    sha256: str
    created_at: datetime
    holder_id: int

    @property
    def key(self) -> str:
        """Where its bytes lie in the object store."""
        return self.address.key(self.holder_id)


@dataclass(frozen=True)
class Received:
    """What became of an upload: ``created`` is false when the object was there already."""

    created: bool
    size: int


@dataclass(frozen=True)
class Upstream:
    """A fork's branch beside the same one of its parent: how many commits it has more, and how many the parent has more.

    ``tip`` and ``parent_tip`` are commits, empty where there is no such branch; both numbers are None when nobody could count.
    """

    parent: ProjectView
    branch: str
    tip: str
    parent_tip: str
    ahead: int | None
    behind: int | None

    @property
    def diverged(self) -> bool:
        """Whether each side has commits that the other has not, so that only somebody's merge brings them together."""
        return bool(self.ahead and self.behind)


@dataclass(frozen=True)
class Usage:
    """What a project stores: ``size`` in bytes, and how many objects; ``incomplete`` folder lists wait for files.

    ``shared`` of the bytes lie with another project, which a fork refers to.
    """

    size: int
    count: int
    incomplete: int
    shared: int = 0


@dataclass(frozen=True)
class DamagedObject:
    """A stored object whose bytes are lost or damaged: its hash as DVC writes it, its size, and a path that names it, if any."""

    name: str
    size: int
    path: str


@dataclass(frozen=True)
class OutputFacts:
    """A tracked output as a commit states it; the fields of :class:`~ropewalk.data.models.TrackedOutput`.

    ``origin`` has the fields of :class:`~ropewalk.data.origins.Origin`, None for what was not imported.
    """

    path: str
    algorithm: str
    oid: str
    is_dir: bool
    size: int | None
    nfiles: int | None
    pointer: str
    stage: str = ""
    cached: bool = True
    origin: dict[str, str] | None = None


@dataclass(frozen=True)
class RevisionFacts:
    """Everything that the index runner found in one commit, to be saved."""

    commit_sha: str
    author: str
    subject: str
    committed_at: datetime
    outputs: tuple[OutputFacts, ...]
    stages: list[dict[str, Any]]
    params: dict[str, Any]
    metrics: dict[str, Any]
    problems: list[dict[str, str]]


def _presence(present: bool, removed: bool, origin: Origin | None) -> str:
    """In a word: ``present``, ``removed`` (it can be restored), ``imported`` (its source keeps it) or ``missing``."""
    if present or removed:
        return "present" if present else "removed"
    return "imported" if origin and origin.is_kept_there else "missing"


@dataclass(frozen=True)
class TrackedOutputView:
    """A tracked path at a commit. ``present``: its bytes (for a folder, all of them) are in this project's store."""

    path: str
    algorithm: str
    oid: str
    is_dir: bool
    size: int | None
    nfiles: int | None
    pointer: str
    stage: str
    cached: bool
    present: bool
    removed: bool = False
    origin: Origin | None = None

    @property
    def presence(self) -> str:
        """In a word: ``present``, ``removed`` (it can be restored), ``imported`` (its source keeps it) or ``missing``."""
        return _presence(self.present, self.removed, self.origin)

    @property
    def address(self) -> ObjectAddress | None:
        """Where a remote of ours would hold it; None for another kind of hash."""
        return parse_oid(self.algorithm, f"{self.oid}.dir" if self.is_dir else self.oid)


@dataclass(frozen=True)
class Problem:
    """Why a file of a commit could not be read, in words; ``code`` is stable."""

    path: str
    code: str
    message: str


@dataclass(frozen=True)
class StageView:
    """A pipeline stage. ``resolved``: its facts come from ``dvc.lock``; otherwise it is shown as ``dvc.yaml`` declares it.

    ``deps`` and ``outs`` are dictionaries with ``path`` and, where known, ``algorithm``, ``oid``, ``size``; ``outs`` also have
    ``role`` (``out``, ``metric``, ``plot``). ``template`` is ``foreach``, ``matrix`` or empty. ``params`` is file → {key: value}.
    """

    name: str
    file: str
    cmd: str
    resolved: bool
    template: str = ""
    desc: str = ""
    deps: tuple[dict[str, Any], ...] = ()
    outs: tuple[dict[str, Any], ...] = ()
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class RevisionView:
    """What a commit tracks, without its outputs. ``params`` and ``metrics`` are file → nested values."""

    commit_sha: str
    author: str
    subject: str
    committed_at: datetime
    stages: tuple[StageView, ...]
    params: dict[str, Any]
    metrics: dict[str, Any]
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class DatasetView:
    """A tracked path at the default branch with how many versions of it the indexed history holds."""

    output: TrackedOutputView
    tabular: bool
    versions: int


@dataclass(frozen=True)
class DatasetVersion:
    """One content of a path: the commit that introduced it, newest first in lists. ``source`` is ``dvc`` or ``git``."""

    commit_sha: str
    author: str
    subject: str
    committed_at: datetime
    source: str
    algorithm: str
    oid: str
    is_dir: bool
    size: int | None
    present: bool
    removed: bool = False
    origin: Origin | None = None

    @property
    def presence(self) -> str:
        """In a word: ``present``, ``removed`` (it can be restored), ``imported`` (its source keeps it) or ``missing``."""
        return _presence(self.present, self.removed, self.origin)


@dataclass(frozen=True)
class ContentEntry:
    """Something in a commit's tree. ``kind`` is ``file``, ``directory``, ``symlink`` or ``submodule``.

    ``tracked_by`` is ``git`` (``oid`` is the object's) or ``dvc`` (the hash that DVC has; empty for a folder that only holds
    tracked things). ``present`` is false for what DVC tracks and nobody pushed here. ``size`` in bytes, None where it is unknown.
    """

    path: str
    kind: str
    tracked_by: str
    oid: str
    size: int | None = None
    present: bool = True

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]

    def sized(self, size: int | None) -> "ContentEntry":
        """The same with its size."""
        return replace(self, size=size)


@dataclass(frozen=True)
class DataFile:
    """Where the bytes of a path at a commit are.

    ``source`` is ``git`` (``oid`` is the blob's) or ``dvc``. ``content_hash`` keys caches (profiles): ``sha256:…`` for a stored
    object, ``git:…`` or ``md5:…`` otherwise; equal hashes mean equal bytes. ``present`` is false when DVC tracks it but nobody
    pushed it here; ``size`` may then be unknown.
    """

    path: str
    commit_sha: str
    source: str
    algorithm: str
    oid: str
    size: int | None
    present: bool
    content_hash: str
    is_dir: bool = False
    removed: bool = False
    origin: Origin | None = None

    @property
    def presence(self) -> str:
        """In a word: ``present``, ``removed`` (it can be restored), ``imported`` (its source keeps it) or ``missing``."""
        return _presence(self.present, self.removed, self.origin)

    @property
    def address(self) -> ObjectAddress | None:
        """The stored object's address; None for a file in git."""
        return parse_oid(self.algorithm, f"{self.oid}.dir" if self.is_dir else self.oid)


@dataclass(frozen=True)
class DirFileView:
    """A file (or, with ``is_dir``, a folder of ``files`` files) inside a tracked folder; ``path`` is relative to it."""

    path: str
    is_dir: bool
    oid: str
    size: int | None
    files: int


@dataclass(frozen=True)
class PreviewView:
    """What a worker made of a file: ``document`` as ``workers.analysis.preview`` describes it, None while ``job`` makes it."""

    id: int
    kind: str
    options: str
    document: dict[str, Any] | None
    job: JobView | None


@dataclass(frozen=True)
class ContentDiffView:
    """What a worker found to differ between two contents: ``document`` as ``workers.analysis.contents`` describes it.

    None while ``job`` makes it.
    """

    id: int
    kind: str
    options: str
    document: dict[str, Any] | None
    job: JobView | None


class FetchScope(StrEnum):
    """Whose data is fetched: the default branch's newest commit, all branches and tags, or every indexed commit."""

    DEFAULT = "default"
    TIPS = "tips"
    HISTORY = "history"


@dataclass(frozen=True)
class FetchedItem:
    """An object that did not come: its hash as DVC writes it, a path that needs it, and why in a word."""

    oid: str
    path: str
    why: str


@dataclass(frozen=True)
class FetchReport:
    """What a fetch from another remote found. ``size`` is the bytes that came; the lists hold the first hundred each."""

    wanted: int = 0
    present: int = 0
    fetched: int = 0
    size: int = 0
    missing: int = 0
    refused: int = 0
    broken: int = 0
    first_missing: tuple[FetchedItem, ...] = ()
    first_refused: tuple[FetchedItem, ...] = ()

    @classmethod
    def of(cls, value: dict[str, Any]) -> "FetchReport":
        """From the JSON of a row."""
        lists = {
            name: tuple(FetchedItem(**item) for item in value.get(name, ()))
            for name in ("first_missing", "first_refused")
        }
        return cls(**{**{k: v for k, v in value.items() if k not in lists}, **lists})


@dataclass(frozen=True)
class RemoteFetchView:
    """Where a project's data is fetched from, without secrets."""

    url: str
    endpoint: str
    region: str
    scope: str
    has_sign_in: bool
    report: FetchReport
