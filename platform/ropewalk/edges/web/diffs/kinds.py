"""What a changed file is, by its name: it decides in which part of the page it stands and how its change is shown."""

import re

from ropewalk.edges.web.files.kinds import viewer_of
from ropewalk.repos.types import ChangedFile

_IMAGE = re.compile(r"\.(png|jpe?g|gif|webp|bmp|avif|ico|svg|tiff?)$", re.IGNORECASE)
_TABLE = re.compile(
    r"\.(csv|tsv|tab)(\.(gz|zst|bz2))?$|\.(parquet|pq)$|\.(jsonl|ndjson)(\.gz)?$", re.IGNORECASE
)
_PLAYED = {"audio", "video", "pdf"}
_MINIFIED = re.compile(r"[.-]min\.(js|css|mjs)$|\.(js|css)\.map$", re.IGNORECASE)
_LOCKS = {
    "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "uv.lock", "poetry.lock", "pdm.lock",
    "pipfile.lock", "pixi.lock", "conda-lock.yml", "cargo.lock", "go.sum", "composer.lock", "gemfile.lock", "flake.lock",
    "mix.lock", "pubspec.lock", "dvc.lock", ".terraform.lock.hcl",
}  # fmt: skip


def kind_of(path: str) -> str:
    """``notebook``, ``image``, ``table``, ``media`` (what is played or paged through) or ``code``."""
    if path.lower().endswith(".ipynb"):
        return "notebook"
    if _IMAGE.search(path):
        return "image"
    if _TABLE.search(path):
        return "table"
    return "media" if played(path) else "code"


def played(path: str) -> str:
    """``audio``, ``video`` or ``pdf`` where a browser shows it as one of these; else empty."""
    viewer = viewer_of(path)
    return viewer if viewer in _PLAYED else ""


def is_svg(path: str) -> bool:
    """Whether it is an image that is also text."""
    return path.lower().endswith(".svg")


def is_text(path: str) -> bool:
    """Whether a notebook, image or table of this name is lines of text, too."""
    return bool(re.search(r"\.(ipynb|svg|csv|tsv|tab|jsonl|ndjson)$", path, re.IGNORECASE))


def generated_by_name(path: str) -> bool:
    """Whether a program wrote it, as far as its name tells: lock files and minified code."""
    return path.rpartition("/")[2].lower() in _LOCKS or bool(_MINIFIED.search(path))


def is_pointer(file: ChangedFile) -> bool:
    """Whether it is DVC's pointer to data, whose change is shown as that of the data."""
    return file.path.endswith(".dvc")
