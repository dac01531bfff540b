"""One sound's properties: decoded block by block, up to a number of samples."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

MOST_BYTES = 2 << 30
MOST_SAMPLES = (
    200_000_000  # of all channels: half an hour in stereo; longer ones are measured by their beginning
)
QUIETEST = -120.0  # dBFS, where silence would be minus infinity
_SILENT = 10 ** (-60 / 20)  # of full scale
_WINDOW = 0.02  # seconds
_BLOCK = 1 << 20  # samples
# The formats that browsers and data sets know; libsndfile would read many more, less tried ones.
_MAGIC = (b"RIFF", b"RF64", b"fLaC", b"OggS", b"FORM", b".snd", b"ID3")

Row = dict[str, Any]


def measure_sound(path: Path, size: int) -> Row:
    """The row of properties. ``error`` and ``why`` are set for what can't be measured."""
    row: Row = {"bytes": size}
    if not size:
        return {**row, "error": "empty_file", "why": "It is empty."}
    with path.open("rb") as file:
        head = file.read(4)
    if not head.startswith(_MAGIC) and not (head[0] == 0xFF and head[1:2] >= b"\xe0"):
        return {
            **row,
            "error": "unknown_sound",
            "why": "It is no sound that can be read (WAV, FLAC, Ogg, MP3, AIFF, AU).",
        }
    try:
        with soundfile.SoundFile(str(path)) as sound:
            if sound.samplerate < 1 or sound.channels < 1:
                return {**row, "error": "damaged_sound", "why": "Its header makes no sense."}
            row |= {"format": sound.format, "codec": sound.subtype, "sample_rate": sound.samplerate}
            row["channels"] = sound.channels
            _listen(sound, row)
    except (soundfile.SoundFileError, RuntimeError, OSError, ValueError):
        return {**row, "error": "damaged_sound", "why": "It is damaged, or no sound that can be read."}
    return row


def _listen(sound: soundfile.SoundFile, row: Row) -> None:
    """Loudness and silence of what is really there, whatever the header promises."""
    window = max(1, round(sound.samplerate * _WINDOW))
    block = max(window, _BLOCK // sound.channels // window * window)
    if block * sound.channels > 4 * _BLOCK:
        block = window = max(1, _BLOCK // sound.channels)
    frames = windows = silent = 0
    square, peak, whole = 0.0, 0.0, False
    while frames * sound.channels < MOST_SAMPLES:
        samples = sound.read(block, dtype="float32", always_2d=True)
        if not len(samples):
            whole = True
            break
        samples = np.nan_to_num(samples, nan=0.0, posinf=1.0, neginf=-1.0)
        power = np.square(samples, dtype=np.float64).mean(axis=1)
        frames += len(samples)
        square += float(power.sum())
        peak = max(peak, float(np.abs(samples).max()))
        starts = np.arange(0, len(power), window)
        means = np.add.reduceat(power, starts) / np.diff(np.append(starts, len(power)))
        windows += len(means)
        silent += int((means < _SILENT**2).sum())
    if not frames:
        raise ValueError("no samples")
    row["duration"] = round((frames if whole else max(sound.frames, frames)) / sound.samplerate, 3)
    row["loudness"] = _decibels(math.sqrt(square / frames))
    row["peak"] = _decibels(peak)
    row["silence"] = round(silent / windows, 4)


def _decibels(amplitude: float) -> float:
    return round(max(20 * math.log10(amplitude), QUIETEST), 2) if amplitude > 0 else QUIETEST
