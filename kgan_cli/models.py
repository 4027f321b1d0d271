"""`kgan models`: what is published."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kgan.export import PublishedModel, published


def describe_models(savedmodels: Path) -> str:
    """Returns a paragraph for each published model: versions, labels, where it comes from, scores, signatures.

    Raises:
        InputError: If there is no such folder, or what lies in it is damaged.
    """
    models = published(savedmodels)
    if not models:
        return f"{savedmodels} holds no models; kgan export RUN publishes a run's model."
    return "\n\n".join("\n    ".join(_lines(model)) for model in models)


def _lines(model: PublishedModel) -> Iterator[str]:
    count = "version" if len(model.versions) == 1 else "versions"
    labels = "".join(f", {label} is {version}" for label, version in model.labels.items())
    yield f"{model.name}: {count} {', '.join(map(str, model.versions))}{labels}"
    about = model.manifest
    if about is None:
        yield "not published by kgan"
        return
    source = " ".join(word for word in (about["app"], about["data"] and f"on {about['data']}") if word)
    yield f"{about['family']}{source and f' ({source})'}, {_size(about['image'])}, {about['created'][:10]}"
    if about["scores"]:
        yield _score(about["scores"])
    yield ", ".join(about["signatures"])


def _size(image: Mapping[str, int | None]) -> str:
    if image["height"] is None:
        return f"any size, {image['channels']} channels"
    return f"{image['height']}x{image['width']}x{image['channels']}"


def _score(scores: Mapping[str, Any]) -> str:
    metric, protocol = scores["metric"], scores["protocol"]
    return (
        f"{metric.replace('_', ' ')} {scores['scores'][metric]:.3g}, of real images {scores['floor'][metric]:.3g} "
        f"({protocol['extractor']}, {protocol['num_generated']:,} images)"
    )
