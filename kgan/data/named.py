"""Image sets from TensorFlow Datasets, by name: `mnist`, `cifar10`, `cycle_gan/horse2zebra`."""

import contextlib
import difflib
import logging
import os
import queue
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from typing import Any

import numpy as np

from kgan.data.image_set import ImageSet
from kgan.data.reading import ReadOptions, read_images
from kgan.data.records import read_records
from kgan.errors import InputError, unknown_name

PROBE_SECONDS = 5.0
# What needs no data set, for messages.
DRAWN_NAMES = ("synthetic", "synthetic/faces")


def read_named(name: str, split: str, options: ReadOptions) -> ImageSet:
    """Reads a split of a set of TensorFlow Datasets that has an `image`; its `label`, if any, becomes the factor.

    The set is looked for, prepared, in the folder that TFDS_DATA_DIR names, or else in ~/tensorflow_datasets. Where it
    is not there it is downloaded.

    Raises:
        InputError: If there is no such set or split, it cannot be downloaded, it has no images, or fewer than
            `num_images`; and as `read_images` does.
    """
    with _quiet_absl():
        builder = _find_builder(name)
        if not builder.is_prepared():
            _prepare(builder, name)
        feature = _image_feature(builder, name)
        count = _count(builder, name, split, options)
        encoded, labels = read_records(builder, split, count, options.budget)
    height, width, channels = feature.shape
    channels = options.channels or (1 if channels == 1 else 3)
    if options.image_size is not None:
        height = width = options.image_size
    return read_images(
        encoded,
        [f"image {index}" for index in range(count)],
        f"{name!r}",
        options,
        shape=None if height is None else (height, width, channels),
        factors={} if labels is None else {"label": labels},
    )


def splits_of(name: str) -> tuple[str, ...]:
    """Returns the names of the splits of a set of TensorFlow Datasets that is on this machine.

    Raises:
        InputError: If there is no such set.
    """
    with _quiet_absl():
        return tuple(_find_builder(name).info.splits)


def is_named(name: str) -> bool:
    """Tells whether a set of this name is known, drawn or in TensorFlow Datasets, without touching the network."""
    if name.partition("/")[0] == DRAWN_NAMES[0]:
        return True
    try:
        with _quiet_absl():
            _find_builder(name)
    except InputError:
        return False
    return True


@contextlib.contextmanager
def _quiet_absl() -> Iterator[None]:
    """Keeps TFDS's remarks on its own deprecations and empty folders from the user's terminal."""
    logger = logging.getLogger("absl")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _find_builder(name: str) -> Any:
    """Returns the builder of this name, without touching the network."""
    import tensorflow_datasets as tfds

    try:
        return tfds.builder(name, data_dir=os.environ.get("TFDS_DATA_DIR"), try_gcs=False)
    except ValueError as error:
        raise _unknown(name) from error


def _unknown(name: str) -> InputError:
    """Returns the error for a name that TFDS has no builder for."""
    import tensorflow_datasets as tfds

    known = [*tfds.list_builders(with_community_datasets=False), *DRAWN_NAMES]
    base, _, variant = name.partition("/")
    if base in known and (variants := list(tfds.builder_cls(base).builder_configs)):
        return unknown_name(f"variant of {base}", variant, variants)
    near = difflib.get_close_matches(base, known, n=1, cutoff=0.6)
    if near and not variant:
        return unknown_name("data set", name, known)
    hint = f", though there is {near[0]!r}" if near else ""
    return InputError(
        f"data {name!r}: no such folder, and no such name in TensorFlow Datasets{hint}; "
        f"give a folder of images, a name such as 'mnist', {' or '.join(map(repr, DRAWN_NAMES))}."
    )


def _prepare(builder: Any, name: str) -> None:
    """Downloads a set and writes it in TFDS's form, or says within seconds that it cannot be had."""
    import tensorflow_datasets as tfds

    missing = f"data set {name!r} is not in {builder.data_path} and cannot be downloaded"
    fix = "set TFDS_DATA_DIR to the folder that has it, or use --data synthetic, which works offline."
    url = next(iter(builder.url_infos or {}), None)
    # TFDS itself tries for minutes.
    if url and not answers(url):
        raise InputError(f"{missing}, as {urllib.parse.urlsplit(url).hostname} does not answer; {fix}")
    try:
        builder.download_and_prepare(download_config=tfds.download.DownloadConfig(try_download_gcs=False))
    except Exception as error:
        raise InputError(f"{missing}: {' '.join(str(error).split())}; {fix}") from error


def answers(url: str) -> bool:
    """Tells within `PROBE_SECONDS` whether there is a way to this URL's server, through a proxy if one is set."""
    answer: queue.SimpleQueue[bool] = queue.SimpleQueue()

    def probe() -> None:
        try:
            urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=PROBE_SECONDS).close()
            answer.put(True)
        except urllib.error.HTTPError as error:
            # A server that dislikes the question is there; these come from a proxy that cannot reach it.
            answer.put(error.code != 407 and error.code < 500)
        except OSError:
            answer.put(False)

    # Looking up a host's name obeys no timeout, so it is left behind in a thread.
    threading.Thread(target=probe, daemon=True).start()
    try:
        return answer.get(timeout=PROBE_SECONDS)
    except queue.Empty:
        return False


def _image_feature(builder: Any, name: str) -> Any:
    """Returns the description of the set's `image`."""
    import tensorflow_datasets as tfds

    feature = dict(builder.info.features).get("image")
    if not isinstance(feature, tfds.features.Image) or feature.np_dtype not in (np.uint8, np.uint16):
        raise InputError(f"data set {name!r} has no 8- or 16-bit 'image'; it has {', '.join(builder.info.features)}.")
    return feature


def _count(builder: Any, name: str, split: str, options: ReadOptions) -> int:
    """Returns how many images to read."""
    try:
        available = builder.info.splits[split].num_examples
    except (KeyError, ValueError) as error:
        raise unknown_name(f"split of {name}", split, builder.info.splits) from error
    if options.num_images is None:
        return available
    if options.num_images > available:
        raise InputError(f"num_images={options.num_images}: split {split!r} of {name!r} has {available} images.")
    return options.num_images
