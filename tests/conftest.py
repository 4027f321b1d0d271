import os

# Before TensorFlow is imported: its start-up notes are no test output.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
# Before gRPC is: while a test's gRPC server is busy, its handlers of fork() would break the video tests' ffmpeg, whose
# descriptors a child of gRPC's own threads shares.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")

import importlib

import pytest


@pytest.fixture(scope="module")
def quick_apps():
    """Trains without measuring a step first, and publishes without asking a fresh process, which take 5 s each."""
    with pytest.MonkeyPatch.context() as patch:
        # `kgan.export` is the function.
        patch.setattr(importlib.import_module("kgan.export.exporting"), "_check", lambda folder, cases: None)
        patch.setattr("kgan.runs.training.tell", lambda *arguments: None)
        yield


def pytest_collection_modifyitems(config, items):
    if os.environ.get("KGAN_TEST_DATA"):
        return
    skip = pytest.mark.skip(reason="KGAN_TEST_DATA names no folder with the real data sets")
    for item in items:
        if "real_data" in item.keywords:
            item.add_marker(skip)
