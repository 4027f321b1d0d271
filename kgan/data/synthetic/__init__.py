"""Worlds that the package draws itself: offline, in seconds, any number, with the truth about every image known."""

from kgan.data.synthetic.digits import digits
from kgan.data.synthetic.faces import faces
from kgan.data.synthetic.faces_colours import FACE_TAGS, FACE_WORDS
from kgan.data.synthetic.faces_files import write_faces

__all__ = ["FACE_TAGS", "FACE_WORDS", "digits", "faces", "write_faces"]
