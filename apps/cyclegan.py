"""CycleGAN: from one kind of image to another and back, learnt without pairs; horses to zebras by default.

Paper: Zhu et al. 2017: ResNet generators, PatchGANs of 70x70 pixels, least squares, cycles of weight 10, identities of
weight 5, pools of 50 images, batches of 1, Adam at 2e-4 with beta_1 0.5 for 200 epochs, the rate going to 0 over the
second half, enlarged, cropped and mirrored images.
Relatives: DiscoGAN (Kim et al. 2017), `--identity-weight 0 --pool-size 0 --loss non_saturating`; DualGAN (Yi et al.
2017), `--identity-weight 0 --pool-size 0 --loss wasserstein --penalty weight_clipping --cycle-weight 500`.
Data: horse2zebra by tensorflow-datasets, or another of its `cycle_gan/*`; a folder of trainA/ and trainB/, or of A/ and
B/; or `synthetic/horses`, drawn here.
Hardware and time: a line before the first step says it. The paper's networks at 256 pixels are for a GPU; a laptop will
do with `--size 64 --width 16`.
"""

from functools import partial
from pathlib import Path
from typing import Any, Literal

import kgan
from kgan.apps._shared import absolute, set_up
from kgan.apps._translators import EPOCHS, adam, decay, open_sides, steps_of, train_translator
from kgan.errors import InputError
from kgan.networks import patchgan, resnet
from kgan.runs import Run
from kgan.schedules import LinearDecay


def train(
    *,
    data: str = "cycle_gan/horse2zebra",
    epochs: int | None = None,
    minutes: float | None = None,
    batch_size: int = 1,
    size: int | None = None,
    width: int = 64,
    blocks: int | None = None,
    residual: bool = False,
    receptive_field: Literal["pixel", "16", "34", "70", "142", "286"] = "70",
    critic_norm: Literal["instance", "batch", "none"] = "instance",
    cycle_weight: float = 10.0,
    cycle_weight_end: float | None = None,
    identity_weight: float = 5.0,
    pool_size: int = 50,
    loss: str = "least_squares",
    penalty: str | None = None,
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
    """Train a CycleGAN on images of two kinds, and publish it.

    Args:
        data: A TFDS name such as `cycle_gan/horse2zebra`; a folder of trainA/ and trainB/, or of A/ and B/; or
            `synthetic`, drawn.
        epochs: Passes over the larger kind; 200 if --minutes is not given either. The learning rate goes to 0 over the
            second half of them.
        minutes: Wall-clock minutes of training; without --epochs the learning rate stays.
        batch_size: Images of each kind a step.
        size: Side of the images in pixels; by default 256, of drawn ones 64.
        width: Channels of the networks' largest feature maps; 64 is the paper's, and 16 has a sixteenth of the
            arithmetic.
        blocks: Residual blocks of the generators; by default 9 from 256 pixels on, and 6 below.
        residual: Let the generators make what is added to their input: what is to stay stays sooner, what
            is to go goes later.
        receptive_field: Side of the patches that the critics judge.
        critic_norm: What the critics normalise by; gradient penalties want none.
        cycle_weight: What the way there and back counts beside the game.
        cycle_weight_end: What this weight goes to over the second half of the epochs; by default it stays.
        identity_weight: What it counts that a generator leaves images of its own kind alone; 0 saves a third of the
            generators' work.
        pool_size: Generated images of each kind that are kept to show the critics; 0 shows them new ones only.
        loss: An adversarial loss of kgan.losses, by name.
        penalty: A penalty or constraint of kgan.penalties on the critics, by name.
        augment: What images pass before the critics; worth it with few of them.
        jitter: How many times as large training images become before they are cropped at random; 1 for not at all. By
            default 286/256, of drawn ones 1.
        flip: Mirror images half the time.
        learning_rate: Of both players' Adam.
        ema_decay: Decay of averaged generators, per step; by default there are none.
        precision: What the networks compute in.
        xla: Compile the step with XLA.
        skip_broken: Leave out images that cannot be read.
        seed: Of the weights, the noise and the order of the data.
        out: The run's folder, by default runs/cyclegan/<time>.
        run: The run to go on with (`kgan resume`).
    """
    data = absolute(data, "synthetic/horses")
    run = run or Run.new("cyclegan", locals(), out)
    epochs = EPOCHS if epochs is None and minutes is None else epochs
    images, validation, shown = open_sides(kgan.data.open_domains, data, size, jitter, skip_broken)
    model = run.restore()
    if model is None:
        set_up(seed, precision)
        model = build(
            images.image_shapes,
            width=width,
            blocks=blocks,
            residual=residual,
            receptive_field=receptive_field,
            critic_norm=critic_norm,
            cycle_weight=cycle_weight,
            identity_weight=identity_weight,
            pool_size=pool_size,
            ema_decay=ema_decay,
            augment=None if augment == "none" else augment,
            seed=seed,
        )
        model.compile(adam(learning_rate), adam(learning_rate), loss=loss, penalty=penalty, jit_compile=xla)
    total_steps = steps_of(images, batch_size, epochs)
    decay(model, learning_rate, total_steps)
    if cycle_weight_end is not None:
        model.cycle_weight = _changing(cycle_weight, cycle_weight_end, total_steps)
    budget: dict[str, Any] = {"batch_size": batch_size, "epochs": epochs, "minutes": minutes}
    train_translator(run, model, images, validation, shown, **budget, flip=flip, seed=seed)
    return run


def build(
    image_shapes: tuple[tuple[int, int, int], tuple[int, int, int]],
    *,
    width: int,
    blocks: int | None,
    residual: bool,
    receptive_field: str,
    critic_norm: str,
    **options: Any,
) -> kgan.CycleGAN:
    """Returns the model for domains of these shapes; the options are those of `train` and of `kgan.CycleGAN`."""
    shape_a, shape_b = image_shapes
    critic = partial(patchgan.discriminator, width=width, receptive_field=receptive_field, norm=critic_norm)
    return kgan.CycleGAN(
        resnet.generator(shape_a, shape_b[-1], width, blocks, residual, name="generator_ab"),
        resnet.generator(shape_b, shape_a[-1], width, blocks, residual, name="generator_ba"),
        critic(shape_a, name="discriminator_a"),
        critic(shape_b, name="discriminator_b"),
        **options,
    )


def _changing(weight: float, end: float, total_steps: int | None) -> LinearDecay:
    if total_steps is None:
        raise InputError("--cycle-weight-end goes by the epochs, and --minutes alone leaves them open; give --epochs.")
    if not end >= 0.0:
        raise InputError(f"--cycle-weight-end must be at least 0; got {end}.")
    return LinearDecay(weight, total_steps, end_learning_rate=end)
