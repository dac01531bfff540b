"""Two versions of an image: their facts, the share of pixels that differ, and a picture of where.

Images are hostile: formats are named, pixels are bounded before anything is decoded, and only the first frame is looked at.
"""

import base64
import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from workers.analysis.contents import Document, Side
from workers.analysis.errors import AnalysisError

MOST_PIXELS = 25_000_000
VISIBLE = 16  # of 255: a difference that an eye may notice
_FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "AVIF", "BMP", "ICO", "TIFF")
_IN_BROWSERS = frozenset(_FORMATS) - {"TIFF"}
_DEEP = ("I", "F")  # modes with more than 8 bits a channel begin so
_LONGEST_SIDE = 1200
_STRIP = 1 << 20  # pixels compared at a time
_CHANGED = np.array([214, 30, 90], np.uint8)


def image_diff(old: Side | None, new: Side | None) -> Document:
    """{old, new: facts or None, pixels or None, difference: an address with data, notes}. Raises :class:`AnalysisError`.

    ``pixels`` is {total, different, visible, largest, box}: how many differ at all, how many by more than :data:`VISIBLE`, the
    largest difference of a channel (0..255), and the smallest rectangle (x, y, width, height) that holds them all.
    """
    before, after = (_opened(side) if side else None for side in (old, new))
    document: Document = {
        "old": _facts(old, before),
        "new": _facts(new, after),
        "pixels": None,
        "difference": "",
        "notes": [],
    }
    known = [image for image in (before, after) if image is not None]
    if any(image.width * image.height > MOST_PIXELS for image in known):
        document["notes"].append(
            f"An image has more than {MOST_PIXELS // 1_000_000} million pixels: they are not compared."
        )
        return document
    for key, image in (("old", before), ("new", after)):
        if image is not None and image.format not in _IN_BROWSERS:
            document[key]["view"] = _picture(_shrunk(_shown(image)))
    if before is not None and after is not None:
        _compare(before, after, document)
    return document


def _opened(side: Side) -> Image.Image:
    with _explaining(side.name):
        return Image.open(side.path, formats=_FORMATS)


@contextmanager
def _explaining(name: str) -> Iterator[None]:
    """Turn Pillow's many exceptions for broken files into one for the user."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # bounded by MOST_PIXELS
        try:
            yield
        except MemoryError:
            raise
        except UnidentifiedImageError as error:
            raise AnalysisError("unknown_image", f"“{name}” is not an image that can be read.") from error
        except Image.DecompressionBombError as error:
            raise AnalysisError(
                "too_many_pixels", f"“{name}” has more than {MOST_PIXELS // 1_000_000} million pixels."
            ) from error
        except (OSError, ValueError, SyntaxError, EOFError, IndexError) as error:
            raise AnalysisError("damaged_image", f"“{name}” is damaged and can't be compared.") from error


def _facts(side: Side | None, image: Image.Image | None) -> dict[str, Any] | None:
    if side is None or image is None:
        return None
    with _explaining(side.name):
        turned = image.getexif().get(0x0112, 1) in {5, 6, 7, 8}
        width, height = (image.height, image.width) if turned else image.size
        return {
            "format": str(image.format),
            "width": width,
            "height": height,
            "mode": image.mode,
            "animated": bool(getattr(image, "is_animated", False)),
            "bytes": side.size,
            "view": "",
        }


def _compare(before: Image.Image, after: Image.Image, document: Document) -> None:
    notes = document["notes"]
    if document["old"]["animated"] or document["new"]["animated"]:
        notes.append("Only the first frames are compared.")
    old, new = _pixels(before), _pixels(after)
    if old.shape[:2] != new.shape[:2]:
        notes.append("The sizes differ, so single pixels are not compared.")
        return
    if old.shape != new.shape:  # one with deep channels, the other without
        old, new = (_pixels(image, shallow=True) for image in (before, after))
    strength, pixels = _differences(old, new)
    document["pixels"] = pixels
    if pixels["different"]:
        document["difference"] = _picture(_map_of(strength, after))


def _pixels(image: Image.Image, *, shallow: bool = False) -> np.ndarray[Any, Any]:
    """Rows × columns × channels: RGBA, with nothing where it is transparent; one channel where it has more than 8 bits."""
    with _explaining("The image"):
        turned = ImageOps.exif_transpose(image)
        if turned.mode.startswith(_DEEP) and not shallow:
            return np.asarray(turned, np.float32)[:, :, None]
        pixels = np.array(turned.convert("RGBA"))
    pixels[pixels[:, :, 3] == 0] = 0
    return pixels


def _differences(
    old: np.ndarray[Any, Any], new: np.ndarray[Any, Any]
) -> tuple[np.ndarray[Any, Any], dict[str, Any]]:
    """How strongly each pixel differs (0 to 255), and what is counted of it."""
    height, width = old.shape[:2]
    strength = np.zeros((height, width), np.uint8)
    scale = 1.0
    if old.dtype == np.float32:
        span = max(float(np.nanmax(old)), float(np.nanmax(new))) - min(
            float(np.nanmin(old)), float(np.nanmin(new))
        )
        scale = 255.0 / span if np.isfinite(span) and span > 0 else 1.0
    rows = max(1, _STRIP // max(width, 1))
    for start in range(0, height, rows):
        part, other = (
            old[start : start + rows].astype(np.float32),
            new[start : start + rows].astype(np.float32),
        )
        unequal = ((part != other) & ~(np.isnan(part) & np.isnan(other))).any(axis=2)
        distance = np.nan_to_num(np.abs(part - other).max(axis=2), nan=255.0, posinf=255.0) * scale
        # what differs at all is never zero
        strength[start : start + rows] = np.where(unequal, np.clip(distance, 1, 255), 0).astype(np.uint8)
    down, across = np.flatnonzero(strength.any(axis=1)), np.flatnonzero(strength.any(axis=0))
    box = (
        [int(across[0]), int(down[0]), int(across[-1] - across[0] + 1), int(down[-1] - down[0] + 1)]
        if len(down)
        else None
    )
    return strength, {
        "total": height * width,
        "different": int(np.count_nonzero(strength)),
        "visible": int(np.count_nonzero(strength > VISIBLE)),
        "largest": int(strength.max(initial=0)),
        "box": box,
    }


def _map_of(strength: np.ndarray[Any, Any], after: Image.Image) -> Image.Image:
    """The new image, faint and grey, with what differs in colour; a single pixel stays visible when it is made smaller."""
    height, width = strength.shape
    step = -(-max(height, width) // _LONGEST_SIDE)
    padded = np.pad(strength, ((0, -height % step), (0, -width % step)))
    small = padded.reshape(padded.shape[0] // step, step, padded.shape[1] // step, step).max(axis=(1, 3))
    grey = _shown(after).convert("L").resize((small.shape[1], small.shape[0]), Image.Resampling.BOX)
    faint = 190 + np.asarray(grey, np.float32) * (60 / 255)
    colours = np.repeat(faint[:, :, None], 3, axis=2).astype(np.uint8)
    weight = np.where(small > 0, 0.45 + 0.55 * np.minimum(small / 96.0, 1.0), 0.0)[:, :, None]
    return Image.fromarray((colours * (1 - weight) + _CHANGED * weight).astype(np.uint8), "RGB")


def _shown(image: Image.Image) -> Image.Image:
    """With 8 bits a channel, on white where it is transparent."""
    with _explaining("The image"):
        turned = ImageOps.exif_transpose(image)
        if turned.mode.startswith(_DEEP):
            values = np.nan_to_num(np.asarray(turned, np.float32))
            low, span = float(values.min()), float(values.max() - values.min())
            return Image.fromarray(((values - low) * (255.0 / (span or 1.0))).astype(np.uint8), "L")
        rgba = turned.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba).convert("RGB")


def _shrunk(image: Image.Image) -> Image.Image:
    image.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
    return image


def _picture(image: Image.Image) -> str:
    """An image as an address with data, for a page."""
    sink = io.BytesIO()
    image.save(sink, "WEBP", quality=85, method=4)
    return f"data:image/webp;base64,{base64.b64encode(sink.getvalue()).decode()}"
