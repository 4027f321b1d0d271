"""pix2pix: an image from the image that belongs to it, learnt from pairs; label maps to facades by default.

Paper: Isola et al. 2017: U-Net, PatchGAN of 70x70 pixels, L1 of weight 100, batches of 1, Adam at 2e-4 with beta_1 0.5
for 200 epochs, enlarged, cropped and mirrored images. From the authors' code: the rate goes to 0 over the second half.
Instance norm, so that a test is as the training was; `--norm batch` is the paper's.
Data: a folder of joined pictures or of A/ and B/; or `synthetic/facades`, drawn here. CMP's facades, 400 pairs:
http://efrosgans.eecs.berkeley.edu/pix2pix/datasets/facades.tar.gz, with `--input-side right`.
Hardware and time: a line before the first step says it. The paper's networks at 256 pixels are for a GPU; a laptop will
do with `--size 64 --width 16`.
"""

from pathlib import Path
from typing import Any, Literal

import kgan
from kgan.apps._shared import absolute, set_up
from kgan.apps._translators import EPOCHS, adam, decay, open_sides, steps_of, train_translator
from kgan.errors import InputError
from kgan.networks import patchgan, unet
from kgan.runs import Run

FACADES = "http://efrosgans.eecs.berkeley.edu/pix2pix/datasets/facades.tar.gz"


def train(
    *,
    data: str = "synthetic/facades",
    input_side: Literal["left", "right"] = "left",
    epochs: int | None = None,
    minutes: float | None = None,
    batch_size: int = 1,
    size: int | None = None,
    width: int = 64,
    norm: Literal["instance", "batch"] = "instance",
    dropout: float = 0.5,
    receptive_field: Literal["pixel", "16", "34", "70", "142", "286"] = "70",
    l1_weight: float = 100.0,
    loss: str = "non_saturating",
    augment: Literal["none", "diffaugment", "ada"] = "none",
    jitter: float | None = None,
    flip: bool = True,
    learning_rate: float = 2e-4,
    ema_decay: float | None = None,
    precision: Literal["float32", "bfloat16", "float16"] = "float32",
    xla: bool = False,
    skip_broken: bool = False,
    seed: int = 0,
    out: Path | None = None,
    run: Run | None = None,
) -> Run:
    """Train pix2pix on pairs of images, and publish it.

    Args:
        data: A folder of joined pictures, or of A/ and B/ with files of the same stems; or `synthetic`, drawn.
        input_side: The side of joined pictures that is translated; of A/ and B/, left is A.
        epochs: Passes over the data; 200 if --minutes is not given either. The learning rate goes to 0 over the second
            half of them.
        minutes: Wall-clock minutes of training; without --epochs the learning rate stays.
        batch_size: Pairs a step.
        size: Side of the images in pixels, 16 or more; by default 256, of drawn ones 64.
        width: Channels of the networks' largest feature maps; 64 is the paper's, and 16 has a sixteenth of the
            arithmetic.
        norm: What both networks normalise by; batch is the paper's, whose generator is then noisy at test, too.
        dropout: Rate of the generator's dropout.
        receptive_field: Side of the patches that the critic judges.
        l1_weight: What the L1 distance from the target counts beside the game.
        loss: An adversarial loss of kgan.losses, by name.
        augment: What pairs pass before the critic; worth it with few of them.
        jitter: How many times as large training images become before they are cropped at random; 1 for not at all. By
            default 286/256, of drawn ones 1.
        flip: Mirror pairs half the time.
        learning_rate: Of both players' Adam.
        ema_decay: Decay of an averaged generator, per step; by default there is none.
        precision: What the networks compute in.
        xla: Compile the step with XLA.
        skip_broken: Leave out pairs that cannot be read.
        seed: Of the weights, the noise and the order of the data.
        out: The run's folder, by default runs/pix2pix/<time>.
        run: The run to go on with (`kgan resume`).
    """
    data = absolute(data, "synthetic/facades")
    run = run or Run.new("pix2pix", locals(), out)
    if data == "facades":
        raise _no_facades()
    images, validation, shown = open_sides(kgan.data.open_pairs, data, size, jitter, skip_broken, input_side=input_side)
    model = run.restore()
    if model is None:
        set_up(seed, precision)
        model = build(
            images.image_shapes,
            width=width,
            norm=norm,
            dropout=dropout,
            receptive_field=receptive_field,
            l1_weight=l1_weight,
            ema_decay=ema_decay,
            augment=None if augment == "none" else augment,
            seed=seed,
        )
        model.compile(adam(learning_rate), adam(learning_rate), loss=loss, jit_compile=xla)
    epochs = EPOCHS if epochs is None and minutes is None else epochs
    decay(model, learning_rate, steps_of(images, batch_size, epochs))
    budget: dict[str, Any] = {"batch_size": batch_size, "epochs": epochs, "minutes": minutes}
    train_translator(run, model, images, validation, shown, **budget, flip=flip, seed=seed)
    return run


def build(
    image_shapes: tuple[tuple[int, int, int], tuple[int, int, int]],
    *,
    width: int,
    norm: str,
    dropout: float,
    receptive_field: str,
    **options: Any,
) -> kgan.Pix2Pix:
    """Returns the model for pairs of these shapes; the options are those of `train` and of `kgan.Pix2Pix`."""
    shape_a, shape_b = image_shapes
    return kgan.Pix2Pix(
        unet.generator(shape_a, shape_b[-1], width, norm, dropout),
        patchgan.discriminator(shape_b, shape_a[-1], width, receptive_field, norm),
        **options,
    )


def _no_facades() -> InputError:
    # No checksum of the archive is published, and without one what is downloaded could be anything.
    return InputError(
        f"data 'facades': no such folder; download and unpack {FACADES} here, then train with --data facades "
        "--input-side right. 'synthetic/facades' is drawn and needs no download."
    )
