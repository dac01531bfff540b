"""A folder of media files: its files' rows with what their paths say, as a profile and as facts for its page."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from workers.analysis.media.duplicates import Groups, grouped
from workers.analysis.media.kinds import AUDIO, IMAGE, TEXT, class_of, extension, split_of
from workers.analysis.profile import TableProfile

Row = dict[str, Any]
_NAMED = 100
_CLASSES = 40
_PLACE = {"class": pa.string(), "split": pa.string(), "extension": pa.string()}
_COLUMNS: dict[str, dict[str, pa.DataType]] = {
    IMAGE: {
        **_PLACE, "format": pa.string(), "width": pa.int64(), "height": pa.int64(), "aspect": pa.float64(),
        "megapixels": pa.float64(), "bytes": pa.int64(), "mode": pa.string(), "brightness": pa.float64(),
        "contrast": pa.float64(), "sharpness": pa.float64(), "colourfulness": pa.float64(),
        "orientation": pa.int64(), "year": pa.int64(),
    },
    AUDIO: {
        **_PLACE, "format": pa.string(), "codec": pa.string(), "duration": pa.float64(),
        "sample_rate": pa.int64(), "channels": pa.int64(), "bytes": pa.int64(), "loudness": pa.float64(),
        "peak": pa.float64(), "silence": pa.float64(),
    },
    TEXT: {
        **_PLACE, "bytes": pa.int64(), "characters": pa.int64(), "words": pa.int64(), "lines": pa.int64(),
        "word_length": pa.float64(), "non_letters": pa.float64(), "encoding_faults": pa.int64(),
    },
}  # fmt: skip


@dataclass(frozen=True)
class MediaFolder:
    """The readable and broken files of one kind, in the order of their paths.

    ``paths`` are relative to the folder; ``groups`` number the files that look alike (0: alone).
    """

    kind: str
    paths: Sequence[str]
    rows: Sequence[Row]
    groups: Groups

    @classmethod
    def of(cls, kind: str, rows: Mapping[str, Row]) -> "MediaFolder":
        """From path → row, in any order."""
        paths = sorted(rows)
        placed = [_placed(path, rows[path]) for path in paths]
        contents = [row["content"] for row in placed]
        looks = [None if "error" in row else row.get("look") for row in placed]
        return cls(kind, paths, placed, grouped(contents, looks, near=kind == IMAGE))

    @property
    def broken(self) -> list[int]:
        """The places of the files that could not be measured."""
        return [place for place, row in enumerate(self.rows) if "error" in row]

    def profile(self) -> TableProfile:
        """One row a file; a broken one has what is known of it. ``readable`` and ``duplicate`` are columns, so they can drift."""
        columns = {
            name: pa.array([row.get(name) for row in self.rows], data_type)
            for name, data_type in _COLUMNS[self.kind].items()
        }
        columns["readable"] = pa.array(["error" not in row for row in self.rows], pa.bool_())
        columns["duplicate"] = pa.array((self.groups > 0).tolist(), pa.bool_())
        profile = TableProfile.for_width(len(columns), sample=False)
        profile.add(pa.table(columns))
        profile.files = len(self.rows)
        return profile.settle()

    def facts(self) -> dict[str, Any]:
        """What the page says beside the columns.

        {kind, files, broken, broken_first [{path, why}], extensions [{name, files}], class_count, classes [{name, files}],
        smallest_class, alike {files, groups, across}}: ``across`` counts the files that look like one of another split.
        """
        broken = self.broken
        classes = Counter(row["class"] for row in self.rows if row.get("class"))
        return {
            "kind": self.kind,
            "files": len(self.rows),
            "broken": len(broken),
            "broken_first": [
                {"path": self.paths[place], "why": self.rows[place]["why"]} for place in broken[:_NAMED]
            ],
            "extensions": _counted(Counter(row["extension"] for row in self.rows), _CLASSES),
            "class_count": len(classes),
            "classes": _counted(classes, _CLASSES),
            "smallest_class": _counted(classes)[-1] if classes else None,
            "alike": {
                "files": int((self.groups > 0).sum()),
                "groups": int(self.groups.max(initial=0)),
                "across": self._across(),
            },
        }

    def _across(self) -> int:
        splits: dict[int, set[str]] = {}
        for row, group in zip(self.rows, self.groups.tolist(), strict=True):
            if group and row.get("split"):
                splits.setdefault(group, set()).add(row["split"])
        mixed = {group for group, found in splits.items() if len(found) > 1}
        return sum(group in mixed for group in self.groups.tolist())


def _placed(path: str, row: Row) -> Row:
    """A row with what its path says, and what follows from its facts."""
    placed = {**row, "class": class_of(path), "split": split_of(path), "extension": extension(path)}
    width, height = row.get("width"), row.get("height")
    if width and height:
        placed["aspect"], placed["megapixels"] = round(width / height, 4), round(width * height / 1e6, 6)
    return placed


def _counted(counts: Counter[str], limit: int | None = None) -> list[dict[str, Any]]:
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return [{"name": name, "files": files} for name, files in ordered[:limit]]
