"""Writes the pictures that the tests of package photo compare with.

    python3 resize.py      (needs Pillow and numpy; written with Pillow 9.4)

source.png is a picture with gradients, edges and noise; cubic-HxW.png is the
same, resized by Pillow. Values stay within 40 … 215, since Pillow cuts off what
the filter overshoots between its two passes, where this package does not.
"""

from pathlib import Path

import numpy as np
from PIL import Image

HERE = Path(__file__).parent
HEIGHT, WIDTH = 47, 61

rng = np.random.default_rng(1)
y, x = np.mgrid[:HEIGHT, :WIDTH]
picture = np.stack([
    127 + 80 * np.sin(x / 3) * np.cos(y / 5),
    np.where((x // 7 + y // 9) % 2, 180, 70),
    40 + 175 * x / WIDTH,
], axis=-1)
picture += rng.normal(0, 12, picture.shape)
source = Image.fromarray(picture.clip(40, 215).round().astype(np.uint8))
source.save(HERE / "source.png", optimize=True)

for height, width in [
    (16, 16), (23, 31), (46, 60), (94, 122), (128, 33), (33, 128), (1, 1), (1, 90), (70, 2), (47, 16), (30, 61),
]:
    resized = source.resize((width, height), Image.BICUBIC)
    resized.save(HERE / f"cubic-{height}x{width}.png", optimize=True)
