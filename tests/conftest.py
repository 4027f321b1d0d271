import os

# Before TensorFlow is imported: its start-up notes are no test output.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import pytest


def pytest_collection_modifyitems(config, items):
    if os.environ.get("KGAN_TEST_DATA"):
        return
    skip = pytest.mark.skip(reason="KGAN_TEST_DATA names no folder with the real data sets")
    for item in items:
        if "real_data" in item.keywords:
            item.add_marker(skip)
