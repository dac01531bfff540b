"""The orders of a gallery in words, and what is said of one file."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ropewalk.edges.web.templatetags.formats import duration, number, percent, size


@dataclass(frozen=True)
class Order:
    """``name`` stands in the address, ``key`` names it in the gallery, ``fact`` is what is then said of each file."""

    name: str
    words: str
    key: str
    backwards: bool = False
    fact: str = ""


_FIRST, _ALIKE, _BROKEN = (
    Order("", "by name", "path"),
    Order("alike", "which look alike", "alike"),
    Order("broken", "which can't be read", "broken"),
)


def _both(key: str, most: tuple[str, str], least: tuple[str, str], fact: str = "") -> tuple[Order, Order]:
    return Order(*most, key, True, fact or key), Order(*least, key, False, fact or key)


ORDERS: dict[str, tuple[Order, ...]] = {
    "image": (
        _FIRST,
        *_both("megapixels", ("largest", "largest first"), ("smallest", "smallest first")),
        *_both("brightness", ("brightest", "brightest first"), ("darkest", "darkest first")),
        *_both("contrast", ("contrast", "most contrast first"), ("flattest", "least contrast first")),
        *_both("sharpness", ("sharpest", "sharpest first"), ("blurriest", "least sharp first")),
        *_both("colourfulness", ("colourful", "most colourful first"), ("grey", "least colourful first")),
        Order("heaviest", "most bytes first", "bytes", True, "bytes"),
        _ALIKE,
        _BROKEN,
    ),
    "audio": (
        _FIRST,
        *_both("duration", ("longest", "longest first"), ("shortest", "shortest first")),
        *_both("loudness", ("loudest", "loudest first"), ("quietest", "quietest first")),
        Order("silent", "most silence first", "silence", True, "silence"),
        Order("heaviest", "most bytes first", "bytes", True, "bytes"),
        _ALIKE,
        _BROKEN,
    ),
    "text": (
        _FIRST,
        *_both("words", ("longest", "most words first"), ("shortest", "fewest words first")),
        Order("letters", "least letters first", "non_letters", True, "non_letters"),
        Order("faults", "most encoding faults first", "encoding_faults", True, "encoding_faults"),
        _ALIKE,
        _BROKEN,
    ),
}


def said(kind: str, record: Mapping[str, Any], order: Order) -> str:
    """A line about one file, with the fact by which it is sorted."""
    parts = [_BASICS[kind](record)]
    value = record.get(order.fact)
    if value is not None and order.fact not in _IN_BASICS:
        word = _FACTS.get(order.fact)
        parts.append(word(value) if word else f"{order.fact} {number(value)}")
    return ", ".join(part for part in parts if part)


def _image(record: Mapping[str, Any]) -> str:
    return f"{record['width']} × {record['height']}" if "width" in record and "height" in record else ""


def _sound(record: Mapping[str, Any]) -> str:
    if "duration" not in record:
        return ""
    length = duration(round(record["duration"] * 1000))
    channels = {1: "mono", 2: "stereo"}.get(record.get("channels", 0), f"{record.get('channels')} channels")
    return f"{length}, {number(record['sample_rate'] / 1000)} kHz, {channels}, {record['format']}"


def _text(record: Mapping[str, Any]) -> str:
    words = record.get("words")
    return "" if words is None else f"{number(words)} word{'' if words == 1 else 's'}"


_BASICS = {"image": _image, "audio": _sound, "text": _text}
_IN_BASICS = {"megapixels", "duration", "words", ""}
_FACTS: dict[str, Callable[[Any], str]] = {
    "bytes": size,
    "loudness": lambda value: f"{number(value)} dBFS".replace("-", "−"),
    "silence": lambda value: f"{percent(value)} silence",
    "non_letters": lambda value: f"{percent(value)} no letters",
    "encoding_faults": lambda value: f"{number(value)} fault{'' if value == 1 else 's'}",
}
