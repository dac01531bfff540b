"""One image's properties and its thumbnail.

Images are hostile: formats are named, pixels and scans are bounded before anything is decoded, JPEGs are decoded at a fraction of
their size, and only the first frame is looked at.
"""

import io
import re
import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

MOST_BYTES = 64 << 20
MOST_PIXELS = 100_000_000
MOST_SCANS = 100  # of a progressive JPEG; each is a pass over all pixels, and cameras write about ten
MEASURED_SIDE = 512  # pixels: larger images are measured at this size, so that sharpness compares
THUMBNAIL_SIDE = 224
_FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "AVIF", "BMP", "TIFF")
_ORIENTATION, _EXIF, _TAKEN = 0x0112, 0x8769, 0x9003
_YEAR = re.compile(r"(19[89]\d|20\d\d):")
_DEEPEST = 65535.0

Row = dict[str, Any]
Grey = npt.NDArray[np.float32]


def measure_image(data: bytes) -> tuple[Row, bytes]:
    """The row of properties, and a WebP of at most 224 × 224 pixels (empty without one).

    ``error`` and ``why`` are set for what can't be measured; what its header says is there all the same. Never raises, but for
    MemoryError.
    """
    row: Row = {"bytes": len(data)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # bombs are bounded below; the rest is about metadata
        try:
            with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
                _header(image, row)
                if problem := _refusal(image, data):
                    return {**row, "error": problem[0], "why": problem[1]}, b""
                return row, _measure(image, row)
        except MemoryError:
            raise
        except UnidentifiedImageError:
            return {**row, "error": "unknown_image", "why": "It is not an image that can be read."}, b""
        except Image.DecompressionBombError:
            return {**row, **_too_large()}, b""
        except Exception as error:  # noqa: BLE001  # broken files make Pillow raise nearly anything
            return {**row, "error": "damaged_image", "why": f"It is damaged ({_short(error)})."}, b""


def _short(error: Exception) -> str:
    """Pillow's words without addresses and asides."""
    words = re.sub(r"<[^>]*>|\([^)]*\)", "", str(error))
    return re.sub(r"\s+", " ", words).strip(" .")[:80] or type(error).__name__


def _too_large() -> Row:
    return {
        "error": "too_many_pixels",
        "why": f"It has more than {MOST_PIXELS // 1_000_000} million pixels, the most that is decoded.",
    }


def _refusal(image: Image.Image, data: bytes) -> tuple[str, str] | None:
    if image.width * image.height > MOST_PIXELS:
        found = _too_large()
        return found["error"], found["why"]
    if image.format == "JPEG" and data.count(b"\xff\xda") > MOST_SCANS:
        return "too_many_scans", f"It is a JPEG of more than {MOST_SCANS} scans, the most that is decoded."
    return None


def _header(image: Image.Image, row: Row) -> None:
    row |= {"format": str(image.format), "mode": image.mode, "width": image.width, "height": image.height}
    try:
        exif = image.getexif()
        orientation = int(exif.get(_ORIENTATION, 1))
        taken = _YEAR.match(str(exif.get_ifd(_EXIF).get(_TAKEN, "")))
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001  # metadata that can't be read is no metadata
        return
    row["orientation"] = orientation if orientation in range(1, 9) else 1
    if row["orientation"] >= 5:  # lies on its side
        row["width"], row["height"] = image.height, image.width
    if taken:
        row["year"] = int(taken[1])


def _measure(image: Image.Image, row: Row) -> bytes:
    image.draft("RGB", (MEASURED_SIDE, MEASURED_SIDE))
    shown = _small(image)
    grey = np.asarray(shown.convert("L"), np.float32)
    row["brightness"] = round(float(grey.mean()) / 255, 4)
    row["contrast"] = round(float(grey.std()) / 255, 4)
    row["sharpness"] = round(_sharpness(grey), 3)
    row["colourfulness"] = round(_colourfulness(shown), 3)
    row["look"] = _look(shown)
    shown.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    sink = io.BytesIO()
    shown.save(sink, "WEBP", quality=78, method=2)
    return sink.getvalue()


def _small(image: Image.Image) -> Image.Image:
    """As it is shown, at most 512 pixels long, RGB, on white where it is transparent."""
    image.load()
    if image.mode.startswith(("I", "F")):
        image = _shallow(image)
    elif image.mode not in {"L", "RGB", "RGBA"}:
        image = image.convert("RGBA" if "transparency" in image.info or "A" in image.mode else "RGB")
    image.thumbnail((MEASURED_SIDE, MEASURED_SIDE), Image.Resampling.BOX, reducing_gap=None)
    turned = ImageOps.exif_transpose(image)
    if turned.mode == "RGBA":
        turned = Image.alpha_composite(Image.new("RGBA", turned.size, "white"), turned)
    return turned.convert("RGB")


def _shallow(image: Image.Image) -> Image.Image:
    """More than 8 bits a channel: 16 bits as they are, everything else by its own range."""
    step = max(1, -(-max(image.size) // (4 * MEASURED_SIDE)))
    exif = image.getexif()
    values = np.nan_to_num(np.asarray(image)[::step, ::step].astype(np.float64))
    low, span = (0.0, _DEEPEST) if image.mode.startswith("I;16") else (values.min(), np.ptp(values) or 1.0)
    shallow = Image.fromarray(np.clip((values - low) * (255 / span), 0, 255).astype(np.uint8), "L")
    shallow.getexif().update(dict(exif))
    return shallow


def _sharpness(grey: Grey) -> float:
    """Variance of the Laplacian (Pech-Pacheco et al. 2000)."""
    if min(grey.shape) < 3:
        return 0.0
    middle = grey[1:-1, 1:-1]
    edges = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * middle
    return float(edges.var())


def _colourfulness(shown: Image.Image) -> float:
    """Hasler & Süsstrunk 2003: 0 is grey, from about 80 on highly colourful."""
    red, green, blue = np.moveaxis(np.asarray(shown, np.float32), 2, 0)
    first, second = red - green, (red + green) / 2 - blue
    spread = np.hypot(float(first.std()), float(second.std()))
    return float(spread + 0.3 * np.hypot(float(first.mean()), float(second.mean())))


def _look(shown: Image.Image) -> int:
    """A difference hash: of 9 × 8 grey cells, which are darker than their right neighbour; 64 bits."""
    cells = np.asarray(shown.convert("L").resize((9, 8), Image.Resampling.BOX), np.int16)
    return int.from_bytes(np.packbits(cells[:, :-1] < cells[:, 1:]).tobytes(), "big")
