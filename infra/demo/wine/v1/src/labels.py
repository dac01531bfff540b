"""Write data/labels: small pictures of the bottles' labels, one folder for each cultivar.

They are drawn, not photographed: paper, a frame, the name, and a stripe in the cultivar's colour, each turned, lit and soiled at
random. `labels` in params.yaml says how many of each, which cultivars, and how bright the room was.
"""

import shutil
from pathlib import Path

import numpy as np
import yaml
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

STRIPES = {
    "barolo": (120, 20, 30),
    "grignolino": (190, 70, 90),
    "barbera": (80, 20, 90),
    "dolcetto": (40, 50, 110),
}
SIZE = (160, 120)


def label(cultivar: str, number: int, light: float, random: np.random.Generator) -> Image.Image:
    """One picture; `light` 1.0 is daylight."""
    paper = tuple(int(value) for value in np.array([236, 226, 200]) + random.integers(-12, 12, 3))
    picture = Image.new("RGB", SIZE, paper)
    pen = ImageDraw.Draw(picture)
    pen.rectangle((8, 8, SIZE[0] - 9, SIZE[1] - 9), outline=(90, 80, 60), width=2)
    height = 40 + int(random.integers(0, 30))
    pen.rectangle((8, height, SIZE[0] - 9, height + 22), fill=STRIPES[cultivar])
    pen.text((20, 16), cultivar.upper(), fill=(40, 30, 20))
    pen.text((20, 96), f"No {number:04d}", fill=(40, 30, 20))
    for _ in range(int(random.integers(0, 6))):
        x, y, r = random.integers(0, SIZE[0]), random.integers(0, SIZE[1]), random.integers(2, 9)
        pen.ellipse((x - r, y - r, x + r, y + r), fill=(150, 120, 90))
    picture = picture.rotate(float(random.normal(0, 4)), fillcolor=(30, 30, 30))
    picture = picture.filter(ImageFilter.GaussianBlur(float(random.uniform(0, 1.1))))
    return ImageEnhance.Brightness(picture).enhance(float(light * random.normal(1, 0.08)))


if __name__ == "__main__":
    settings = yaml.safe_load(Path("params.yaml").read_text())["labels"]
    folder, random = Path("data/labels"), np.random.default_rng(settings["seed"])
    shutil.rmtree(folder, ignore_errors=True)
    for cultivar, count in settings["pictures"].items():
        (folder / cultivar).mkdir(parents=True)
        for number in range(count):
            label(cultivar, number, settings["light"], random).save(folder / cultivar / f"{number:04d}.png")
    print(f"labels: {sum(settings['pictures'].values())} pictures")
