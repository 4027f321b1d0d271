"""The Frechet and kernel distances and the other shared metrics, beside torch-fidelity's, on the same features.

    python -m venv fidelity
    fidelity/bin/pip install torch==2.13.0 numpy scipy tqdm pillow requests
    fidelity/bin/pip install --no-deps torch-fidelity==0.4.0
    python benchmarks/torch_fidelity.py fidelity/bin/python

torch-fidelity is no dependency of kgan and lives in an environment of its own; features go there as .npy files. Only
its functions of features are called, so that it can do without torchvision (--no-deps), which it imports for its
networks.
Both get float64. Its Frechet distance takes the eigenvalues of S₁ S₂, which is not symmetric, and so loses half of the
digits where a covariance is nearly singular; the last case shows how far that goes.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

SEED = 2020
THEIRS = """
import importlib.util, json, sys
from unittest import mock
if importlib.util.find_spec("torchvision") is None:
    for name in ("", ".datasets", ".transforms", ".transforms.functional"):
        sys.modules["torchvision" + name] = mock.MagicMock()
import numpy as np, torch
from torch_fidelity import metric_fid, metric_isc, metric_kid, metric_prc
fake, real, logits = (torch.from_numpy(np.load(name + ".npy")) for name in ("fake", "real", "logits"))
options = {"rng_seed": int(sys.argv[1]), "verbose": False, "kid_subsets": 20, "kid_subset_size": 300}
statistics = [metric_fid.fid_features_to_statistics(features) for features in (fake, real)]
kernel = metric_kid.kid_features_to_metric(fake, real, **options)
score = metric_isc.isc_features_to_metric(logits, shuffle=False)
shares = metric_prc.prc_features_to_metric(fake, real, verbose=False)
print(json.dumps({
    "Frechet distance": metric_fid.fid_statistics_to_metric(*statistics, False)["frechet_inception_distance"],
    "kernel distance, mean": kernel["kernel_inception_distance_mean"],
    "kernel distance, std": kernel["kernel_inception_distance_std"],
    "classifier score, mean": score["inception_score_mean"],
    "classifier score, std": score["inception_score_std"],
    "precision": shares["precision"],
    "recall": shares["recall"],
}))
"""


def ours(fake: np.ndarray, real: np.ndarray, logits: np.ndarray) -> dict[str, float]:
    """Returns kgan's values."""
    from scipy.special import softmax

    from kgan import metrics

    kernel = metrics.kernel_distance(real, fake, subsets=20, subset_size=300, seed=SEED)
    score = metrics.classifier_score(softmax(logits, axis=1))
    shares = metrics.precision_recall(real, fake)
    return {
        "Frechet distance": metrics.frechet_distance(real, fake),
        "kernel distance, mean": kernel.mean,
        "kernel distance, std": kernel.std,
        "classifier score, mean": score[0],
        "classifier score, std": score[1],
        "precision": shares.precision,
        "recall": shares.recall,
    }


def theirs(python: str, **arrays: np.ndarray) -> dict[str, float]:
    """Returns torch-fidelity's values, from a process of the other Python."""
    with tempfile.TemporaryDirectory() as folder:
        for name, array in arrays.items():
            np.save(Path(folder) / f"{name}.npy", array)
        # The folder is also where it looks for modules first: this script has the name of theirs.
        command = [python, "-c", THEIRS, str(SEED)]
        return json.loads(subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout)


def main(python: str) -> None:
    """Prints both values of each metric, and how far apart they are."""
    rng = np.random.default_rng(0)
    logits = rng.normal(0.0, 3.0, (1000, 10))
    for title, size, counts in (
        ("128 dimensions, 2,000 and 1,500 samples", 128, (2000, 1500)),
        ("512 dimensions, 400 samples of each", 512, (400, 400)),
    ):
        mixing = rng.normal(size=(size, size)) / np.sqrt(size)
        fake, real = (
            np.abs(rng.normal(size=(counts[0], size)) @ mixing),
            np.abs(rng.normal(0.1, 1.2, (counts[1], size))),
        )
        expected, found = theirs(python, fake=fake, real=real, logits=logits), ours(fake, real, logits)
        print(f"\n{title}\n{'':26}{'kgan':>20}{'torch-fidelity':>20}{'relative':>12}")
        for name, value in expected.items():
            apart = abs(found[name] - value) / (abs(value) or 1.0)
            print(f"{name:26}{found[name]:20.12g}{value:20.12g}{apart:12.1e}")


if __name__ == "__main__":
    # Absolute, without following links: an environment's Python is a link, and knows by its place which one it is.
    main(os.path.abspath(sys.argv[1]))  # noqa: PTH100
