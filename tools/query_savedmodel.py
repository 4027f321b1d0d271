"""Asks a published model for sampled PNGs and tiles them: python query_savedmodel.py SAVEDMODEL OUT.png.

Imports TensorFlow alone, as whoever serves the model does: no kgan, no keras.
"""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf


def main(folder: str, out: str) -> None:
    """Samples seeds 1000 to 1035 through the `sample_png` signature and writes them as one picture of 6 rows."""
    model = tf.saved_model.load(folder)
    answer = model.signatures["sample_png"](seed=tf.range(1000, 1036, dtype=tf.int64))
    images = tf.stack([tf.io.decode_png(png) for png in answer["image_bytes"]])
    rows = [tf.concat(list(images[i : i + 6]), axis=1) for i in range(0, 36, 6)]
    tf.io.write_file(out, tf.io.encode_png(tf.concat(rows, axis=0)))
    print(f"{len(images)} images of {images.shape[1]}x{images.shape[2]} from {folder}: {out}")


if __name__ == "__main__":
    main(*sys.argv[1:])
