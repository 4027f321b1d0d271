"""`kgan translate` of videos: size, rate and format stay, whatever they are; what cannot be written is not there."""

import sys

import numpy as np
import pytest

from kgan.errors import InputError
from kgan_cli import video

ffmpeg = pytest.importorskip("imageio_ffmpeg")
FRAMES = 5
# imageio-ffmpeg leaves the ends of its pipes to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")


class Negative:
    """A translator whose right answer everyone knows."""

    channels = 3

    def __call__(self, picture):
        return 255 - picture


def write(path, width, height, **options):
    writer = ffmpeg.write_frames(str(path), (width, height), fps=12.5, macro_block_size=1, **options)
    writer.send(None)
    for index in range(FRAMES):
        writer.send(np.full((height, width, 3), 40 * index, np.uint8).tobytes())
    writer.close()
    return path


def read(path):
    frames = ffmpeg.read_frames(str(path))
    about = next(frames)
    width, height = about["size"]
    return about, np.array([np.frombuffer(frame, np.uint8).reshape(height, width, 3) for frame in frames])


@pytest.mark.parametrize(
    ("name", "size", "options"),
    [
        ("even.mp4", (48, 34), {}),
        ("odd.mp4", (45, 33), {"pix_fmt_out": "yuv444p"}),
        ("even.m4v", (48, 34), {}),
        ("even.mov", (48, 34), {}),
        ("odd.mkv", (45, 34), {"pix_fmt_out": "yuv444p"}),
        ("motion.avi", (48, 34), {"codec": "mpeg4"}),
        ("odd.webm", (45, 33), {"codec": "libvpx-vp9", "pix_fmt_out": "yuv444p"}),
    ],
)
def test_size_rate_and_number_of_frames_stay(name, size, options, tmp_path):
    source = write(tmp_path / name, *size, **options)
    assert video.translate(source, tmp_path / "out" / name, Negative()) is None
    (before, shown), (after, made) = read(source), read(tmp_path / "out" / name)
    assert after["size"] == before["size"] == size
    assert after["fps"] == pytest.approx(before["fps"])
    assert made.shape == shown.shape and len(made) == FRAMES
    # What is lost is the codec's share.
    assert np.abs(made.astype(int) - (255 - shown.astype(int))).max() <= 6
    assert [path.name for path in (tmp_path / "out").iterdir()] == [name]


def test_gray_networks_see_luma_and_answer_in_gray(tmp_path):
    class Gray(Negative):
        channels = 1

        def __call__(self, picture):
            assert picture.shape == (34, 48, 1)
            return super().__call__(picture)

    source = write(tmp_path / "in.mp4", 48, 34)
    assert video.translate(source, tmp_path / "out.mp4", Gray()) is None
    assert np.ptp(read(tmp_path / "out.mp4")[1].astype(int), axis=-1).max() <= 6


def test_a_video_becomes_a_video(tmp_path):
    source = write(tmp_path / "in.mp4", 16, 16)
    with pytest.raises(InputError, match=r"is a video, and so is its translation: name it \.mp4"):
        video.translate(source, tmp_path / "out.png", Negative())


def test_what_ffmpeg_cannot_write_is_an_error_and_not_there(tmp_path, monkeypatch):
    source = write(tmp_path / "in.mp4", 16, 16)
    # WebM takes no H.264; and a writer that loses frames says nothing of it.
    monkeypatch.setattr(video, "CODECS", {})
    with pytest.raises(InputError, match="ffmpeg cannot write this"):
        video.translate(source, tmp_path / "out.webm", Negative())
    monkeypatch.setattr(ffmpeg, "count_frames_and_secs", lambda path: (FRAMES - 1, 1.0))
    with pytest.raises(InputError, match="ffmpeg cannot write this"):
        video.translate(source, tmp_path / "out.mp4", Negative())
    assert [path.name for path in tmp_path.iterdir()] == ["in.mp4"]


def test_without_the_extra_it_is_said_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(InputError, match=r"pip install 'kgan\[video\]'"):
        video.check(tmp_path / "in.mp4", tmp_path / "out.mp4")
