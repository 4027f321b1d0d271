"""Augmentations in a model: what the critic sees of them, what is saved, and what stays as it was without."""

import subprocess
import sys
import textwrap
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

import kgan
import tiny
from kgan.augment import ADA, Augment, DiffAugment
from kgan.errors import InputError

SEED = tf.constant([3, 5], tf.int64)


def full_ada():
    ada = ADA()
    ada.p.assign(1.0)
    return ada


each_kind = pytest.mark.parametrize("augment", [DiffAugment(), full_ada()], ids=["diffaugment", "ada"])
each_compiled = pytest.mark.parametrize("compiled", [False, True], ids=["eager", "xla"])


def gan(augment, make_discriminator=tiny.discriminator, optimizer=lambda: keras.optimizers.SGD(0.1), **compile):
    keras.utils.set_random_seed(7)
    model = kgan.GAN(tiny.generator(), make_discriminator(), tiny.LATENT_DIM, augment=augment, seed=1)
    model.compile(optimizer(), optimizer(), **compile)
    return model


@keras.saving.register_keras_serializable(package="tests")
class Scale(Augment):
    """Multiplies all images by one number, drawn from U(1, 2), and remembers what it was shown."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.observed = []

    @staticmethod
    def factor(seed):
        return tf.random.stateless_uniform((), seed, 1.0, 2.0, alg="philox")

    def augment(self, images, seed):
        return images * self.factor(seed)

    def observe(self, real_logits):
        self.observed.append(real_logits.numpy())


def linear_gan(augment, **compile):
    return gan(augment, tiny.linear_critic, loss="wasserstein", run_eagerly=True, **compile)


def test_both_players_and_the_penalty_see_augmented_images_each_by_a_draw_of_its_own():
    model = linear_gan(Scale(), penalty=kgan.R1(10))
    kernel, bias = (w.numpy() for w in model.generator.weights)
    critic = model.discriminator.weights[0].numpy()
    real = tiny.images(8)
    latents = tf.random.stateless_normal((8, tiny.LATENT_DIM), [1, 0], alg="philox").numpy()
    fakes = np.tanh(latents @ kernel + bias)
    # Draw 0 was the latents'; 1 and 2 the critic's real and generated images, 3 the penalty's, 4 and 5 the generator's.
    on_real, on_fakes, for_generator = (float(Scale.factor([1, draw])) for draw in (1, 2, 5))

    logs = model.train_on_batch(real, return_dict=True)

    logits = on_real * real.reshape(8, 16) @ critic
    np.testing.assert_allclose(model.augment.observed, [logits], rtol=1e-5)
    # R1 by the images before their augmentation: D(a x) has slope a w.
    assert logs["r1"] == pytest.approx(0.5 * 10 * on_real**2 * (critic**2).sum(), rel=1e-5)
    loss = (on_fakes * fakes @ critic).mean() - logits.mean()
    assert logs["discriminator_loss"] == pytest.approx(loss, rel=1e-5)
    gradient = on_fakes * fakes.mean(0) - on_real * real.reshape(8, 16).mean(0)
    critic = critic - 0.1 * (gradient[:, None] + 10 * on_real**2 * critic)
    np.testing.assert_allclose(model.discriminator.weights[0].numpy(), critic, atol=1e-5)
    pull = -for_generator * critic[:, 0] * (1 - fakes**2) / 8
    np.testing.assert_allclose(model.generator.weights[0].numpy(), kernel - 0.1 * latents.T @ pull, atol=1e-5)


def test_every_critic_update_is_observed_and_evaluation_sees_plain_images():
    model = linear_gan(Scale(), penalty=kgan.R1(10), critic_steps=2)
    model.train_on_batch(tiny.images(8))
    assert [logits.shape for logits in model.augment.observed] == [(4, 1), (4, 1)]
    critic, draws = model.discriminator.weights[0].numpy(), int(model.draws)
    scores = model.evaluate(tiny.images(8, seed=9), batch_size=8, verbose=0, return_dict=True)
    assert scores["r1"] == pytest.approx(0.5 * 10 * (critic**2).sum(), rel=1e-5)
    assert (len(model.augment.observed), int(model.draws)) == (2, draws)


def test_a_relativistic_generator_compares_augmented_images():
    model = gan(Scale(), tiny.linear_critic, loss=kgan.losses.RelativisticPaired("hinge"))
    real, fakes = tiny.images(4), tiny.images(4, seed=1)
    critic = model.discriminator.weights[0].numpy()[:, 0]
    on_real, on_fakes = (float(Scale.factor([1, draw])) for draw in (0, 1))
    margins = (on_fakes * fakes.reshape(4, 16) - on_real * real.reshape(4, 16)) @ critic
    loss = model.generator_losses(real, fakes)["generator_loss"]
    assert float(loss) == pytest.approx(np.maximum(0, 1 - margins).mean(), rel=1e-5)


@pytest.mark.parametrize(
    ("augment", "penalty"),
    [(DiffAugment("color,cutout"), kgan.R1(10, every=2)), (ADA(target=0.0, ramp_images=100, interval=2), None)],
    ids=["diffaugment", "ada"],
)
def test_a_gan_with_each_goes_on_exactly_from_its_file(augment, penalty, tmp_path):
    def adam():
        return keras.optimizers.Adam(0.01, beta_1=0.5)

    model = gan(augment, optimizer=adam, penalty=penalty)
    # A critic that takes all for real, so that p rises.
    model.discriminator.layers[-1].bias.assign([5.0])
    history = model.fit(tiny.batches(), steps_per_epoch=3, verbose=0).history
    assert ("augment_p" in history) == isinstance(augment, ADA)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.augment is not augment and loaded.augment.get_config() == augment.get_config()
    assert tiny.differences(model, loaded) == []
    if isinstance(augment, ADA):
        # In the midst of an interval: p has moved after the second update, and the third is counted.
        assert float(loaded.augment.p) == pytest.approx(0.16)
        assert float(loaded.augment.num_images) == 8
    for one in (model, loaded):
        history = one.fit(tiny.batches(), epochs=2, verbose=0).history
    assert tiny.differences(model, loaded) == []
    if isinstance(augment, ADA):
        assert 0.16 < history["augment_p"][0] < history["augment_p"][1] <= float(loaded.augment.p) <= 1
        scores = model.evaluate(tiny.images(8), batch_size=8, verbose=0, return_dict=True)
        assert scores["augment_p"] == pytest.approx(float(model.augment.p))


def test_a_file_from_before_augmentation_still_loads():
    config = gan(None).get_config()
    assert config.pop("augment") is None
    assert kgan.GAN.from_config(config).augment is None


@each_compiled
@each_kind
def test_r1_through_an_augmentation_has_the_right_gradient(augment, compiled):
    """D(x) = 1/2 |w A(x)|^2 with A affine: its matrix, column by column, and float64 differences say what R1 does."""
    shape = (5, 4, 3)
    size = int(np.prod(shape))
    rng = np.random.default_rng(0)
    x, w = rng.uniform(-1, 1, shape).astype("float32"), tf.Variable(rng.uniform(0.5, 1.5, size).astype("float32"))

    def slopes():
        with tf.GradientTape() as tape:
            term = kgan.R1(2.0)(critic, x[None], None, SEED)
        return tape.gradient(term, w)

    def critic(images):
        seen = tf.reshape(augment.augment(images, SEED), (-1, size))
        return 0.5 * tf.reduce_sum(tf.square(w * seen), axis=1)

    def one(image):
        return augment.augment(image[None], SEED)[0]

    if compiled:
        slopes, one = tf.function(slopes, jit_compile=True), tf.function(one, jit_compile=True)
    offset = one(np.zeros(shape, "float32")).numpy().ravel().astype("float64")
    columns = [one(basis.reshape(shape)).numpy().ravel() - offset for basis in np.eye(size, dtype="float32")]
    matrix = np.stack(columns, axis=1)
    np.testing.assert_allclose(one(x).numpy().ravel(), matrix @ x.ravel() + offset, atol=1e-5)

    def penalty(w):
        return np.sum((matrix.T @ (w**2 * (matrix @ x.ravel() + offset))) ** 2)

    steps = 1e-5 * np.eye(size)
    expected = [(penalty(w.numpy() + step) - penalty(w.numpy() - step)) / 2e-5 for step in steps]
    largest = np.abs(expected).max()
    assert largest > 1e-3
    np.testing.assert_allclose(slopes(), expected, rtol=1e-3, atol=1e-4 * largest)


def test_mixed_precision_leaves_images_and_p_in_float32():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = gan(full_ada(), run_eagerly=True)
    finally:
        keras.config.set_dtype_policy("float32")
    model.train_on_batch(tiny.images(8))
    assert model.augment.p.dtype == "float32"
    for augment in (model.augment, DiffAugment()):
        assert augment.augment(tf.zeros((2, 4, 4, 1), tf.bfloat16), SEED).dtype == tf.float32


def test_augmentations_by_name():
    assert kgan.augment.get(None) is None
    assert isinstance(kgan.augment.get("ada"), ADA)
    assert isinstance(gan("diffaugment").augment, DiffAugment)
    own = Scale()
    assert kgan.augment.get(own) is own
    with pytest.raises(InputError, match="unknown augmentation 'diffaugmnt'; did you mean 'diffaugment'"):
        gan("diffaugmnt")
    with pytest.raises(InputError, match="got 3"):
        kgan.augment.get(3)


def test_ada_refuses_a_loss_that_gives_its_signs_no_meaning():
    with pytest.raises(InputError, match="signs of the critic's logits"):
        gan("ada", loss="relativistic_paired")
    gan("diffaugment", loss="relativistic_paired")


SCRIPT = """
    import numpy as np, keras, tensorflow as tf
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    import kgan, tiny

    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    with strategy.scope():
        ada = kgan.augment.ADA(target=0.3, ramp_images=100, interval=2)
    signs = iter([(1, 1), (1, 1), (1, -1), (1, -1), (1, 1), (1, 1), (1, 1), (-1, 1)])
    seen = []
    for both in signs:
        logits = strategy.experimental_distribute_values_from_function(
            lambda c: tf.ones((5, 1)) * both[c.replica_id_in_sync_group])
        strategy.run(tf.function(ada.observe), (logits,))
        seen.append([float(copy) for copy in strategy.experimental_local_results(ada.p.value)])
    # Two updates of five images on each of two replicas: 0.2 up where both signs together are above the target.
    np.testing.assert_allclose(seen, np.repeat([0, 0.2, 0.2, 0, 0, 0.2, 0.2, 0.4], 2).reshape(8, 2), atol=1e-6)

    with strategy.scope():
        model = kgan.GAN(tiny.generator(), tiny.discriminator(), tiny.LATENT_DIM,
                         augment=kgan.augment.ADA(target=0.0, ramp_images=100, interval=2, policy="color"))
        model.compile("sgd", "sgd", penalty=kgan.R1(10, every=2))
    # A critic that takes all for real, so that p rises.
    model.discriminator.layers[-1].bias.assign([5.0])
    model.fit(tiny.batches(batch_size=8), epochs=1, verbose=0)
    p = [float(copy) for copy in strategy.experimental_local_results(model.augment.p.value)]
    np.testing.assert_allclose(p, [0.32, 0.32], atol=1e-6)
    print("one p for all")
"""


def test_two_replicas_count_together():
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(SCRIPT)],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.stdout.strip().endswith("one p for all"), done.stderr[-3000:]
