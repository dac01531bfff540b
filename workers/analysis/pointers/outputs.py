"""One output or dependency, as ``.dvc`` files and ``dvc.lock`` write them."""

import re
from dataclasses import dataclass
from typing import Any

from workers.analysis.pointers.paths import inside

_ALGORITHMS = ("md5", "etag", "checksum")
_MOST = 1 << 62
MAX_PATH = 2000  # characters of an import's address or path
_WEB = re.compile(r"(https?://)(?:[^/?#]*@)?", re.IGNORECASE)
_PASSWORD = re.compile(r"\A([a-z][a-z0-9+.-]*://[^/?#@:]*):[^/?#]*@", re.IGNORECASE)


@dataclass(frozen=True)
class Origin:
    """Where an import came from: ``kind`` is ``repo`` (``dvc import``) or ``url`` (``dvc import-url``), ``rev`` a commit.

    ``url`` is without a password and, of a web address, without a name, query or fragment: any of them may be a secret.
    """

    kind: str
    url: str
    path: str = ""
    rev: str = ""


@dataclass(frozen=True)
class Output:
    """A tracked path: ``algorithm`` is ``md5`` (DVC 3), ``md5-dos2unix`` (before) or another; ``oid`` is without ``.dir``.

    ``size`` is in bytes; None where the pointer does not say it. ``cached``: the DVC remote is expected to hold it.
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
    origin: Origin | None = None


def hash_of(item: dict[str, Any]) -> tuple[str, str]:
    """``(algorithm, hash)`` of an entry; both empty when it has none yet.

    ``hash: md5`` marks DVC 3's plain md5; without it an ``md5`` is older DVC's, which changes line ends in text.
    """
    for name in _ALGORITHMS:
        value = item.get(name)
        if isinstance(value, str) and 0 < len(value) <= 128:
            if name == "md5" and item.get("hash") != "md5":
                return "md5-dos2unix", value
            return name, value
    return "", ""


def number(value: Any) -> int | None:
    """A size or count, if it is one."""
    return value if type(value) is int and 0 <= value < _MOST else None


def read_output(item: Any, *, pointer: str, folder: str, wdir: str, stage: str = "") -> Output | str | None:
    """An ``outs`` entry. A text says what is wrong with it; None is an output that has no hash yet (never committed)."""
    if not isinstance(item, dict) or not isinstance(item.get("path"), str):
        return "An output has no path."
    path = inside(folder, wdir, item["path"])
    if path is None:
        return f"The output “{item['path'][:200]}” lies outside the repository."
    if item.get("files") is not None or item.get("cloud") is not None:
        return f"The output “{path}” is versioned by a cloud, not by DVC's remote."
    algorithm, value = hash_of(item)
    if not value:
        return None
    return Output(
        path=path,
        algorithm=algorithm,
        oid=value.removesuffix(".dir"),
        is_dir=value.endswith(".dir"),
        size=number(item.get("size")),
        nfiles=number(item.get("nfiles")),
        pointer=pointer,
        stage=stage,
        cached=item.get("cache") is not False and item.get("push") is not False,
    )


def read_origin(top: dict[str, Any]) -> Origin | None:
    """Where the output of a ``.dvc`` file was imported from. As in DVC, an import has no command, one dependency, one output."""
    deps, outs = top.get("deps"), top.get("outs")
    if (
        top.get("cmd")
        or not isinstance(deps, list)
        or not isinstance(outs, list)
        or len(deps) != 1
        or len(outs) != 1
    ):
        return None
    dep = deps[0]
    if not isinstance(dep, dict) or dep.get("db") is not None:
        return None
    path, repo = _text(dep.get("path"), MAX_PATH), dep.get("repo")
    if repo is None:
        return Origin("url", _shown(path)) if path else None
    url = _text(repo.get("url"), MAX_PATH) if isinstance(repo, dict) else ""
    if not url:
        return None
    return Origin("repo", _shown(url), path, _text(repo.get("rev_lock") or repo.get("rev"), 200))


def _text(value: Any, most: int) -> str:
    return value[:most] if isinstance(value, str) else ""


def _shown(url: str) -> str:
    if _WEB.match(url):
        return _WEB.sub(r"\1", url).partition("?")[0].partition("#")[0]
    return _PASSWORD.sub(r"\1@", url)


def read_dependency(item: Any, *, folder: str, wdir: str) -> dict[str, Any] | None:
    """A ``deps`` entry as a stage shows it; None for one outside the repository (an import, a URL)."""
    if not isinstance(item, dict) or not isinstance(item.get("path"), str):
        return None
    path = inside(folder, wdir, item["path"])
    if path is None or item.get("repo") is not None:
        return None
    algorithm, value = hash_of(item)
    return {"path": path, "algorithm": algorithm, "oid": value, "size": number(item.get("size"))}
