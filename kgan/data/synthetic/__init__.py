"""Worlds that the package draws itself: offline, in seconds, any number, with the truth about every image known."""

from kgan.data.synthetic.digits import digits
from kgan.data.synthetic.facades import facades
from kgan.data.synthetic.facades_materials import FACADE_CLASSES, decode_facades, decode_labels
from kgan.data.synthetic.faces import faces
from kgan.data.synthetic.faces_colours import FACE_TAGS, FACE_WORDS
from kgan.data.synthetic.faces_files import write_faces
from kgan.data.synthetic.horses import draw_horses, horses
from kgan.data.synthetic.horses_score import HorseScores, judge_horses

__all__ = [
    "FACADE_CLASSES",
    "FACE_TAGS",
    "FACE_WORDS",
    "HorseScores",
    "decode_facades",
    "decode_labels",
    "digits",
    "draw_horses",
    "facades",
    "faces",
    "horses",
    "judge_horses",
    "write_faces",
]
