"""From what a document names to this project's addresses: relative to the document's folder, at the document's revision."""

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

if TYPE_CHECKING:
    from ropewalk.access.types import ProjectAccess
    from ropewalk.repos.types import Revision


def quoted(path: str) -> str:
    """A repository path for a URL: everything but the slashes is escaped."""
    return quote(path, safe="/")


@dataclass(frozen=True)
class Links:
    """Addresses of files and raw bytes, for the links and images of a document in ``folder``."""

    project: str
    revision: str
    folder: str = ""

    @classmethod
    def of(cls, access: "ProjectAccess", revision: "Revision", folder: str) -> "Links":
        """For a document in a folder of a revision."""
        return cls(access.project.path, revision.name, folder)

    def file_url(self, target: str) -> str:
        """The page of a file or folder."""
        return self._address("src", target)

    def raw_url(self, target: str) -> str:
        """The bytes of a file, from git or from DVC's store."""
        return self._address("raw", target)

    def _address(self, page: str, target: str) -> str:
        path, hash_mark, fragment = target.partition("#")
        path, mark, query = path.partition("?")
        whole = posixpath.join("/", self.folder, unquote(path))
        if path.startswith("/"):
            whole = unquote(path)
        inside = posixpath.normpath(whole).lstrip("/")  # ``..`` never leads above the root
        tail = (mark + query if page == "src" and query == "view=code" else "") + hash_mark + fragment
        return f"{self.project}/{page}/{quoted(self.revision)}/{quoted(inside)}".rstrip("/") + tail
