"""Videos, frame by frame, through ffmpeg: the extra `video`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from kgan.errors import InputError
from kgan.files import atomic_file
from kgan_cli.failures import say

SUFFIXES = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v")
EVERY = 25


def translate(file: Path, target: Path, translator: Callable[[np.ndarray], np.ndarray] | Any) -> None:
    """Translates a video's frames; its size, rate and, by the file's name, format stay, its sound does not.

    Raises:
        InputError: If the extra is not installed, or the file is no video.
    """
    ffmpeg = _ffmpeg(file)
    frames = ffmpeg.read_frames(str(file))
    try:
        about = next(frames)
    except (OSError, RuntimeError, StopIteration) as error:
        raise InputError(f"{file}: not a video that ffmpeg can read ({str(error).splitlines()[0]}).") from None
    width, height = about["size"]
    total = round(about.get("duration", 0.0) * about["fps"])
    with atomic_file(target) as temporary:
        writer = ffmpeg.write_frames(str(temporary), (width, height), fps=about["fps"], macro_block_size=1)
        writer.send(None)
        try:
            for index, frame in enumerate(frames):
                if index % EVERY == 0:
                    say(f"{file.name}: frame {index:,} of {total:,}")
                writer.send(_translated(np.frombuffer(frame, np.uint8).reshape(height, width, 3), translator))
        finally:
            writer.close()


def _translated(frame: np.ndarray, translator: Any) -> bytes:
    # ITU-R 601 luma, as for pictures.
    gray = (frame @ np.array([0.299, 0.587, 0.114])).round().astype(np.uint8)[..., None]
    made = translator(frame if translator.channels == 3 else gray)
    return np.ascontiguousarray(np.broadcast_to(made, (*made.shape[:2], 3))).tobytes()


def _ffmpeg(file: Path) -> Any:
    try:
        import imageio_ffmpeg
    except ImportError:
        raise InputError(f"{file} is a video, which needs ffmpeg: pip install 'kgan[video]'.") from None
    return imageio_ffmpeg
