"""The address of an object in a DVC remote: its layout, hash and whether it lists a folder.

``files/md5/ab/cdef…`` is DVC 3's layout; ``ab/cdef…`` is older DVC's, whose hash may be ``md5-dos2unix``. ``.dir`` at the end
marks the list of a folder's files. Source: contracts of DVC's HTTP remote (dvc-data 3.18, ``HashFileDB.oid_to_path``).
"""

import re
from dataclasses import dataclass

_PATH = re.compile(r"(?P<new>files/md5/)?(?P<head>[0-9a-f]{2})/(?P<tail>[0-9a-f]{30})(?P<dir>\.dir)?\Z")
_OID = re.compile(r"[0-9a-f]{32}\Z")

MD5 = "md5"
LEGACY_MD5 = "md5-dos2unix"


@dataclass(frozen=True)
class ObjectAddress:
    """One object: ``oid`` is 32 hexadecimal digits without ``.dir``."""

    oid: str
    is_dir: bool = False
    legacy: bool = False

    @property
    def kind(self) -> str:
        """The stored row's kind: ``file``, ``dir``, ``legacy`` or ``legacy_dir``."""
        if self.legacy:
            return "legacy_dir" if self.is_dir else "legacy"
        return "dir" if self.is_dir else "file"

    @property
    def child_kind(self) -> str:
        """The kind of the files that a folder's list names."""
        return "legacy" if self.legacy else "file"

    @property
    def name(self) -> str:
        """The hash as DVC writes it, ``.dir`` included."""
        return f"{self.oid}.dir" if self.is_dir else self.oid

    def key(self, project_id: int) -> str:
        """Where its bytes lie in the object store."""
        layout = "legacy" if self.legacy else "files/md5"
        return f"p/{project_id}/dvc/{layout}/{self.oid[:2]}/{self.oid[2:]}{'.dir' if self.is_dir else ''}"


def address_of(kind: str, oid: str) -> ObjectAddress:
    """The object of a stored row's kind and hash."""
    return ObjectAddress(oid, is_dir=kind.endswith("dir"), legacy=kind.startswith("legacy"))


def parse_path(path: str) -> ObjectAddress | None:
    """The object that a path below the remote's root names; None for anything else."""
    found = _PATH.match(path)
    if not found:
        return None
    return ObjectAddress(found["head"] + found["tail"], is_dir=bool(found["dir"]), legacy=not found["new"])


def parse_oid(algorithm: str, value: str) -> ObjectAddress | None:
    """The object that a pointer's hash names (``.dir`` at its end for a folder); None for one that no remote of ours holds."""
    oid = value.removesuffix(".dir")
    if algorithm not in {MD5, LEGACY_MD5} or not _OID.match(oid):
        return None
    return ObjectAddress(oid, is_dir=value.endswith(".dir"), legacy=algorithm == LEGACY_MD5)
