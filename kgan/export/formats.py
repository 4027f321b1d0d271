"""Other forms of a published model, for devices and servers without TensorFlow: ONNX and LiteRT."""

import contextlib
import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from kgan.errors import InputError, unknown_name
from kgan.export.errors import ExportError
from kgan.export.manifest import EXTRA
from kgan.export.signatures import IMAGES, Signature

# Other kernels than TensorFlow's, in another order.
TOLERANCE = 1e-4
# tf2onnx 1.17 knows it, and so do onnxruntime from 1.14 and OpenVINO from 2023.1 on.
OPSET = 18
ONNX_OUTPUT = "translated"

Inputs = Mapping[str, np.ndarray]


def check_formats(formats: Sequence[str]) -> None:
    """Refuses formats that cannot be written here.

    Raises:
        InputError: If one is unknown, or its packages are missing.
    """
    for name in formats:
        if name not in WRITERS:
            raise unknown_name("format", name, WRITERS)
        if name == "onnx":
            try:
                import onnxruntime  # noqa: F401
                import tf2onnx  # noqa: F401
            except ImportError as error:
                raise InputError(f"format onnx needs {error.name}: pip install 'kgan[onnx]'") from None


def write_formats(
    folder: Path, served: Mapping[str, Signature], cases: Mapping[str, np.ndarray], formats: Sequence[str]
) -> list[str]:
    """Writes the plain image signatures of a SavedModel in other formats, each to a file, and compares the answers.

    Plain are those that take numbers alone and draw nothing: latents to images, images to images. What would be the
    same under two names is written under the last.

    Args:
        folder: The SavedModel.
        served: Its signatures.
        cases: What the live model answers; see `kgan.export.cases`.
        formats: Which formats.

    Returns:
        The files' names, `<signature>.onnx` and `<signature>.tflite` in `assets.extra/`.

    Raises:
        ExportError: If an operation has no counterpart in the format, or an answer differs by more than 1e-4.
    """
    written = []
    for name, signature in _plain(served).items():
        for kind in formats:
            suffix, write = WRITERS[kind]
            file = folder / EXTRA / f"{name}{suffix}"
            try:
                with _quiet():
                    answer = write(folder, name, signature, file)
                differences = [_difference(answer, name, signature, cases, rows) for rows in (1, 3)]
            # Converters raise whatever they like.
            except Exception as error:
                reason = _reason(error)
                raise ExportError(f"{name} cannot be written as {kind}, and nothing was published: {reason}") from error
            # Written so that NaN fails too.
            if not max(differences) <= TOLERANCE:
                raise ExportError(
                    f"{name} as {kind} answers otherwise than the model, by {max(differences):.3g} where {TOLERANCE:g} "
                    "is allowed; nothing was published."
                )
            written.append(file.name)
    return written


def _plain(served: Mapping[str, Signature]) -> dict[str, Signature]:
    numbers = {
        name: signature
        for name, signature in served.items()
        if not signature.png and all(spec.dtype.is_floating for spec in signature.specs)
    }
    last = {id(signature.endpoint): name for name, signature in numbers.items()}
    return {name: numbers[name] for name in last.values()}


def _difference(
    answer: Callable[[Inputs], np.ndarray],
    name: str,
    signature: Signature,
    cases: Mapping[str, np.ndarray],
    rows: int,
) -> float:
    found = answer({spec.name: cases[f"{name}/{rows}/input/{spec.name}"] for spec in signature.specs})
    expected = cases[f"{name}/{rows}/expected"]
    if found.shape != expected.shape:
        raise ValueError(f"expected {expected.shape}, got {found.shape}")
    return float(np.abs(found - expected).max())


def _reason(error: Exception) -> str:
    lacking = sorted(set(re.findall(r"'tf\.(\w+)' op is neither", str(error))))
    if lacking:
        return f"it has no {', '.join(lacking)}"
    return (str(error).strip() or type(error).__name__).splitlines()[0]


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Holds back what TensorFlow warns of when it freezes a graph: of tables that no plain signature has."""
    level = tf.get_logger().level
    tf.get_logger().setLevel("ERROR")
    try:
        yield
    finally:
        tf.get_logger().setLevel(level)


def _write_onnx(folder: Path, name: str, signature: Signature, file: Path) -> Callable[[Inputs], np.ndarray]:
    import onnxruntime
    import tf2onnx

    # In ONNX inputs and outputs share one space of names.
    output = ONNX_OUTPUT if IMAGES in {spec.name for spec in signature.specs} else IMAGES
    function = tf.function(lambda *rows: {output: signature.serve(*rows)[IMAGES]}, autograph=False)
    tf2onnx.convert.from_function(function, signature.specs, opset=OPSET, output_path=str(file))
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    return lambda inputs: session.run([output], dict(inputs))[0]


def _write_litert(folder: Path, name: str, signature: Signature, file: Path) -> Callable[[Inputs], np.ndarray]:
    converter = tf.lite.TFLiteConverter.from_saved_model(str(folder), signature_keys=[name])
    file.write_bytes(converter.convert())
    with warnings.catch_warnings():
        # That the interpreter will move to a package of its own.
        warnings.simplefilter("ignore")
        runner = tf.lite.Interpreter(str(file)).get_signature_runner(name)
    return lambda inputs: runner(**inputs)[IMAGES]


Writer = Callable[[Path, str, Signature, Path], Callable[[Inputs], np.ndarray]]
WRITERS: dict[str, tuple[str, Writer]] = {"onnx": (".onnx", _write_onnx), "litert": (".tflite", _write_litert)}
