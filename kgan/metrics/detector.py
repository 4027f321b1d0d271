"""Detection rate: the share of images in which a ready-trained object detector finds its object.

The "anime face detection rate" of the National Taiwan University machine learning course (homework 6) is this with
the cascade lbpcascade_animeface.xml. It says that samples look like faces to a detector, not that they are varied or
new, and a detector misses some real faces too: state it beside the rate of as many real images.
"""

import contextlib
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kgan.errors import InputError
from kgan.metrics.checks import check_count


@dataclass(frozen=True, eq=False)
class Detection:
    """What `detection_rate` finds.

    Attributes:
        rate: The share of images in which the detector fires, in [0, 1].
        detected: For each image whether it does, bool `(n,)`.
    """

    rate: float
    detected: np.ndarray


def detection_rate(
    images: Any, cascade: str | os.PathLike, scale: float = 1.05, neighbours: int = 2, min_size: int = 24
) -> Detection:
    """Runs a cascade of boosted classifiers (Viola and Jones 2001) over images and counts those where it fires.

    Each image is turned to gray and its histogram is equalised. The cascade slides over it at every size from
    `min_size` on, each `scale` times the last; at least `neighbours + 1` hits about one place make an object, except
    that with 0 any hit is one. One image takes some 3 ms at 96x96 on one core; only that one is used, so that the
    answer never depends on the machine.

    Args:
        images: uint8 `(n, height, width, 1 or 3)`, gray or RGB, n >= 1.
        cascade: An OpenCV cascade, an XML file of LBP or Haar features.
        scale: From one size of object to the next, above 1.
        neighbours: Hits beside the first that confirm an object; more of them make the detector stricter.
        min_size: Edge of the smallest object looked for, in pixels.

    Raises:
        InputError: If `images` are no such batch or smaller than the smallest object, a setting is out of range, the
            cascade is missing or is none, or OpenCV is not installed or dropped cascades (version 5).
    """
    images = _checked_images(images)
    if not 1.0 < scale < np.inf:
        raise InputError(f"scale={scale!r} must be above 1, such as 1.05: objects are looked for in growing sizes.")
    check_count(neighbours, "neighbours", at_least=0)
    check_count(min_size, "min_size")
    cv2 = _opencv()
    classifier = _load(cv2, cascade)
    _check_size(images, min_size, max(classifier.getOriginalWindowSize()))
    found = np.empty(len(images), bool)
    with _one_thread(cv2):
        for index, image in enumerate(images):
            gray = cv2.equalizeHist(_gray(cv2, image))
            boxes = classifier.detectMultiScale(gray, scale, neighbours, minSize=(min_size, min_size))
            found[index] = len(boxes) > 0
    return Detection(float(found.mean()), found)


def cascade_digest(cascade: str | os.PathLike) -> str:
    """Returns the SHA-256 of a cascade's file in hexadecimal: which detector a rate belongs to.

    Raises:
        InputError: If the file is missing or cannot be read.
    """
    try:
        return hashlib.sha256(_existing(cascade).read_bytes()).hexdigest()
    except OSError as error:
        raise InputError(f"cascade {os.fspath(cascade)!r} cannot be read: {error.strerror}.") from error


def _checked_images(images: Any) -> np.ndarray:
    images = np.asarray(images)
    if images.dtype != np.uint8 or images.ndim != 4 or not len(images) or images.shape[-1] not in (1, 3):
        raise InputError(
            f"`images` must be uint8 (n, height, width, 1 or 3), n >= 1; got {images.dtype} {images.shape}. "
            f"kgan.pixels.to_uint8 turns images in [-1, 1] into bytes."
        )
    return images


def _check_size(images: np.ndarray, min_size: int, window: int) -> None:
    height, width = images.shape[1:3]
    if min(height, width) < max(min_size, window):
        raise InputError(
            f"the images are {width}x{height}, but the smallest object looked for is {max(min_size, window)} pixels "
            f"(min_size={min_size}, the cascade's own window is {window}): none could be found. Give larger images."
        )


def _opencv() -> Any:
    try:
        import cv2
    except ImportError as error:
        raise InputError(f"the detection rate needs OpenCV: pip install 'kgan[detector]' ({error}).") from error
    if not hasattr(cv2, "CascadeClassifier"):
        raise InputError(
            f"OpenCV {cv2.__version__} is installed, but OpenCV 5 dropped the CascadeClassifier that a detection rate "
            f"needs: pip install 'opencv-python-headless>=4.8,<5'."
        )
    return cv2


def _load(cv2: Any, cascade: str | os.PathLike) -> Any:
    path = _existing(cascade)
    classifier = cv2.CascadeClassifier()
    with _no_log(cv2):
        try:
            loaded = classifier.load(str(path))
        except cv2.error:
            loaded = False
    if not loaded or classifier.empty():
        raise InputError(f"cascade {str(path)!r} is not a readable OpenCV cascade (XML of LBP or Haar features).")
    return classifier


def _existing(cascade: str | os.PathLike) -> Path:
    path = Path(cascade)
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise InputError(
            f"cascade {str(path)!r}: expected an XML file, but it {what}. The one for anime faces is "
            f"lbpcascade_animeface.xml in github.com/nagadomi/lbpcascade_animeface; OpenCV's own lie in the folder "
            f"cv2.data.haarcascades."
        )
    return path


def _gray(cv2: Any, image: np.ndarray) -> np.ndarray:
    # OpenCV refuses some views, a mirrored one among them.
    image = np.ascontiguousarray(image)
    return image[..., 0] if image.shape[-1] == 1 else cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)


@contextlib.contextmanager
def _one_thread(cv2: Any) -> Iterator[None]:
    """Keeps OpenCV off other cores, on which hits would be gathered in an order of their own."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(threads)


@contextlib.contextmanager
def _no_log(cv2: Any) -> Iterator[None]:
    """Keeps OpenCV's own complaints off stderr."""
    level = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        yield
    finally:
        cv2.utils.logging.setLogLevel(level)
