"""ADA: as much augmentation as the critic's overfitting calls for."""

from typing import Any

import keras
import tensorflow as tf

from kgan.augment import color, geometry
from kgan.augment.affine import compose
from kgan.augment.base import Augment, parse_policy
from kgan.augment.draws import Draws
from kgan.devices import num_replicas
from kgan.errors import InputError

GROUPS = ("blit", "geometry", "color")


@keras.saving.register_keras_serializable(package="kgan")
class ADA(Augment):
    """Adaptive discriminator augmentation (Karras et al. 2020, "Training GANs with Limited Data").

    Each change happens to each image with probability p (the pipeline that the paper's appendix B calls bgc):

    - `blit`: mirror; quarter turns; whole shifts, U(-1/8, 1/8) of the sides, rounded to pixels;
    - `geometry`: scale 2^N(0, 0.2²); a turn U(-π, π), a stretch 2^N(0, 0.2²) against its inverse, another turn; shift
      N(0, (1/8)²) of the sides;
    - `color`: brightness + N(0, 0.2²); contrast x 2^N(0, 0.5²); luma flip; hue U(-π, π); saturation x 2^N(0, 1).
      Hue and saturation change no gray image.

    p starts at 0. Every `interval` critic updates r_t = E[sign(D(real))] over the real logits since the last time is
    compared with `target`, and p moves by (real images since) / `ramp_images`, up if r_t is larger: the critic is sure
    of what it has seen, and overfits (section 3.1, equation 1). p, and what has been counted since, are saved weights.

    r_t asks for a critic that puts 0 between real and generated images, as the minimax, non-saturating and hinge losses
    make it. Relativistic losses, which leave the logits anywhere, are refused. So does the Wasserstein loss leave them,
    and the 0-1 coding of least squares puts real and generated images above 0: there p says nothing. DiffAugment goes
    with all losses.

    Simplified against the authors' code: images are resampled bilinearly at their own size, not twice as large between
    wavelet filters, which blurs a little more; they go on mirrored without end, not for one more side and then with
    zeros; and p stops at 1, where theirs counts on, to no effect but that it comes down later.

    Args:
        target: r_t to keep, in (-1, 1); 0.6 is the paper's.
        ramp_images: Real images in which p may move by 1; 500,000 is the paper's, less for a short training.
        interval: Critic updates from one look at r_t to the next.
        policy: The groups to use, separated by commas; they always act in the order above.
        **kwargs: Of keras.layers.Layer.

    Attributes:
        p: The probability, a saved weight: `float(ada.p)`.

    Raises:
        InputError: If an argument is out of its range, or `policy` names something else.
    """

    needs_signs = True

    def __init__(
        self,
        target: float = 0.6,
        ramp_images: int = 500_000,
        interval: int = 4,
        policy: str = "blit,geometry,color",
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        if not -1.0 < target < 1.0:
            raise InputError(f"`target` is a mean of signs and must lie in (-1, 1), such as 0.6; got {target!r}.")
        for name, value in (("ramp_images", ramp_images), ("interval", interval)):
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise InputError(f"`{name}` must be a whole number of at least 1; got {value!r}.")
        self._groups = parse_policy(policy, GROUPS)
        self.target, self.ramp_images, self.interval, self.policy = target, ramp_images, interval, policy
        self.p = self._add_state("p")
        self.sign_sum = self._add_state("sign_sum")
        self.num_logits = self._add_state("num_logits")
        self.num_images = self._add_state("num_images")
        self.num_updates = self._add_state("num_updates")

    def _add_state(self, name: str) -> keras.Variable:
        # What a replica counts is averaged over all of them, and so the same on each.
        return self.add_weight(
            name=name, shape=(), dtype="float32", initializer="zeros", trainable=False, aggregation="mean"
        )

    def augment(self, images: Any, seed: Any) -> tf.Tensor:
        """Returns the images, each change made with probability p; see `Augment.augment`.

        Raises:
            InputError: If the colours of images of neither 1 nor 3 channels are to be changed.
        """
        images = tf.cast(images, tf.float32)
        count, height, width = tf.unstack(tf.shape(images)[:3])
        draws = Draws(seed, count, self.p.value)
        maps: list[tf.Tensor] = []
        if "blit" in self._groups:
            maps += geometry.blit(draws, height, width)
        if "geometry" in self._groups:
            maps += geometry.general(draws, height, width)
        if maps:
            images = geometry.warp(images, compose(*maps))
        return color.recolor(images, draws) if "color" in self._groups else images

    def observe(self, real_logits: Any) -> None:
        """Counts the logits on augmented real images, of any rank, and moves p when it is time."""
        signs = tf.sign(tf.cast(real_logits, tf.float32))
        self.sign_sum.assign_add(tf.reduce_sum(signs))
        self.num_logits.assign_add(tf.cast(tf.size(signs), tf.float32))
        self.num_images.assign_add(tf.cast(tf.shape(signs)[0], tf.float32))
        self.num_updates.assign_add(1.0)
        # No tf.cond: a replica may not wait for the others inside of one.
        due = self.num_updates.value >= self.interval
        self.p.assign(tf.where(due, self._moved(), self.p.value))
        for tally in (self.sign_sum, self.num_logits, self.num_images, self.num_updates):
            tally.assign(tf.where(due, 0.0, tally.value))

    def _moved(self) -> tf.Tensor:
        overfitting = tf.math.divide_no_nan(self.sign_sum.value, self.num_logits.value)
        images = self.num_images.value * num_replicas()
        step = tf.sign(overfitting - self.target) * images / self.ramp_images
        return tf.clip_by_value(self.p.value + step, 0.0, 1.0)

    def logged(self) -> dict[str, tf.Tensor]:
        """Returns p, as `augment_p`."""
        return {"augment_p": tf.identity(self.p.value)}

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        own = {name: getattr(self, name) for name in ("target", "ramp_images", "interval", "policy")}
        return {**super().get_config(), **own}
