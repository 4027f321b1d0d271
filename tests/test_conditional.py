"""The conditional family: its losses by hand, its draws, its answers; and its networks."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import kgan
import tiny
from kgan.conditions import Groups
from kgan.errors import InputError
from kgan.networks import conditional
from kgan.prompts import PromptEncoder

layers = keras.layers
COLUMNS = 3
CONDITIONS = np.eye(COLUMNS, dtype="float32")[[0, 1, 2, 0, 1, 2, 0, 0]]


def generator():
    latents, conditions = keras.Input((tiny.LATENT_DIM,)), keras.Input((COLUMNS,))
    x = layers.Dense(16, activation="tanh", dtype="float32")(layers.Concatenate()([latents, conditions]))
    return keras.Model([latents, conditions], layers.Reshape(tiny.SHAPE)(x))


def critic():
    images, conditions = keras.Input(tiny.SHAPE), keras.Input((COLUMNS,))
    x = layers.Concatenate()([layers.Flatten()(images), conditions])
    return keras.Model([images, conditions], layers.Dense(1)(layers.Dense(8, activation="softplus")(x)))


def classifier():
    images = keras.Input(tiny.SHAPE)
    flat = layers.Flatten()(images)
    return keras.Model(images, [layers.Dense(1)(flat), layers.Dense(COLUMNS)(flat)])


def classes_alone():
    images = keras.Input(tiny.SHAPE)
    return keras.Model(images, layers.Dense(COLUMNS)(layers.Flatten()(images)))


def model(discriminator=critic, augment=None, **options):
    keras.utils.set_random_seed(7)
    groups = options.pop("groups", (COLUMNS,))
    compiled = {name: options.pop(name) for name in ("loss", "penalty") if name in options}
    options = {"ema_decay": 0.9, "seed": 1} | options
    gan = kgan.ConditionalGAN(generator(), discriminator(), tiny.LATENT_DIM, groups, augment=augment, **options)
    gan.compile(keras.optimizers.Adam(0.01), keras.optimizers.Adam(0.01), **compiled)
    return gan


def batch(num=8):
    return tf.constant(tiny.images(num)), tf.constant(CONDITIONS[:num])


def softplus(x):
    return np.log1p(np.exp(x))


def test_the_game_by_hand():
    gan, (images, conditions) = model(), batch()
    fakes = gan.generate((images, conditions))
    real, fake = (gan.discriminator([x, conditions]).numpy() for x in (images, fakes))
    terms = gan.discriminator_losses((images, conditions), fakes)
    assert set(terms) == {"discriminator_loss"}
    np.testing.assert_allclose(terms["discriminator_loss"], (softplus(-real) + softplus(fake)).mean(), rtol=1e-5)
    np.testing.assert_allclose(
        gan.generator_losses((images, conditions), fakes)["generator_loss"], softplus(-fake).mean(), rtol=1e-5
    )


def test_real_images_with_wrong_conditions_count_as_fakes():
    gan, plain, data = model(mismatch=0.5), model(), batch()
    fakes = plain.generate(data)
    terms, without = gan.discriminator_losses(data, fakes), plain.discriminator_losses(data, fakes)
    np.testing.assert_allclose(terms["discriminator_loss"], 0.5 * without["discriminator_loss"], rtol=1e-6)
    # Whichever of the two wrong conditions is drawn, its logit is one of these.
    real = softplus(-gan.discriminator(list(data)).numpy()).mean()
    wrong = [softplus(gan.discriminator([data[0], tf.roll(data[1], k, axis=1)]).numpy()) for k in (1, 2)]
    least, most = (0.5 * (real + f(*wrong).mean()) for f in (np.minimum, np.maximum))
    assert least - 1e-6 <= float(terms["mismatch_loss"]) <= most + 1e-6


@pytest.mark.parametrize("fakes_too", [True, False])
def test_the_auxiliary_classifiers_cross_entropy_by_hand_on_real_images_and_on_generated_ones_if_asked(fakes_too):
    gan, data = model(classifier, classification_weight=2.0, classify_fakes=fakes_too), batch()
    fakes = gan.generate(data)
    entropies = []
    for images in (data[0], fakes):
        logits = gan.discriminator(images)[1].numpy()
        log_softmax = logits - np.log(np.exp(logits).sum(1, keepdims=True))
        entropies.append(-(log_softmax * data[1].numpy()).sum(1).mean())
    terms = gan.discriminator_losses(data, fakes)
    counted = sum(entropies) if fakes_too else entropies[0]
    np.testing.assert_allclose(terms["discriminator_classification"], 2 * counted, rtol=1e-5)
    np.testing.assert_allclose(
        gan.generator_losses(data, fakes)["generator_classification"], 2 * entropies[1], rtol=1e-5
    )
    assert gan.critic(data[0], data).shape == (8, 1)


def test_groups_have_a_cross_entropy_each_and_a_clueless_classifier_the_sum_of_their_logarithms():
    gan = model()
    gan.conditions = Groups((2, 3))
    conditions = gan.conditions.one_hot([1, 0], [2, 0])
    assert float(gan._cross_entropy(conditions, tf.zeros((2, 5)))) == pytest.approx(np.log(2) + np.log(3))
    logits = tf.constant([[0.0, 3.0, 1.0, 1.0, 5.0], [2.0, 0.0, 0.0, 1.0, 0.0]])
    first = np.log1p(np.exp([-3.0, -2.0])).mean()
    second = np.mean([np.log(np.exp([1, 1, 5]).sum()) - 5, np.log(np.exp([0.0, 1.0, 0.0]).sum())])
    assert float(gan._cross_entropy(conditions, logits)) == pytest.approx(first + second, rel=1e-5)


def test_a_penalty_looks_at_images_with_their_own_conditions():
    gan, data = model(penalty=kgan.R1(3.0)), batch()
    with tf.GradientTape() as tape:
        tape.watch(data[0])
        logits = gan.discriminator(list(data))
    squares = tf.reduce_sum(tape.gradient(logits, data[0]) ** 2, axis=[1, 2, 3]).numpy()
    terms = gan.discriminator_losses(data, gan.generate(data))
    np.testing.assert_allclose(terms["r1"], 3.0 / 2 * squares.mean(), rtol=1e-4)


def test_an_image_is_a_function_of_its_seed_and_of_what_is_asked():
    gan = model()
    images = gan.sample(20, seed=3).numpy()
    np.testing.assert_allclose(gan.sample(1, seed=7)[0], images[4], atol=1e-6)
    asked = gan.sample(5, seed=3, conditions=[0.0, 1.0, 0.0]).numpy()
    rows = gan.latents(tf.range(3, 8), tf.constant([[0.0, 1.0, 0.0]] * 5))
    np.testing.assert_array_equal(rows[:, tiny.LATENT_DIM :], [[0, 1, 0]] * 5)
    np.testing.assert_allclose(gan(rows), asked, atol=1e-6)
    same = gan.latents(tf.range(3, 8))[:, tiny.LATENT_DIM + 1].numpy() > 0
    np.testing.assert_allclose(asked[same], images[:5][same], atol=1e-6)
    assert not np.allclose(asked[~same], images[:5][~same], atol=1e-3)


def test_labels_and_prompts_are_answered():
    encoder = PromptEncoder({"hair": ("blue", "green", "red")})
    gan = model(encoder=encoder)
    answers = gan.endpoints()
    seeds = tf.constant([5, 6], tf.int64)
    by_label = answers["label"].function(tf.constant([2, 0], tf.int64), seeds)
    np.testing.assert_allclose(by_label[0], gan.sample(1, seed=5, conditions=[0, 0, 1])[0], atol=1e-6)
    by_prompt = answers["prompt"].function(tf.constant(["red hair", "hair blue"]), seeds)
    np.testing.assert_allclose(by_prompt, by_label, atol=1e-6)
    with pytest.raises(tf.errors.InvalidArgumentError):
        answers["label"].function(tf.constant([3], tf.int64), seeds[:1])


def test_the_critic_learns_the_condition_and_the_generator_obeys():
    """Images are flat, of the brightness that their class says."""
    levels = np.array([-0.8, 0.0, 0.8], "float32")
    classes = np.random.default_rng(0).integers(0, 3, 512)
    noise = 0.05 * np.random.default_rng(1).standard_normal((512, *tiny.SHAPE))
    images = (levels[classes][:, None, None, None] + noise).astype("float32")
    data = tf.data.Dataset.from_tensor_slices((images, np.eye(3, dtype="float32")[classes])).batch(32)
    gan = model(penalty=kgan.R1(0.1))
    gan.fit(data, epochs=40, verbose=0)
    found = [float(tf.reduce_mean(gan.sample(50, seed=0, conditions=np.eye(3)[k]))) for k in range(3)]
    np.testing.assert_allclose(found, levels, atol=0.25)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"groups": (4,)}, "the generator must take latents and conditions"),
        ({"discriminator": lambda: tiny.discriminator()}, "class logits"),
        ({"discriminator": classes_alone}, "class logits"),
        ({"encoder": PromptEncoder({"hair": ("red", "blue")})}, r"groups \(2,\); the model's are \(3,\)"),
        ({"mismatch": 1.0}, "mismatch is a share"),
        ({"mismatch": 0.5, "discriminator": classifier}, "mismatch needs a discriminator that takes conditions"),
    ],
)
def test_what_does_not_fit_is_refused(options, message):
    with pytest.raises(InputError, match=message):
        model(**options)


@pytest.mark.parametrize("conditioning", ["projection", "concatenation", "auxiliary"])
def test_networks_of_every_kind_make_a_model(conditioning):
    shape = (16, 16, 3)
    discriminator = conditional.discriminator(shape, 5, width=4, depth=1, conditioning=conditioning)
    gan = kgan.ConditionalGAN(conditional.generator(6, 5, shape, width=4, depth=1), discriminator, 6, (5,))
    images = gan.sample(2)
    assert images.shape == (2, *shape)
    batch = (images, tf.eye(5)[:2])
    logits = gan.critic(images, batch)
    assert logits.shape == (2, 1)
    other = gan.critic(images, (images, tf.eye(5)[2:4]))
    assert np.allclose(logits, other) == (conditioning == "auxiliary")


def test_projection_by_hand():
    network = conditional.discriminator((16, 16, 1), 3, width=4, depth=0)
    images = np.random.default_rng(0).normal(size=(2, 16, 16, 1)).astype("float32")
    conditions = np.eye(3, dtype="float32")[[0, 2]]
    pooling = next(layer for layer in network.layers if isinstance(layer, layers.GlobalAveragePooling2D))
    features = keras.Model(network.inputs[0], pooling.input)(images).numpy()
    dense = next(layer for layer in network.layers if isinstance(layer, layers.Dense) and layer.name != "embedding")
    alone = features.reshape(2, -1) @ dense.kernel.numpy() + dense.bias.numpy()
    inner = (conditions @ network.get_layer("embedding").kernel.numpy() * features.mean((1, 2))).sum(1, keepdims=True)
    np.testing.assert_allclose(network([images, conditions]), alone + inner, rtol=1e-4, atol=1e-5)


def test_conditional_batch_norm_starts_without_a_say_of_the_condition_and_learns_a_scale_for_each():
    network = conditional.generator(4, 3, (16, 16, 1), width=4, depth=1, norm="conditional_batch")
    norms = [layer for layer in network.layers if isinstance(layer, layers.BatchNormalization)]
    assert len(norms) == 5 and not any(layer.center or layer.scale for layer in norms)
    gates = [w for w in network.trainable_variables if not w.numpy().any() and w.shape.rank == 2]
    assert len(gates) == 10
    # The first condition's embedding alone is not 0.
    embedding = network.get_layer("embedding").kernel
    embedding.assign(np.eye(3)[:, :1] * np.ones((1, embedding.shape[1])))
    given = [np.random.default_rng(0).normal(size=(2, 4)), np.eye(3)[[0, 1]]]
    before = network(given).numpy()
    gates[0].assign(keras.ops.ones_like(gates[0]))
    after = network(given).numpy()
    assert not np.allclose(after[0], before[0], atol=1e-4)
    np.testing.assert_allclose(after[1], before[1], atol=1e-6)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: conditional.generator(norm="instance"), "norm must be"),
        (lambda: conditional.discriminator(conditioning="hope"), "conditioning must be one of projection"),
        (lambda: conditional.generator(image_shape=(15, 15, 1)), "16 to 128"),
    ],
)
def test_impossible_networks_are_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()
