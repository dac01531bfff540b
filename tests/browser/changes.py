"""A project of two commits that differ in everything that is compared as what it is, and one file to seek in."""

import hashlib
import io
import json
import math
import struct
import wave
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image, ImageDraw

from tests.browser.seed import Seeded, _git, _send, harvest
from tests.fixtures.tables import million

WAV_SECONDS, WAV_RATE = 660, 44_100
LARGE = 110_000_000  # bytes
Files = dict[str, bytes]


def notebook(version: int) -> bytes:
    """Four cells; the second version has another rate, another output and one cell more."""

    def code(source: str, text: str) -> dict[str, object]:
        output = {"output_type": "stream", "name": "stdout", "text": [text]}
        return {
            "cell_type": "code",
            "metadata": {},
            "execution_count": version,
            "source": source,
            "outputs": [output],
        }

    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": "# Training\nHow the *yield* grows."},
        code("import numpy as np\nrows = 2000\nprint(rows)", "2000\n"),
        code(
            f"rate = {0.1 * version:.1f}\nmodel = fit(rows, rate)\nprint(model.loss)",
            f"loss {0.5 / version:.2f}\n",
        ),
        code("save(model)", "saved\n"),
    ]
    if version > 1:
        cells.insert(3, code("plot(model)", "<Figure 640x480>\n"))
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return json.dumps({"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 4}).encode()


def picture(version: int) -> bytes:
    """A field at noon; in the second version the sun has moved."""
    image = Image.new("RGB", (640, 400), "#7db4e8")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 260, 640, 400), fill="#5d9732")
    draw.ellipse((90 + 240 * version, 40, 170 + 240 * version, 120), fill="#f5c531")
    sink = io.BytesIO()
    image.save(sink, "PNG")
    return sink.getvalue()


def wide(version: int) -> bytes:
    """120 rows of 60 columns; the second version has another value in each tenth row and other names of two columns."""
    names = ["id", *(f"sensor_{n:02d}" for n in range(1, 60))]
    if version > 1:
        names[58:] = ["humidity", "pressure"]
    rows = [[n, *((n * 7 + c * 13) % 101 / 10 for c in range(59))] for n in range(120)]
    for row in rows[::10] if version > 1 else []:
        row[5] = -1.5
    return "\n".join(",".join(str(cell) for cell in row) for row in [names, *rows]).encode() + b"\n"


def tone(seconds: int = WAV_SECONDS) -> bytes:
    """A WAV; as long as it is asked for by default, eleven minutes of stereo, it has more than 100 MB."""
    period = b"".join(
        struct.pack("<hh", *(round(8000 * math.sin(2 * math.pi * n / 100)),) * 2) for n in range(WAV_RATE)
    )
    sink = io.BytesIO()
    with wave.open(sink, "wb") as target:
        target.setnchannels(2)
        target.setsampwidth(2)
        target.setframerate(WAV_RATE)
        target.writeframes(period * seconds)
    return sink.getvalue()


def document(pages: int, padding: int = 0) -> bytes:
    """A PDF that says on each page which it is; ``padding`` are bytes that no page needs, before all that one does."""
    kids = " ".join(f"{5 + 2 * n} 0 R" for n in range(pages))
    objects = [
        b"<< /Type /Catalog /Pages 3 0 R >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (padding, bytes(padding)),
        f"<< /Type /Pages /Count {pages} /Kids [{kids}] >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for n in range(1, pages + 1):
        text = f"BT /F1 36 Tf 72 700 Td (Page {n} of {pages}) Tj ET".encode()
        objects += [
            f"<< /Type /Page /Parent 3 0 R /MediaBox [0 0 595 842] /Contents {4 + 2 * n} 0 R"
            " /Resources << /Font << /F1 4 0 R >> >> >>".encode(),
            b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text),
        ]
    whole, offsets = bytearray(b"%PDF-1.4\n"), []
    for number, content in enumerate(objects, 1):
        offsets.append(len(whole))
        whole += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    end = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, len(whole))
    return bytes(whole) + b"xref\n0 %d\n0000000000 65535 f \n" % size + table + end


def pictures() -> tuple[Files, Files]:
    """10,000 files and what became of them: 100 went, 200 changed, 37 came, one moved."""
    old = {f"class{n % 10}/{n:05d}.txt": b"%d" % (n % 20) for n in range(10_000)}
    old["class7/one.txt"] = b"the only one"
    new = dict(old)
    for n in range(0, 10_000, 100):
        del new[f"class{n % 10}/{n:05d}.txt"]
    for n in range(1, 10_000, 50):
        new[f"class{n % 10}/{n:05d}.txt"] = b"changed"
    for n in range(37):
        new[f"extra/deep/{n}.txt"] = b"new"
    new["moved/one.txt"] = new.pop("class7/one.txt")
    return old, new


def repacked(compression: str) -> bytes:
    """The same rows in other bytes."""
    sink = pa.BufferOutputStream()
    pq.write_table(
        pa.table({"id": list(range(500)), "value": [n / 7 for n in range(500)]}),
        sink,
        compression=compression,
    )
    return bytes(sink.getvalue())


def pointer(content: bytes, name: str, files: int = 0) -> str:
    """DVC's pointer to a file, or to a folder of so many files."""
    md5 = hashlib.md5(content).hexdigest() + (".dir" if files else "")
    count = f"  nfiles: {files}\n" if files else ""
    return f"outs:\n- md5: {md5}\n  size: {len(content)}\n{count}  hash: md5\n  path: {name}\n"


def seed_changes(url: str, user: str, token: str, folder: Path) -> Seeded:
    """Create ``user/changes`` with branches ``main`` and ``before``."""
    body = json.dumps({"name": "changes", "private": True}).encode()
    _send(f"{url}/api/v1/user/repos", user, token, body, "POST", "application/json")
    path, parts = f"/{user}/changes", urlsplit(url)

    def store(content: bytes, end: str = "") -> None:
        md5 = hashlib.md5(content).hexdigest()
        address = f"{url}{path}.dvc/files/md5/{md5[:2]}/{md5[2:]}{end}"
        _send(address, user, token, content, "PUT", "application/octet-stream")

    _git(folder, "init", "-q", "-b", "main")
    manual = document(40, padding=LARGE)
    store(manual)
    for version, (orders, files) in enumerate(zip(million(), pictures(), strict=True), 1):
        for content in dict.fromkeys(files.values()):
            store(content)
        entries = [
            {"md5": hashlib.md5(one).hexdigest(), "relpath": name} for name, one in sorted(files.items())
        ]
        listed = json.dumps(entries).encode()
        store(listed, ".dir")
        packed = repacked("zstd" if version > 1 else "snappy")
        for content in (orders, packed):
            store(content)
        lock = {
            "schema": "2.0",
            "stages": {
                "train": {
                    "cmd": f"python train.py{' --fast' if version > 1 else ''}",
                    "deps": [{"path": "raw.csv", "hash": "md5", "md5": f"a{version}" * 16, "size": 9}],
                    "params": {"params.yaml": {"rate": 0.1 * version}},
                    "outs": [{"path": "model.pkl", "hash": "md5", "md5": f"b{version}" * 16, "size": 3}],
                }
            },
        }
        stage = {
            "cmd": lock["stages"]["train"]["cmd"],
            "deps": ["raw.csv"],
            "params": ["rate"],
            "outs": ["model.pkl"],
            "metrics": [{"metrics.json": {"cache": False}}],
        }
        written = {
            "pictures.dvc": pointer(listed, "pictures", len(files)),
            "orders.parquet.dvc": pointer(orders, "orders.parquet"),
            "repacked.parquet.dvc": pointer(packed, "repacked.parquet"),
            "train.ipynb": notebook(version),
            "field.png": picture(version),
            "wide.csv": wide(version),
            "harvest.csv": harvest(400, 2.0 * version, ("north", "south"), 3),
            "lying.parquet": b"PAR1" + bytes([version]) * 4000 + b"\xff\xff\xff\x0fPAR1",
            "params.yaml": f"rate: {0.1 * version:.1f}\nseed: 7\nlayers: [{8 * version}, 4]\n",
            "metrics.json": json.dumps({"accuracy": 0.8 + version / 20, "loss": 0.5 / version, "rows": 2000}),
            "dvc.yaml": json.dumps({"stages": {"train": stage}}),
            "dvc.lock": json.dumps(lock),
            "tone.wav": tone() if version == 1 else None,
            "chime.wav": tone(version),
            "paper.pdf": document(version + 1),
            "manual.pdf.dvc": pointer(manual, "manual.pdf"),
        }
        for name, written_content in written.items():
            if written_content is not None:
                data = written_content.encode() if isinstance(written_content, str) else written_content
                (folder / name).write_bytes(data)
        _git(folder, "add", ".")
        _git(folder, "commit", "-q", "-m", f"Version {version}")
        if version == 1:
            _git(folder, "branch", "before")
    remote = urlunsplit((parts.scheme, f"{user}:{token}@{parts.netloc}", f"{path}.git", "", ""))
    _git(folder, "push", "-q", remote, "main", "before")
    return Seeded(path, _git(folder, "rev-parse", "HEAD"))
