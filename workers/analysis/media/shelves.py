"""The orders in which a gallery shows a folder's files, and what it says of each."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from workers.analysis.media.folder import MediaFolder
from workers.analysis.media.kinds import AUDIO, IMAGE, TEXT

MOST_CLASSES = 500
_SORTED_BY = {
    IMAGE: ("megapixels", "bytes", "brightness", "contrast", "sharpness", "colourfulness"),
    AUDIO: ("duration", "bytes", "loudness", "silence"),
    TEXT: ("words", "characters", "non_letters", "encoding_faults"),
}
_SAID = {
    IMAGE: ("format", "width", "height", "mode"),
    AUDIO: ("format", "codec", "sample_rate", "channels"),
    TEXT: ("lines", "beginning"),
}


@dataclass(frozen=True)
class Shelf:
    """One order: the files' places, as little-endian 32-bit numbers, over all and then class by class (``starts`` + the end)."""

    count: int
    order: bytes
    by_class: bytes
    starts: list[int]


@dataclass(frozen=True)
class Shelves:
    """``records`` in the order of paths; ``classes`` by how many files they have, [name, files]."""

    records: list[dict[str, Any]]
    classes: list[tuple[str, int]]
    shelves: dict[str, Shelf]


def shelves_of(folder: MediaFolder) -> Shelves:
    """Every order by a property (ascending), ``path``, ``alike`` (group by group) and ``broken``."""
    counts: dict[str, int] = {}
    for row in folder.rows:
        if row.get("class"):
            counts[row["class"]] = counts.get(row["class"], 0) + 1
    classes = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST_CLASSES]
    numbers = {name: number for number, (name, _) in enumerate(classes)}
    of_class = np.array([numbers.get(row.get("class") or "", len(classes)) for row in folder.rows], np.int64)
    everything = np.arange(len(folder.rows))
    alike = np.flatnonzero(folder.groups)
    orders = {
        "path": everything,
        "alike": alike[np.argsort(folder.groups[alike], kind="stable")],
        "broken": np.array(folder.broken, np.int64),
    }
    for name in _SORTED_BY[folder.kind]:
        values = np.array([row.get(name, np.nan) for row in folder.rows], np.float64)
        known = np.flatnonzero(~np.isnan(values))
        orders[name] = known[np.argsort(values[known], kind="stable")]
    return Shelves(
        records=[_record(folder, place) for place in range(len(folder.rows))],
        classes=classes,
        shelves={name: _shelf(order, of_class, len(classes)) for name, order in orders.items()},
    )


def _shelf(order: Any, of_class: Any, classes: int) -> Shelf:
    mine = of_class[order]
    known = order[mine < classes]
    sorted_by_class = known[np.argsort(of_class[known], kind="stable")]
    starts = np.searchsorted(of_class[sorted_by_class], np.arange(classes + 1))
    return Shelf(
        len(order),
        order.astype("<u4").tobytes(),
        sorted_by_class.astype("<u4").tobytes(),
        starts.tolist(),
    )


def _record(folder: MediaFolder, place: int) -> dict[str, Any]:
    row = folder.rows[place]
    record: dict[str, Any] = {"path": folder.paths[place]}
    names = (*_SAID[folder.kind], *_SORTED_BY[folder.kind], "class", "split", "why")
    record |= {name: row[name] for name in names if row.get(name) is not None}
    if row.get("thumb_size"):
        record["thumb"] = [row["pack"], row["thumb_start"], row["thumb_size"]]
    if folder.groups[place]:
        record["group"] = int(folder.groups[place])
    return record
