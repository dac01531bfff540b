"""Paths that a repository's files name, joined inside the repository and never outside."""

import re

MAX_PATH_BYTES = 1024
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|[A-Za-z]:[\\/]")


def folder_of(path: str) -> str:
    """The folder of a file's path; empty at the top."""
    return path.rpartition("/")[0]


def inside(folder: str, *parts: str) -> str | None:
    """``parts`` joined below ``folder``, normalised; None when that leaves the repository, is a URL, or is too long."""
    names = [name for name in folder.split("/") if name]
    for part in parts:
        if part.startswith("/") or _SCHEME.match(part) or "\0" in part:
            return None
        for name in part.replace("\\", "/").split("/"):
            if name == "..":
                if not names:
                    return None
                names.pop()
            elif name not in {"", "."}:
                names.append(name)
    path = "/".join(names)
    return path if path and len(path.encode("utf-8", "replace")) <= MAX_PATH_BYTES else None
