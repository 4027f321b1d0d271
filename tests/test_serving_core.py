"""`Core`: requests in parts, and the time that they have, on a model that says what it was given."""

import numpy as np
import pytest

from kgan.serving import core as core_module
from kgan.serving.core import Core, Limits
from kgan.serving.errors import ServingError
from kgan.serving.tensors import Signature, TensorInfo

SEED = {"seed": TensorInfo("seed", np.dtype("int64"), (None,))}
FILES = {"image_bytes": TensorInfo("files", np.dtype(object), (None,))}
PICTURES = {"images": TensorInfo("images", np.dtype("float32"), (None, None, None, 3))}
TEXTS = {"text": TensorInfo("text", np.dtype(object), (None, None))}
# A BMP of 1x1, as much of it as says so.
FILE = b"BM" + bytes(16) + b"\x01\0\0\0\x01\0\0\0"


class Clock:
    """The time, of which each run takes a second."""

    now = 0.0

    def monotonic(self):
        return self.now


class Model:
    """Has batches of 4 rows, and answers each of them with its first input."""

    max_batch_size = 4

    def __init__(self, clock):
        self.clock, self.sizes, self.shared, self.left = clock, [], [], []

    def check(self, signature, inputs):
        pass

    def run(self, signature, inputs, num_rows, timeout):
        self.clock.now += 1
        (array,) = inputs.values()
        self.sizes.append(len(array))
        self.shared.append(num_rows)
        self.left.append(timeout)
        return dict.fromkeys(signature.outputs, array)


@pytest.fixture
def model(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(core_module, "time", clock)
    return Model(clock)


def ask(model, inputs, outputs, array, seconds=None, **limits):
    signature = Signature("s", inputs, outputs)
    (answer,) = Core(None, Limits(**limits)).predict(model, signature, {next(iter(inputs)): array}, seconds).values()
    return answer


def files(count):
    return np.array([FILE + b"%d" % index for index in range(count)], object)


@pytest.mark.parametrize(
    ("inputs", "outputs", "array", "sizes", "shared"),
    [
        (SEED, FILES, np.arange(10), [4, 4, 2], [4, 4, 2]),
        # Of several sizes: in parts, but not joined with those of others.
        (FILES, FILES, files(10), [4, 4, 2], [None] * 3),
        (PICTURES, PICTURES, np.zeros((5, 2, 3, 3), "float32"), [4, 1], [None] * 2),
        (PICTURES, PICTURES, np.zeros((0, 2, 3, 3), "float32"), [0], [None]),
        # The answers need not be of one size, and could not be joined.
        (FILES, PICTURES, files(10), [10], [None]),
        (TEXTS, TEXTS, np.full((10, 2), b"x", object), [10], [None]),
    ],
)
def test_requests_go_in_parts_where_their_answers_can_be_joined(model, inputs, outputs, array, sizes, shared):
    np.testing.assert_array_equal(ask(model, inputs, outputs, array), array)
    assert (model.sizes, model.shared) == (sizes, shared)


def test_what_is_left_of_the_time_is_asked_before_each_part(model):
    with pytest.raises(ServingError) as caught:
        ask(model, FILES, FILES, files(20), seconds=2.5)
    assert (caught.value.code, caught.value.http_status) == ("DEADLINE_EXCEEDED", 504)
    assert model.left == [2.5, 1.5, 0.5]
    # A request of one part has its turn however late it comes, if nobody else wants it.
    assert len(ask(model, FILES, FILES, files(1), seconds=0.0)) == 1


def test_rows_and_texts_are_limited_wherever_they_stand(model):
    for inputs, array in ((SEED, np.arange(11)), (FILES, files(11)), (TEXTS, np.full((11, 1), b"x", object))):
        with pytest.raises(ServingError, match="may have 10 rows; got 11"):
            ask(model, inputs, FILES, array, rows=10)
    with pytest.raises(ServingError, match="may have 3 bytes; got 4"):
        ask(model, TEXTS, TEXTS, np.array([[b"abc", b"abcd"]], object), text_bytes=3)
    assert len(ask(model, FILES, FILES, files(3), text_bytes=3)) == 3
    assert model.sizes == [3]
