"""A project with folders of images, sounds and texts, tracked by DVC, in two versions."""

import hashlib
import io
import json
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import numpy as np
from PIL import Image, ImageDraw

from tests.browser.seed import Seeded, _git, _send
from tests.fixtures import media

Files = dict[str, bytes]
_COLOURS = {"cherry": (176, 24, 60), "lime": (98, 168, 40), "plum": (88, 44, 112)}


def fruit(name: str, seed: int) -> bytes:
    """A drawn fruit on a soft background, each another one."""
    source = np.random.default_rng(seed)
    width, height = int(source.integers(160, 420)), int(source.integers(160, 320))
    image = Image.fromarray(media.pixels(seed, width, height, level=int(source.integers(120, 220))))
    draw = ImageDraw.Draw(image)
    for _ in range(int(source.integers(1, 6))):
        x, y, radius = (
            int(source.integers(0, width)),
            int(source.integers(0, height)),
            int(source.integers(12, 60)),
        )
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=_COLOURS[name])
    sink = io.BytesIO()
    image.save(sink, "JPEG", quality=85)
    return sink.getvalue()


def fruits(count: int) -> Files:
    """Images by class in two splits, one of them in both, and one that is cut off."""
    names = ["cherry", "cherry", "lime", "plum"]
    files = {
        f"{'test' if n % 5 == 0 else 'train'}/{names[n % 4]}/{names[n % 4]}-{n:03d}.jpg": fruit(
            names[n % 4], n
        )
        for n in range(count)
    }
    cut = fruit("lime", 999)
    return files | {
        "train/lime/copy.jpg": files["test/cherry/cherry-000.jpg"],
        "train/lime/cut.jpg": cut[: len(cut) // 2],
    }


def folders(version: int) -> dict[str, Files]:
    """Every folder of one version."""
    sounds = {
        f"{'bell' if n % 2 else 'hum'}/{n}.wav": media.wav(0.4 + n / 5, hertz=220.0 * (n + 1))
        for n in range(6)
    }
    notes = {
        f"{n}.txt": f"Note {n}: the harvest of field {n} was good.\n".encode() * (n + 1) for n in range(8)
    }
    return {"fruits": fruits(70 if version == 1 else 90), "sounds": sounds, "notes": notes}


def seed_folders(url: str, user: str, token: str, folder: Path) -> Seeded:
    """Create ``user/folders`` and push both versions, v1 and v2."""
    body = json.dumps({"name": "folders", "private": True}).encode()
    _send(f"{url}/api/v1/user/repos", user, token, body, "POST", "application/json")
    path = f"/{user}/folders"
    parts = urlsplit(url)
    remote = urlunsplit((parts.scheme, f"{user}:{token}@{parts.netloc}", f"{path}.git", "", ""))

    def store(content: bytes, end: str = "") -> str:
        oid = hashlib.md5(content).hexdigest()
        address = f"{url}{path}.dvc/files/md5/{oid[:2]}/{oid[2:]}{end}"
        _send(address, user, token, content, "PUT", "application/octet-stream")
        return oid

    _git(folder, "init", "-q", "-b", "main")
    for version in (1, 2):
        for name, files in folders(version).items():
            listed = [{"md5": store(content), "relpath": inside} for inside, content in sorted(files.items())]
            oid = store(json.dumps(listed).encode(), ".dir")
            facts = f"size: {sum(map(len, files.values()))}\n  nfiles: {len(files)}\n  hash: md5"
            (folder / f"{name}.dvc").write_text(
                f"outs:\n- md5: {oid}.dir\n  {facts}\n  path: {name}\n", encoding="utf-8"
            )
        _git(folder, "add", ".")
        _git(folder, "commit", "-q", "-m", f"Version {version}")
        _git(folder, "tag", f"v{version}")
    _git(folder, "push", "-q", remote, "main", "v1", "v2")
    return Seeded(path, _git(folder, "rev-parse", "HEAD"))
