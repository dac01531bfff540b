"""Stored DVC objects, and what each commit tracks."""

from django.db import models
from django.db.models import Q

from ropewalk.accounts.models import User
from ropewalk.core.models import Job
from ropewalk.core.scoping import ProjectScopedManager
from ropewalk.core.sealing import SealedField
from ropewalk.data.remotes import REMOTE_PURPOSE
from ropewalk.data.scrub import Scrub as Scrub
from ropewalk.projects.models import Project


class ObjectKind(models.TextChoices):
    """The two layouts of a DVC remote, each with files and lists of folders."""

    FILE = "file"
    DIR = "dir"
    LEGACY = "legacy"
    LEGACY_DIR = "legacy_dir"


class StoredObject(models.Model):
    """An object whose bytes are whole, verified and in the store. The row is the truth: existence, reads and usage ask it alone.

    ``complete`` is false for a folder's list while a file that it names is missing; such an object is not visible, because DVC
    takes a visible list for the presence of all its files. ``sha256`` is of the bytes: md5 can be forged. It is empty, and the
    object not complete, when the bytes turned out to be lost or damaged (``services.scrubbing``). ``holder_id`` is the
    project below whose prefix the bytes lie, empty for this one's: a fork refers to its parent's bytes. It is a number and no
    foreign key, because bytes that somebody refers to outlive the project that brought them.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=10, choices=ObjectKind)
    oid = models.CharField(max_length=32)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    complete = models.BooleanField(default=True)
    holder_id = models.BigIntegerField(null=True, editable=False)
    created_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    created_at = models.DateTimeField()

    objects = ProjectScopedManager["StoredObject"]()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "kind", "oid"], name="stored_object_once")]
        indexes = [
            models.Index(fields=["project"], condition=Q(complete=False), name="stored_object_incomplete"),
            models.Index(fields=["project"], condition=Q(sha256=""), name="stored_object_damaged"),
            models.Index(
                fields=["holder_id", "kind", "oid"],
                condition=Q(holder_id__isnull=False),
                name="stored_object_by_holder",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.oid} of project {self.project_id}"


class DirEntry(models.Model):
    """A file of a folder's list; ``size`` only where the list says it (the file's own row knows it).

    The entries of a removed list stay: ``directory`` is then the number of its :class:`RemovedObject`.
    """

    # No constraints in the database: they would cost checks for each of a million entries, the list's row has one, and a list
    # that is removed and restored keeps its entries.
    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    directory = models.ForeignKey(
        StoredObject, on_delete=models.CASCADE, related_name="entries", db_index=False, db_constraint=False
    )
    relpath = models.TextField()
    oid = models.CharField(max_length=32)
    size = models.BigIntegerField(null=True)

    objects = ProjectScopedManager["DirEntry"]()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["directory", "relpath"], name="dir_entry_once")]
        indexes = [models.Index(fields=["project", "oid"], name="dir_entry_by_oid")]

    def __str__(self) -> str:
        return self.relpath


class MissingChild(models.Model):
    """A file that a folder's list names and that is not stored yet; the last one to arrive makes the list visible."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_index=False)
    directory = models.ForeignKey(StoredObject, on_delete=models.CASCADE, related_name="missing")
    kind = models.CharField(max_length=10, choices=ObjectKind)
    oid = models.CharField(max_length=32)

    objects = ProjectScopedManager["MissingChild"]()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "kind", "oid", "directory"], name="missing_child_once")
        ]

    def __str__(self) -> str:
        return f"{self.oid} for {self.directory_id}"


class RemovalSource(models.TextChoices):
    """By which way objects were removed."""

    CLIENT = "client"
    COLLECTION = "collection"


class Removal(models.Model):
    """What somebody removed within a short time: it can be restored whole until ``purge_started_at`` is set.

    The row goes with the restoration, or with the purge. ``objects_count`` and ``size`` (bytes) are what was removed; some of it
    may have been stored again since.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_index=False)
    source = models.CharField(max_length=10, choices=RemovalSource)
    removed_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    started_at = models.DateTimeField()
    last_at = models.DateTimeField()
    objects_count = models.BigIntegerField(default=0)
    size = models.BigIntegerField(default=0)
    restore_asked_at = models.DateTimeField(null=True)
    purge_started_at = models.DateTimeField(null=True)

    objects = ProjectScopedManager["Removal"]()

    class Meta:
        indexes = [
            models.Index(fields=["project", "-last_at"], name="removal_newest"),
            models.Index(fields=["last_at"], name="removal_oldest"),
        ]

    def __str__(self) -> str:
        return f"{self.objects_count} objects of project {self.project_id}"


class RemovedObject(models.Model):
    """An object that nobody sees any more and whose bytes are still there, kept for its restoration.

    ``id`` is the number that it had as a :class:`StoredObject` and gets back. The same object may have been stored again
    meanwhile, with a row of its own.
    """

    id = models.BigIntegerField(primary_key=True)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_index=False)
    removal = models.ForeignKey(Removal, on_delete=models.CASCADE, related_name="removed", db_index=False)
    kind = models.CharField(max_length=10, choices=ObjectKind)
    oid = models.CharField(max_length=32)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    holder_id = models.BigIntegerField(null=True, editable=False)
    created_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    created_at = models.DateTimeField()

    objects = ProjectScopedManager["RemovedObject"]()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "kind", "oid"], name="removed_object_once")]
        indexes = [
            models.Index(fields=["removal", "kind", "oid"], name="removed_object_by_removal"),
            models.Index(
                fields=["holder_id", "kind", "oid"],
                condition=Q(holder_id__isnull=False),
                name="removed_object_by_holder",
            ),
        ]

    def __str__(self) -> str:
        return f"removed {self.kind} {self.oid} of project {self.project_id}"


class Collection(models.Model):
    """A search for data that nobody needs, of which the project's newest is kept, and what it found.

    ``keep`` says whose data is needed (:class:`~ropewalk.data.removed.Keep`); what came less than ``grace_days`` before
    ``asked_at`` is kept, too. ``report`` is the JSON of a :class:`~ropewalk.data.removed.CollectionReport`, once there is one.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    keep = models.CharField(max_length=10)
    unreadable = models.CharField(max_length=10, default="stop")
    grace_days = models.PositiveIntegerField()
    asked_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False)
    asked_at = models.DateTimeField()
    report = models.JSONField(null=True)
    removal_id = models.BigIntegerField(null=True, editable=False)

    objects = ProjectScopedManager["Collection"]()

    def __str__(self) -> str:
        return f"collection {self.pk} of project {self.project_id}"


class UnneededObject(models.Model):
    """What a collection found, by the stored row's number: the same object stored anew is another one, and stays."""

    # No constraints in the database, as for entries of lists.
    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    collection = models.ForeignKey(
        Collection, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    object_id = models.BigIntegerField()
    kind = models.CharField(max_length=10, choices=ObjectKind)
    oid = models.CharField(max_length=32)

    objects = ProjectScopedManager["UnneededObject"]()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "collection", "kind", "oid"], name="unneeded_object_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.oid} for collection {self.collection_id}"


class OutputSet(models.Model):
    """The outputs that one or more commits track; commits that track the same share the rows. Immutable."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_index=False)
    fingerprint = models.CharField(max_length=64)

    objects = ProjectScopedManager["OutputSet"]()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "fingerprint"], name="output_set_once")]

    def __str__(self) -> str:
        return self.fingerprint


class TrackedOutput(models.Model):
    """A path whose content DVC tracks: which hash, how large, which pointer file or stage says so.

    ``cached`` is false when the bytes are in git or nowhere (``cache: false``), so that the remote isn't expected to hold them.
    ``origin`` says where it was imported from (:class:`~ropewalk.data.origins.Origin`).
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_index=False)
    output_set = models.ForeignKey(
        OutputSet, on_delete=models.CASCADE, related_name="outputs", db_index=False
    )
    path = models.TextField()
    algorithm = models.CharField(max_length=16)
    oid = models.CharField(max_length=128)
    is_dir = models.BooleanField()
    size = models.BigIntegerField(null=True)
    nfiles = models.BigIntegerField(null=True)
    pointer = models.TextField()
    stage = models.TextField(blank=True)
    cached = models.BooleanField(default=True)
    origin = models.JSONField(null=True)

    objects = ProjectScopedManager["TrackedOutput"]()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["output_set", "path"], name="tracked_output_once")]
        indexes = [models.Index(fields=["project", "oid"], name="tracked_output_by_oid")]

    def __str__(self) -> str:
        return self.path


class RevisionIndex(models.Model):
    """What one commit tracks, computed once by one version of the runner. A broken file is a problem as a value.

    ``stages``, ``params``, ``metrics`` and ``problems`` are JSON as :mod:`ropewalk.data.types` describes it.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_index=False)
    commit_sha = models.CharField(max_length=40)
    version = models.PositiveIntegerField()
    output_set = models.ForeignKey(OutputSet, on_delete=models.RESTRICT, related_name="revisions")
    stages = models.JSONField(default=list)
    params = models.JSONField(default=dict)
    metrics = models.JSONField(default=dict)
    problems = models.JSONField(default=list)
    author = models.TextField(blank=True)
    subject = models.TextField(blank=True)
    committed_at = models.DateTimeField()
    created_at = models.DateTimeField()

    objects = ProjectScopedManager["RevisionIndex"]()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "commit_sha", "version"], name="revision_index_once")
        ]
        indexes = [models.Index(fields=["version", "project"], name="revision_index_by_version")]

    def __str__(self) -> str:
        return f"{self.commit_sha[:8]} of project {self.project_id}"


class RemoteFetch(models.Model):
    """From which other remote a project's DVC data is fetched, and what came of it so far.

    ``url``, ``endpoint`` and ``region`` are as a DVC remote has them, without secrets. ``scope`` says which commits' data is
    wanted (:class:`~ropewalk.data.types.FetchScope`). ``report`` is the JSON of a :class:`~ropewalk.data.types.FetchReport`.
    """

    project = models.OneToOneField(Project, on_delete=models.CASCADE, related_name="+")
    url = models.CharField(max_length=2000)
    endpoint = models.CharField(max_length=2000, blank=True)
    region = models.CharField(max_length=40, blank=True)
    scope = models.CharField(max_length=10)
    sign_in = SealedField(purpose=REMOTE_PURPOSE)
    report = models.JSONField(default=dict)
    updated_at = models.DateTimeField(auto_now=True)

    objects = ProjectScopedManager["RemoteFetch"]()

    def __str__(self) -> str:
        return f"{self.url} for project {self.project_id}"


class FilePreview(models.Model):
    """What a worker made of one file's content for a page to show; the row is there from the moment somebody asks.

    ``kind`` says for which viewer, ``options`` how (a table's order). The document is in the object store under ``key``, which is
    empty until then. Never shared between projects: knowing a hash must not give the content.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_index=False)
    content_hash = models.CharField(max_length=160)
    kind = models.CharField(max_length=16)
    options = models.CharField(max_length=64, blank=True)
    version = models.PositiveIntegerField()
    key = models.CharField(max_length=300, blank=True)
    size = models.BigIntegerField(default=0)
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()

    objects = ProjectScopedManager["FilePreview"]()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "content_hash", "kind", "options", "version"], name="file_preview_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} preview of {self.content_hash}"


class ContentDiff(models.Model):
    """What a worker found to differ between two files' contents; the row is there from the moment somebody asks.

    ``old_hash`` and ``new_hash`` are content hashes, empty for a side that is nothing; ``kind`` says how they are compared,
    ``options`` with which choice (a table's key). The document is in the object store under ``key``, which is empty until then.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_index=False)
    old_hash = models.CharField(max_length=160, blank=True)
    new_hash = models.CharField(max_length=160, blank=True)
    kind = models.CharField(max_length=16)
    options = models.CharField(max_length=300, blank=True)
    version = models.PositiveIntegerField()
    key = models.CharField(max_length=300, blank=True)
    size = models.BigIntegerField(default=0)
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()

    objects = ProjectScopedManager["ContentDiff"]()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "old_hash", "new_hash", "kind", "options", "version"],
                name="content_diff_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} diff of {self.old_hash or 'nothing'} and {self.new_hash or 'nothing'}"
