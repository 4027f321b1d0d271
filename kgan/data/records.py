"""Encoded images and labels out of the files that TensorFlow Datasets prepares."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from kgan.data.decode import Encoded
from kgan.errors import InputError

Records = tuple[Sequence[Encoded], np.ndarray | None]


def read_records(builder: Any, split: str, count: int, budget: int) -> Records:
    """Returns the still encoded images of the first `count` records of a split, and their labels if they have any.

    ArrayRecord files stay on the disk and are read at random; TFRecord files, which only read in order, are held.

    Raises:
        InputError: If the images have to be held and are more than `budget` bytes, or the files are of another format.
    """
    file_format = builder.info.file_format.value
    label = dict(builder.info.features).get("label")
    has_label = label is not None and label.shape == () and np.issubdtype(label.np_dtype, np.integer)
    if file_format == "array_record":
        return _array_records(builder, split, count, has_label)
    size = builder.info.splits[split].num_bytes
    if file_format != "tfrecord" or size > budget:
        raise InputError(
            f"data set {builder.info.name!r}: its {size >> 20} MiB of {file_format} files cannot be read at random, "
            f"and {'more than fit in memory' if file_format == 'tfrecord' else 'not be held'}; prepare it with "
            "tensorflow_datasets as file_format='array_record', or ask for less with a split such as 'train[:10%]'."
        )
    return _tf_records(builder, split, count, has_label)


def _tf_records(builder: Any, split: str, count: int, has_label: bool) -> Records:
    keys = {"image": tf.io.FixedLenFeature([], tf.string)}
    if has_label:
        keys["label"] = tf.io.FixedLenFeature([], tf.int64)
    images: list[bytes] = []
    labels: list[np.ndarray] = []
    # Parsing many records at once takes a tenth of the time of TFDS's own reading, which parses each by itself.
    for part in builder.info.splits[split].file_instructions:
        records = tf.data.TFRecordDataset(part.filename).skip(part.skip).take(part.take).take(count - len(images))
        for batch in records.batch(1024).map(lambda record: tf.io.parse_example(record, keys)).as_numpy_iterator():
            images.extend(batch["image"])
            labels.append(batch.get("label"))
    return images, np.concatenate(labels) if has_label else None


def _array_records(builder: Any, split: str, count: int, has_label: bool) -> Records:
    import tensorflow_datasets as tfds

    raw = tfds.decode.DeserializeMethod.RAW_BYTES
    records = _ArrayRecords(builder.as_data_source(split, deserialize_method=raw), count)
    if not has_label:
        return records, None
    return records, np.array([records.example(index)["label"].int64_list.value[0] for index in range(count)])


class _ArrayRecords(Sequence[bytes]):
    """The encoded images of an ArrayRecord source, read when asked for."""

    def __init__(self, source: Any, count: int) -> None:
        self._source = source
        self._count = count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: Any) -> Any:
        return self.example(index)["image"].bytes_list.value[0]

    def example(self, index: int) -> Any:
        """Returns the features of a record by name."""
        return tf.train.Example.FromString(self._source[index]).features.feature
