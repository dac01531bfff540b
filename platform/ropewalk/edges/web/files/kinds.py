"""Which viewer shows a file, decided by its name; and the content types that its bytes may have in a browser."""

import mimetypes

IMAGES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".svg": "image/svg+xml",
    ".avif": "image/avif",
    ".bmp": "image/bmp",
    ".ico": "image/x-icon",
}
AUDIO = {
    ".mp3": "audio/mpeg",
    ".wav": "audio/wav",
    ".ogg": "audio/ogg",
    ".oga": "audio/ogg",
    ".opus": "audio/ogg",
    ".flac": "audio/flac",
    ".m4a": "audio/mp4",
    ".aac": "audio/aac",
}
VIDEO = {
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".webm": "video/webm",
    ".ogv": "video/ogg",
    ".mov": "video/quicktime",
}
_TEXT = {
    "application/json",
    "application/x-yaml",
    "application/yaml",
    "application/xml",
    "application/javascript",
}
_VIEWERS = {
    **dict.fromkeys(IMAGES, "image"),
    **dict.fromkeys(AUDIO, "audio"),
    **dict.fromkeys(VIDEO, "video"),
    **dict.fromkeys((".md", ".markdown", ".mdown"), "markdown"),
    **dict.fromkeys((".rst", ".rest"), "rst"),
    **dict.fromkeys((".csv", ".tsv", ".tab", ".parquet", ".pq", ".jsonl", ".ndjson"), "table"),
    **dict.fromkeys((".json", ".geojson", ".yaml", ".yml", ".dvc"), "tree"),
    **dict.fromkeys((".safetensors", ".onnx", ".pkl", ".pickle", ".joblib", ".pt", ".pth", ".ckpt"), "model"),
    **dict.fromkeys((".h5", ".hdf5", ".keras", ".npy", ".npz", ".gguf"), "model"),
    **dict.fromkeys((".zip", ".whl", ".jar", ".egg", ".tar", ".tgz", ".tbz2", ".txz"), "archive"),
    ".ipynb": "notebook",
    ".pdf": "pdf",
}
_TEXT_TABLES = (".csv", ".tsv", ".tab", ".jsonl", ".ndjson")
_PACKED_TABLES = tuple(table + packed for table in _TEXT_TABLES for packed in (".gz", ".zst", ".bz2"))
_PACKED_ARCHIVES = (".tar.gz", ".tar.bz2", ".tar.xz", ".tar.zst")
_NAMES = {"dvc.lock": "tree", "readme": "text"}
_TEXTUAL = {"markdown", "rst", "notebook", "table", "tree", "text"}


def suffix_of(path: str) -> str:
    """The last suffix in small letters, with its dot; empty without one."""
    dot = path.rfind(".")
    return path[dot:].lower() if dot > path.rfind("/") else ""


def viewer_of(path: str) -> str:
    """``text`` unless the name promises something that is shown in another way."""
    name = path.rpartition("/")[2].lower()
    if name.endswith(_PACKED_TABLES):
        return "table"
    if name.endswith(_PACKED_ARCHIVES):
        return "archive"
    return _NAMES.get(name) or _VIEWERS.get(suffix_of(path), "text")


def has_source(path: str) -> bool:
    """Whether a file of this name can be shown as lines of text, too."""
    packed = (".parquet", ".pq", ".gz", ".zst", ".bz2")
    return suffix_of(path) == ".svg" or (viewer_of(path) in _TEXTUAL and not path.lower().endswith(packed))


def content_type(path: str) -> tuple[str, bool]:
    """A type that is safe to send from our origin, and whether a browser may show it. Markup and scripts become plain text."""
    suffix = suffix_of(path)
    media = IMAGES.get(suffix) or AUDIO.get(suffix) or VIDEO.get(suffix)
    if media:
        return media, True
    guessed = mimetypes.guess_type(path.rpartition("/")[2])[0] or "text/plain"
    if guessed.startswith("text/") or guessed in _TEXT:
        return "text/plain; charset=utf-8", True
    return "application/octet-stream", False
