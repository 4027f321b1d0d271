"""Images of two domains, unpaired: two folders, a set of TensorFlow Datasets such as `cycle_gan/horse2zebra`, drawn."""

import os

from kgan.data.drawn import draw_sides
from kgan.data.folder import read_folder
from kgan.data.image_set import ImageSet
from kgan.data.jitter import Jitter
from kgan.data.named import read_named, splits_of
from kgan.data.pairs import UnpairedImages
from kgan.data.reading import Progress, ReadOptions
from kgan.data.sides import LAYOUTS, find_sides
from kgan.data.sources import as_folder
from kgan.errors import InputError, unknown_name


def open_domains(
    name_or_path: str | os.PathLike,
    *,
    split: str = "train",
    image_size: int | None = None,
    channels: int | None = None,
    num_images: int | None = None,
    skip_broken: bool = False,
    memory_budget: int | None = None,
    progress: Progress | None = None,
    jitter: Jitter | None = None,
) -> UnpairedImages:
    """Opens images of two domains; every image is read and checked before this returns.

    Args:
        name_or_path: One of

            - a folder of two folders: `trainA/` and `trainB/`, `train/A/` and `train/B/`, `A/train/` and `B/train/`,
              or for `train` alone `A/` and `B/`;
            - a name of TensorFlow Datasets whose splits are `trainA`, `trainB`, `testA` and `testB`, such as
              `"cycle_gan/horse2zebra"`;
            - `"synthetic/horses"`, scenes with a horse, and others with a zebra; see `kgan.data.synthetic.horses`. What
              each ought to become is in `open_pairs("synthetic/horses")`;
            - `"synthetic/facades"`, label maps, and photos of other facades.
        split: `"train"`, `"test"` or what else the source has; for TensorFlow Datasets also `"train[:10%]"`.
        image_size: See `open_images`, as for those that follow; drawn images are 64 by default.
        channels: See there; None: of each domain as it has it.
        num_images: How many of each domain.
        skip_broken: See there.
        memory_budget: See there; of both together.
        progress: See there.
        jitter: See `UnpairedImages`.

    Raises:
        InputError: If there is no such source, split or side, a side is empty, A and B differ in size, and as
            `open_images` does.
    """
    options = ReadOptions(image_size, channels, num_images, skip_broken, memory_budget, progress)
    options.check()
    folder = as_folder(name_or_path)
    name = str(name_or_path)
    if folder is None and name.split("/")[0] == "synthetic":
        return UnpairedImages(*draw_sides(name, split, options, paired=False), jitter)
    options = options._replace(memory_budget=options.budget // 2)
    if folder is None:
        return UnpairedImages(*_read_named(name, split, options), jitter)
    sides = find_sides(folder, split)
    if sides is None:
        raise InputError(f"data {str(folder)!r}: no two domains for split {split!r}; expected {LAYOUTS}.")
    a, b = (read_folder(side.parent, side.name, options) for side in sides)
    return UnpairedImages(a, b, jitter)


def _read_named(name: str, split: str, options: ReadOptions) -> tuple[ImageSet, ImageSet]:
    known = splits_of(name)
    base, bracket, part = split.partition("[")
    # A set that is yet to be downloaded does not know its splits.
    if known and not {f"{base}A", f"{base}B"} <= set(known):
        domains = [known_split[:-1] for known_split in known if known_split.endswith("A")]
        if not domains:
            raise InputError(
                f"data set {name!r} has no two domains: expected splits {base}A and {base}B; it has {', '.join(known)}."
            )
        raise unknown_name(f"split of {name}", base, domains)
    a, b = (read_named(name, f"{base}{side}{bracket}{part}", options) for side in "AB")
    return a, b
