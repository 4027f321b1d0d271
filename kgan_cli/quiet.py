"""Importing TensorFlow without its start-up notes."""

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator


def import_tensorflow() -> None:
    """Imports TensorFlow and kgan; what they print on the way is shown only if the import fails.

    TF_CPP_MIN_LOG_LEVEL does not reach the notes that TensorFlow 2.20 and later print before their log is set up.
    """
    if "TF_CPP_MIN_LOG_LEVEL" in os.environ:
        import kgan
    else:
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
        with _stderr_held_back():
            import tensorflow as tf

            import kgan  # noqa: F401

            # The first look at the devices prints as well. Workers have to find each other before it.
            if "TF_CONFIG" not in os.environ:
                tf.config.list_logical_devices()


@contextlib.contextmanager
def _stderr_held_back() -> Iterator[None]:
    with tempfile.TemporaryFile() as held:
        sys.stderr.flush()
        real = os.dup(2)
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(real, held.read())
            raise
        finally:
            os.dup2(real, 2)
            os.close(real)
