"""What a file's place and name say of it: its kind, its class, its split."""

from collections import Counter
from collections.abc import Mapping
from pathlib import PurePosixPath

IMAGE, AUDIO, TEXT = "image", "audio", "text"
_SUFFIXES = {
    **dict.fromkeys(
        (".png", ".jpg", ".jpeg", ".jpe", ".gif", ".webp", ".avif", ".bmp", ".tif", ".tiff"), IMAGE
    ),
    **dict.fromkeys((".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".au"), AUDIO),
    **dict.fromkeys((".m4a", ".aac"), AUDIO),
    **dict.fromkeys((".txt", ".text", ".md", ".rst"), TEXT),
}
_SPLITS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev"), "val"),
    **dict.fromkeys(("test", "testing", "eval"), "test"),
}


def media_kind(name: str) -> str:
    """The kind that a file's name promises; empty for none that is measured."""
    return _SUFFIXES.get(PurePosixPath(name.lower()).suffix, "")


def extension(path: str) -> str:
    """The last suffix in small letters without its dot; empty without one."""
    return PurePosixPath(path.lower()).suffix.lstrip(".")


def split_of(path: str) -> str | None:
    """``train``, ``val`` or ``test`` when a folder on the way to the file says so; the first that does."""
    return next((_SPLITS[part] for part in path.lower().split("/")[:-1] if part in _SPLITS), None)


def class_of(path: str) -> str | None:
    """The name of the file's folder (the convention of ImageFolder); None at the top and in a folder that names a split."""
    parts = path.split("/")
    return parts[-2] if len(parts) > 1 and parts[-2].lower() not in _SPLITS else None


def leading_kind(counts: Mapping[str, int]) -> str:
    """What a folder is a folder of, by how many files of each kind (and of ``table``) there are; empty for nothing measurable.

    Images or sounds lead where there are more of them than tables and not far fewer than texts, which often describe them.
    Texts lead only where nothing else is: beside data they explain it.
    """
    kind, most = max(((one, counts.get(one, 0)) for one in (IMAGE, AUDIO)), key=lambda pair: pair[1])
    tables, texts = counts.get("table", 0), counts.get(TEXT, 0)
    if most > tables and 2 * most >= texts:
        return kind
    if tables:
        return "table"
    if texts > most:
        return TEXT
    return kind if most else ""


def kinds_among(paths: list[str]) -> Counter[str]:
    """How many of the paths promise each kind."""
    return Counter(kind for kind in map(media_kind, paths) if kind)
