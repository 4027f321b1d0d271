"""Videos, frame by frame, through ffmpeg: the extra `video`."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from kgan.errors import InputError
from kgan.files import atomic_file
from kgan_cli.failures import say

SUFFIXES = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v")
# Other containers take ffmpeg's own choice, H.264.
CODECS = {".webm": "libvpx-vp9"}
EVERY = 25


def check(file: Path, target: Path) -> None:
    """Refuses a video before any work is done.

    Raises:
        InputError: If the extra is not installed, or the target's name is not that of a video.
    """
    _ffmpeg(file)
    if target.suffix.lower() not in SUFFIXES:
        raise InputError(f"{target}: {file} is a video, and so is its translation: name it {', '.join(SUFFIXES)}.")


def translate(file: Path, target: Path, translator: Callable[[np.ndarray], np.ndarray] | Any) -> str | None:
    """Translates a video's frames; its size, rate and, by the file's name, format stay, its sound does not.

    Returns:
        Why it could not be read, or None.

    Raises:
        InputError: As `check` does, or if the target cannot be written.
    """
    check(file, target)
    frames = _ffmpeg(file).read_frames(str(file))
    try:
        about = next(frames)
    except (OSError, RuntimeError, StopIteration) as error:
        return f"not a video that ffmpeg can read ({str(error).splitlines()[0]})"
    width, height = about["size"]
    total = round(about.get("duration", 0.0) * about["fps"])

    def translated() -> Iterable[bytes]:
        for index, frame in enumerate(frames):
            if index % EVERY == 0:
                say(f"{file.name}: frame {index:,} of {total:,}")
            yield _translated(np.frombuffer(frame, np.uint8).reshape(height, width, 3), translator)

    with atomic_file(target) as temporary:
        _write(temporary, target, translated(), (width, height), about["fps"])
    return None


def _write(temporary: Path, target: Path, frames: Iterable[bytes], size: tuple[int, int], fps: float) -> None:
    ffmpeg = _ffmpeg(target)
    suffix = target.suffix.lower()
    # Colours at half the size, which players like best, need even sides.
    colours = "yuv420p" if all(side % 2 == 0 for side in size) else "yuv444p"
    options = {"codec": CODECS.get(suffix), "pix_fmt_out": colours, "ffmpeg_log_level": "error"}
    writer = ffmpeg.write_frames(str(temporary), size, fps=fps, macro_block_size=1, **options)
    writer.send(None)
    count = 0
    try:
        for frame in frames:
            writer.send(frame)
            count += 1
        writer.close()
        # ffmpeg that fails at the end fails in silence.
        written = ffmpeg.count_frames_and_secs(str(temporary))[0]
    except (OSError, RuntimeError):
        written = -1
    finally:
        writer.close()
    if written < count:
        raise InputError(f"{target}: ffmpeg cannot write this; another format may do, such as .mp4, or more disk.")


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
