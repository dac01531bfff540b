"""What single images, sounds and texts are measured as, hostile ones included."""

import io
import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.fixtures import media
from workers.analysis.media.images import MOST_PIXELS, MOST_SCANS, measure_image
from workers.analysis.media.sounds import measure_sound
from workers.analysis.media.texts import measure_text


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    sink = io.BytesIO()
    image.save(sink, kind, **options)
    return sink.getvalue()


def test_an_image() -> None:
    row, thumbnail = measure_image(media.image(1, width=600, height=300))
    assert (row["format"], row["mode"], row["width"], row["height"]) == ("PNG", "RGB", 600, 300)
    assert "error" not in row and 0.3 < row["brightness"] < 0.7
    with Image.open(io.BytesIO(thumbnail)) as shown:
        assert shown.format == "WEBP" and shown.size == (224, 112)


def test_brightness_contrast_and_colour() -> None:
    def measured(*colours: tuple[int, int, int]) -> dict:
        image = Image.new("RGB", (64, 64), colours[0])
        image.paste(colours[-1], (0, 0, 32, 64))
        return measure_image(_saved(image, "PNG"))[0]

    white, half, red_blue = (
        measured((255, 255, 255)),
        measured((0, 0, 0), (255, 255, 255)),
        measured((255, 0, 0), (0, 0, 255)),
    )
    assert (
        white["brightness"] == 1.0 and white["contrast"] == white["sharpness"] == white["colourfulness"] == 0
    )
    assert half["brightness"] == 0.5 and half["contrast"] == 0.5 and half["colourfulness"] == 0
    assert red_blue["colourfulness"] > 80


def test_a_blurred_image_is_less_sharp() -> None:
    noise = Image.fromarray(np.random.default_rng(2).integers(0, 255, (64, 64, 3), np.uint8))
    sharp, _ = measure_image(_saved(noise, "PNG"))
    soft, _ = measure_image(_saved(noise.resize((16, 16)).resize((64, 64)), "PNG"))
    assert soft["sharpness"] < sharp["sharpness"] / 10


def test_an_image_that_lies_on_its_side_is_measured_as_it_is_shown() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8769)[0x9003] = "2021:05:04 03:02:01"
    image = Image.fromarray(media.pixels(3, 80, 40))
    row, thumbnail = measure_image(_saved(image, "JPEG", exif=exif))
    assert (row["width"], row["height"], row["orientation"], row["year"]) == (40, 80, 6, 2021)
    with Image.open(io.BytesIO(thumbnail)) as shown:
        assert shown.size == (40, 80)


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        ("L", "PNG"),
        ("1", "PNG"),
        ("P", "GIF"),
        ("RGBA", "PNG"),
        ("LA", "PNG"),
        ("CMYK", "JPEG"),
        ("I;16", "PNG"),
        ("F", "TIFF"),
    ],
)
def test_every_mode_is_measured(mode: str, kind: str) -> None:
    if mode == "I;16":
        image = Image.fromarray(media.pixels(4)[:, :, 0].astype(np.uint16) * 257)
    elif mode == "F":
        image = Image.fromarray(media.pixels(4)[:, :, 0].astype(np.float32))
    else:
        image = Image.fromarray(media.pixels(4)).convert(mode)
    row, thumbnail = measure_image(_saved(image, kind))
    assert "error" not in row, row
    assert thumbnail and 0.1 < row["brightness"] < 0.95


def test_the_same_picture_in_another_format_and_size_looks_the_same() -> None:
    small = measure_image(media.image(5, "JPEG", quality=85))[0]["look"]
    large = measure_image(_saved(Image.fromarray(media.pixels(5)).resize((480, 320)), "WEBP"))[0]["look"]
    other = measure_image(media.image(6))[0]["look"]
    assert (small ^ large).bit_count() <= 3 and (small ^ other).bit_count() > 10


def test_hostile_images_are_named_and_cost_nothing() -> None:
    bomb, shown = measure_image(media.bomb_png())
    assert bomb["error"] == "too_many_pixels" and not shown
    assert (MOST_PIXELS < 60_000**2) and f"{MOST_PIXELS // 1_000_000} million" in bomb["why"]
    for data, error in (
        (media.image(7, "JPEG", width=400, height=300)[:-2000], "damaged_image"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "unknown_image"),
        (b"", "unknown_image"),
        (media.image(7)[:60], "damaged_image"),
        (b"\xff\xd8" + b"\xff\xda" * (MOST_SCANS + 1), "damaged_image"),
    ):
        row, shown = measure_image(data)
        assert row["error"] == error and row["why"].endswith(".") and not shown, row
    cut, _ = measure_image(media.image(7, "JPEG", width=400, height=300)[:-2000])
    assert cut["width"] == 400, "what the header says is known all the same"


def test_pixels_are_bounded_by_the_header(monkeypatch: pytest.MonkeyPatch) -> None:
    data = media.image(7)
    monkeypatch.setattr("workers.analysis.media.images.MOST_PIXELS", 48 * 32)
    assert "error" not in measure_image(data)[0]
    monkeypatch.setattr("workers.analysis.media.images.MOST_PIXELS", 48 * 32 - 1)
    row, thumbnail = measure_image(data)
    assert row["error"] == "too_many_pixels" and row["width"] == 48 and not thumbnail


def test_a_jpeg_of_very_many_scans_is_not_decoded() -> None:
    data = media.image(8, "JPEG", progressive=True)
    assert "error" not in measure_image(data)[0]
    assert measure_image(data[:-2] + b"\xff\xda" * MOST_SCANS + data[-2:])[0]["error"] == "too_many_scans"


def test_only_the_first_of_ten_thousand_frames_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    seeks: list[int] = []
    from PIL import GifImagePlugin

    monkeypatch.setattr(GifImagePlugin.GifImageFile, "seek", lambda _self, frame: seeks.append(frame))
    row, thumbnail = measure_image(media.many_frames())
    assert row["format"] == "GIF" and (row["width"], row["height"]) == (2, 2)
    assert "error" not in row and thumbnail
    assert set(seeks) <= {0}


def _sound(tmp_path: Path, data: bytes) -> dict:
    path = tmp_path / "data"
    path.write_bytes(data)
    return measure_sound(path, len(data))


def test_a_sound(tmp_path: Path) -> None:
    row = _sound(tmp_path, media.wav(0.5, volume=0.5, channels=2))
    assert (row["format"], row["codec"], row["sample_rate"], row["channels"]) == ("WAV", "PCM_16", 8000, 2)
    assert row["duration"] == 0.5 and row["silence"] == 0
    assert row["peak"] == pytest.approx(20 * math.log10(0.5), abs=0.01)
    assert row["loudness"] == pytest.approx(20 * math.log10(0.5 / math.sqrt(2)), abs=0.01)


def test_silence_and_half_of_it(tmp_path: Path) -> None:
    quiet = _sound(tmp_path, media.wav(0.4, volume=0))
    assert quiet["silence"] == 1 and quiet["loudness"] == quiet["peak"] == -120
    tone, nothing = media.wav(0.4), media.wav(0.4, volume=0)
    half = bytearray(tone + nothing[44:])
    half[40:44] = (2 * (len(tone) - 44)).to_bytes(4, "little")
    assert _sound(tmp_path, bytes(half))["silence"] == pytest.approx(0.5, abs=0.06)


def test_hostile_sounds_are_named(tmp_path: Path) -> None:
    lying = _sound(tmp_path, media.lying_wav())
    assert "error" not in lying and lying["duration"] == 0.5
    for data, error in (
        (b"", "empty_file"),
        (b"MThd nothing that is read here", "unknown_sound"),
        (media.wav()[:30], "damaged_sound"),
        (b"RIFF\xff\xff\xff\xffWAVE", "damaged_sound"),
        (b"fLaC" + b"\0" * 64, "damaged_sound"),
        (b"\xff", "unknown_sound"),
    ):
        assert _sound(tmp_path, data)["error"] == error, data[:12]


def test_a_sound_of_not_a_number_is_silent(tmp_path: Path) -> None:
    import soundfile

    path = tmp_path / "nan.wav"
    soundfile.write(str(path), np.full(800, np.nan, np.float32), 8000, subtype="FLOAT")
    assert measure_sound(path, path.stat().st_size)["peak"] == -120


def test_a_text() -> None:
    text = "One, zwei!\n\n  Drei  größer\tZeilen\n"
    row = measure_text(text.encode(), len(text.encode()))
    assert (row["characters"], row["words"], row["lines"]) == (len(text), 5, 3)
    assert row["word_length"] == 5.0
    assert row["non_letters"] == pytest.approx(2 / 25)
    assert row["encoding_faults"] == 0 and row["beginning"] == text
    assert row["look"] == measure_text(b"one, ZWEI!  drei gr\xc3\xb6\xc3\x9fer zeilen", 35)["look"]


def test_faults_of_encoding_are_counted() -> None:
    assert measure_text(b"gr\xf6\xdfer", 6)["encoding_faults"] == 2
    assert measure_text("a \ufffd b".encode(), 7)["encoding_faults"] == 0
    assert measure_text(b"\xff\xfe" + "größer".encode("utf-16-le"), 14)["characters"] == 6
    assert measure_text(b"\xef\xbb\xbfabc", 6)["characters"] == 3
    cut = measure_text("größer".encode()[:3], 8)
    assert (cut["characters"], cut["encoding_faults"]) == (2, 0), "a sign that the reading cut is no fault"


def test_what_is_no_text() -> None:
    assert measure_text(b"", 0)["error"] == "empty_file"
    assert measure_text(b"a\0b", 3)["error"] == "not_text"
    assert measure_text(b" \n\t", 3)["word_length"] is None


def test_one_line_of_fifty_megabytes() -> None:
    data = b"word " * (16 << 20 // 5)
    row = measure_text(data[: 16 << 20], 50 << 20)
    assert row["lines"] == 1 and row["bytes"] == 50 << 20 and len(row["beginning"]) == 240
