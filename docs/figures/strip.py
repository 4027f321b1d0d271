"""Lays pictures that a run drew side by side, for the tutorials' "what you see".

python docs/figures/strip.py docs/images/digits-minutes.png RUN/samples/epoch-0000.png RUN/samples/epoch-0004.png
python docs/figures/strip.py --rows 4 docs/images/faces.jpg RUN/samples/epoch-*.png    # the first rows of each
"""

import argparse
from pathlib import Path

from PIL import Image

GAP = 8


def strip(pictures: list[Image.Image], share: float = 1.0) -> Image.Image:
    """Returns pictures of one size in a row, of each the upper share."""
    width, height = pictures[0].size
    height = round(share * height)
    found = Image.new("RGB", (len(pictures) * (width + GAP) - GAP, height), "white")
    for place, picture in enumerate(pictures):
        found.paste(picture.convert("RGB").crop((0, 0, width, height)), (place * (width + GAP), 0))
    return found


def main() -> None:
    """Writes the strip and says where."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("pictures", type=Path, nargs="+")
    parser.add_argument("--rows", type=int, default=8, help="of the eight rows of each picture, so many")
    given = parser.parse_args()
    found = strip([Image.open(path) for path in given.pictures], given.rows / 8)
    # Digits are gray, and faces no larger than they need be.
    gray = all(Image.open(path).mode == "L" for path in given.pictures)
    (found.convert("L") if gray else found).save(given.out, quality=85, optimize=True)
    print(given.out)


if __name__ == "__main__":
    main()
