"""The detection rate: with a one-feature cascade whose answers are plain to see, and on real anime faces."""

import hashlib
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from kgan.errors import InputError
from kgan.metrics.detector import cascade_digest, detection_rate

cv2 = pytest.importorskip("cv2")

# One Haar feature in a window of 8x8: its left half is brighter than its right by more than the threshold.
EDGE = """<?xml version="1.0"?>
<opencv_storage>
<cascade type_id="opencv-cascade-classifier">
  <stageType>BOOST</stageType><featureType>HAAR</featureType><height>8</height><width>8</width>
  <stageParams><boostType>GAB</boostType><minHitRate>0.99</minHitRate><maxFalseAlarm>0.5</maxFalseAlarm>
    <weightTrimRate>0.95</weightTrimRate><maxDepth>1</maxDepth><maxWeakCount>1</maxWeakCount></stageParams>
  <featureParams><maxCatCount>0</maxCatCount><featSize>1</featSize><mode>BASIC</mode></featureParams>
  <stageNum>1</stageNum>
  <stages><_><maxWeakCount>1</maxWeakCount><stageThreshold>0.5</stageThreshold>
    <weakClassifiers><_><internalNodes>0 -1 0 0.6</internalNodes><leafValues>-1. 1.</leafValues></_></weakClassifiers>
  </_></stages>
  <features><_><rects><_>0 0 8 8 -1.</_><_>0 0 4 8 2.</_></rects><tilted>0</tilted></_></features>
</cascade>
</opencv_storage>
"""
SETTINGS = {"scale": 1.1, "neighbours": 0, "min_size": 8}


@pytest.fixture
def edge(tmp_path):
    path = tmp_path / "edge.xml"
    path.write_text(EDGE)
    return path


def halves(left, right, channels=1):
    """One image 16x16, its left half of one colour and its right half of another."""
    image = np.empty((16, 16, channels), np.uint8)
    image[:, :8], image[:, 8:] = left, right
    return image


def test_counts_the_images_in_which_the_detector_fires(edge):
    bright_left, bright_right, flat = halves(200, 50), halves(50, 200), halves(90, 90)
    found = detection_rate(np.stack([bright_left, bright_right, flat, bright_left]), edge, **SETTINGS)
    assert found.detected.tolist() == [True, False, False, True]
    assert found.detected.dtype == bool
    assert found.rate == 0.5


def test_equal_channels_are_gray_and_contrast_does_not_matter(edge):
    images = np.stack([halves(101, 100), halves(100, 101)])
    assert detection_rate(images, edge, **SETTINGS).detected.tolist() == [True, False]
    assert detection_rate(images.repeat(3, axis=-1), edge, **SETTINGS).detected.tolist() == [True, False]


def test_colours_are_red_green_blue(edge):
    # Red is brighter than blue to the eye; were the channels taken in OpenCV's own order, it would be darker.
    images = np.stack([halves([255, 0, 0], [0, 0, 255], 3), halves([0, 0, 255], [255, 0, 0], 3)])
    assert detection_rate(images, edge, **SETTINGS).detected.tolist() == [True, False]


def test_views_do_as_well_as_arrays(edge):
    images = np.stack([halves(200, 50), halves(50, 200)])
    assert detection_rate(images[:, :, ::-1], edge, **SETTINGS).detected.tolist() == [False, True]


def test_more_neighbours_and_a_larger_object_are_stricter(edge):
    images = halves(200, 50)[None]
    hits = {n: detection_rate(images, edge, **{**SETTINGS, "neighbours": n}).rate for n in (0, 2, 1000)}
    assert hits == {0: 1.0, 2: 1.0, 1000: 0.0}
    small = np.full((1, 32, 32, 1), 120, np.uint8)
    small[0, 10:18, 10:14], small[0, 10:18, 14:18] = 255, 0
    assert detection_rate(small, edge, **SETTINGS).rate == 1.0
    assert detection_rate(small, edge, **{**SETTINGS, "min_size": 30}).rate == 0.0


def test_opencv_is_left_as_it_was(edge):
    threads, level = cv2.getNumThreads(), cv2.utils.logging.getLogLevel()
    detection_rate(halves(1, 2)[None], edge, **SETTINGS)
    assert (cv2.getNumThreads(), cv2.utils.logging.getLogLevel()) == (threads, level)


def test_the_digest_is_that_of_the_file(edge, tmp_path):
    assert cascade_digest(edge) == hashlib.sha256(EDGE.encode()).hexdigest()
    with pytest.raises(InputError, match="does not exist"):
        cascade_digest(tmp_path / "missing.xml")


def test_a_missing_cascade_says_where_to_get_one(tmp_path):
    with pytest.raises(InputError, match=r"missing\.xml.*does not exist.*github\.com/nagadomi/lbpcascade_animeface"):
        detection_rate(halves(1, 2)[None], tmp_path / "missing.xml")
    with pytest.raises(InputError, match="is a folder"):
        detection_rate(halves(1, 2)[None], tmp_path)


@pytest.mark.parametrize(
    "content", ["", "hello", "<opencv_storage><a>", '<?xml version="1.0"?><opencv_storage><x>1</x></opencv_storage>']
)
def test_what_is_no_cascade_is_refused_without_a_word_from_opencv(tmp_path, capfd, content):
    (tmp_path / "bad.xml").write_text(content)
    with pytest.raises(InputError, match=r"bad\.xml.*is not a readable OpenCV cascade"):
        detection_rate(halves(1, 2)[None], tmp_path / "bad.xml")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((2, 16, 16, 1), np.float32), r"must be uint8.*got float32.*to_uint8"),
        (np.zeros((0, 16, 16, 1), np.uint8), r"n >= 1; got uint8 \(0, 16, 16, 1\)"),
        (np.zeros((16, 16, 3), np.uint8), r"got uint8 \(16, 16, 3\)"),
        (np.zeros((2, 16, 16, 4), np.uint8), r"got uint8 \(2, 16, 16, 4\)"),
        (np.zeros((2, 16, 7, 1), np.uint8), r"the images are 7x16, but the smallest object looked for is 8 pixels"),
    ],
)
def test_images_that_cannot_be_searched_are_refused(edge, images, message):
    with pytest.raises(InputError, match=message):
        detection_rate(images, edge, **SETTINGS)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"scale": 1.0}, r"scale=1\.0 must be above 1"),
        ({"scale": float("nan")}, "scale=nan"),
        ({"neighbours": -1}, "`neighbours` must be a whole number of at least 0"),
        ({"min_size": 0}, "`min_size` must be a whole number of at least 1"),
        ({"min_size": 20}, r"min_size=20, the cascade's own window is 8"),
    ],
)
def test_settings_out_of_range_are_refused(edge, setting, message):
    with pytest.raises(InputError, match=message):
        detection_rate(halves(1, 2)[None], edge, **{**SETTINGS, **setting})


def test_without_a_usable_opencv_one_error_says_what_to_install(edge, monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(InputError, match=r"pip install 'kgan\[detector\]'"):
        detection_rate(halves(1, 2)[None], edge)
    monkeypatch.setitem(sys.modules, "cv2", SimpleNamespace(__version__="5.0.0"))
    with pytest.raises(InputError, match=r"OpenCV 5\.0\.0 is installed.*'opencv-python-headless>=4\.8,<5'"):
        detection_rate(halves(1, 2)[None], edge)


@pytest.mark.real_data
def test_real_anime_faces():
    folder = Path(os.environ["KGAN_TEST_DATA"], "anime")
    cascade = folder / "lbpcascade_animeface.xml"
    files = sorted((folder / "faces").iterdir())[:300]
    faces = np.stack([np.asarray(Image.open(file).convert("RGB")) for file in files])
    found = detection_rate(faces, cascade)
    # Of all 6,000 it is 0.9857.
    assert 0.97 <= found.rate <= 1.0
    np.testing.assert_array_equal(detection_rate(faces[:40], cascade).detected, found.detected[:40])
    # The detector looks for faces, not for any picture: upside down few are found, in noise none.
    assert detection_rate(faces[:60, ::-1], cascade).rate < 0.2
    noise = np.random.default_rng(0).integers(0, 256, (20, 96, 96, 3), dtype=np.uint8)
    assert detection_rate(noise, cascade).rate < 0.1
