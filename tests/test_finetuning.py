"""Fine-tuning: what stays, what begins anew, and where the model comes from."""

import keras
import numpy as np
import pytest
from test_conditional import classifier
from test_conditional import model as conditional
from test_infogan import infogan

import kgan
import tiny
from kgan.errors import InputError
from kgan.export import load_for_training
from kgan.finetuning import freeze_lower, image_shape, prepare, starting_rate


def decayed():
    return kgan.optimizers.FusedAdam(kgan.schedules.LinearDecay(0.02, 4), beta_1=0.3)


FAMILIES = {
    "gan": lambda: tiny.gan(lambda: tiny.generator(), lambda: tiny.discriminator(keras.layers.Dense(4))),
    "conditional": lambda: conditional(classifier),
    "infogan": infogan,
    "pix2pix": tiny.pix2pix,
    "cyclegan": tiny.cyclegan,
}


def trained(optimizer=decayed):
    model = tiny.gan(optimizer=optimizer, penalty=kgan.R1(3.0, every=2))
    model.fit(tiny.batches(), epochs=2, verbose=0)
    return model


def test_the_optimizers_begin_anew_with_the_rate_that_they_began_with():
    model = trained()
    weights = [weight.numpy() for weight in model.generator.weights]
    assert float(model.generator_optimizer.learning_rate) < 1e-6
    prepare(model)
    for optimizer in (model.generator_optimizer, model.discriminator_optimizer):
        assert type(optimizer) is kgan.optimizers.FusedAdam
        assert float(optimizer.learning_rate) == pytest.approx(0.02)
        assert optimizer.beta_1 == 0.3
        assert int(optimizer.iterations.numpy()) == 0
        assert all(not slot.numpy().any() for slot in optimizer.variables if "velocity" in slot.path)
    # Nothing else has changed: not the weights, and not the game.
    assert all(np.array_equal(a, b.numpy()) for a, b in zip(weights, model.generator.weights, strict=True))
    assert [(type(p), p.weight, p.every) for p in model.penalties] == [(kgan.R1, 3.0, 2)]
    assert isinstance(model.adversarial_loss, kgan.losses.NonSaturating)


def test_a_rate_of_ones_own_is_for_both_players():
    model = trained()
    prepare(model, learning_rate=0.5)
    assert float(model.generator_optimizer.learning_rate) == float(model.discriminator_optimizer.learning_rate) == 0.5


def test_a_scaled_optimizer_is_scaled_once():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = tiny.gan()
    finally:
        keras.config.set_dtype_policy("float32")
    prepare(model)
    assert isinstance(model.generator_optimizer, keras.optimizers.LossScaleOptimizer)
    assert not isinstance(model.generator_optimizer.inner_optimizer, keras.optimizers.LossScaleOptimizer)
    assert starting_rate(model.generator_optimizer) == pytest.approx(0.01)


@pytest.mark.parametrize("family", FAMILIES)
def test_frozen_layers_stay_and_all_others_move(family, tmp_path):
    model = FAMILIES[family]()
    if family == "conditional":
        from test_families import _batches as batches_of
    else:
        batches_of = _batches
    prepare(model, freeze=1)
    frozen = [weight for critic in model.discriminators for weight in critic.non_trainable_weights]
    assert len(frozen) == {"cyclegan": 4}.get(family, 2)
    moving = [*model.discriminators[0].trainable_variables, *model.generators[0].trainable_variables]
    before, old = [w.numpy() for w in frozen], [w.numpy() for w in moving]
    model.fit(batches_of(model), epochs=1, verbose=0)
    assert all(np.array_equal(a, b.numpy()) for a, b in zip(before, frozen, strict=True))
    changed = [not np.array_equal(a, b.numpy()) for a, b in zip(old, moving, strict=True)]
    # Biases before an instance norm have no gradient.
    assert sum(changed) >= 0.5 * len(changed)

    # A run that is resumed has the same layers frozen, and goes on exactly.
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    for one in (model, loaded):
        one.fit(batches_of(one), epochs=1, verbose=0)
    assert tiny.differences(model, loaded) == []


def _batches(model):
    return tiny.pairs() if isinstance(model, (kgan.Pix2Pix, kgan.CycleGAN)) else tiny.batches()


def test_layers_are_counted_from_the_picture_also_within_a_network_in_a_network():
    inner = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Conv2D(2, 3), keras.layers.Conv2D(3, 2)])
    images = keras.Input((4, 4, 1))
    critic = keras.Model(images, keras.layers.Dense(1)(keras.layers.Flatten()(inner(images))))
    freeze_lower(critic, 2)
    assert [w.shape[-1] for w in critic.trainable_weights] == [1, 1]
    # A second call is what counts.
    freeze_lower(critic, 1)
    assert [w.shape[-1] for w in critic.trainable_weights] == [3, 3, 1, 1]
    for wrong in (-1, 4):
        with pytest.raises(InputError, match="freeze must be from 0 to 3"):
            freeze_lower(critic, wrong)


@pytest.mark.parametrize(
    ("family", "shape"),
    [("gan", (4, 4, 1)), ("infogan", (4, 4, 1)), ("pix2pix", (16, 16, 3)), ("cyclegan", (16, 16, 3))],
)
def test_the_size_trained_at_is_the_critics(family, shape):
    assert image_shape(FAMILIES[family]()) == shape


def test_a_critic_of_any_size_does_not_say_what_it_was_trained_on():
    critic = lambda: kgan.networks.patchgan.discriminator((None, None, 3), width=2, receptive_field=16)  # noqa: E731
    with pytest.raises(InputError, match="any size"):
        image_shape(tiny.cyclegan(make_discriminator=critic, pool_size=0))


def test_what_cannot_go_on_is_refused():
    model = kgan.GAN(tiny.generator(), tiny.discriminator(), tiny.LATENT_DIM)
    with pytest.raises(InputError, match="not compiled"):
        prepare(model)
    with pytest.raises(InputError, match="freeze=2 leaves the critic nothing to learn with"):
        prepare(tiny.gan(), freeze=2)
    with pytest.raises(InputError, match="learning_rate must be positive"):
        prepare(tiny.gan(), learning_rate=0.0)


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    model = trained()
    folder = tmp_path_factory.mktemp("savedmodels") / "digits"
    kgan.export(tiny.gan(), folder)
    kgan.export(model, folder)
    return model, folder


@pytest.mark.parametrize("which", ["", "2", "2/assets.extra/model.keras"])
def test_what_was_published_goes_on_as_it_was(published, which):
    model, folder = published
    assert tiny.differences(model, load_for_training(folder / which)) == []


def test_what_holds_no_model_to_train_says_so(published, tmp_path):
    _, folder = published
    with pytest.raises(InputError, match="there is no model"):
        load_for_training(tmp_path / "nowhere")
    with pytest.raises(InputError, match="no published versions"):
        load_for_training(tmp_path)
    with pytest.raises(InputError, match="no model: expected a folder"):
        load_for_training(folder / "2" / "saved_model.pb")
    (tmp_path / "x.keras").write_bytes(b"rubbish")
    with pytest.raises(InputError, match=r"x\.keras cannot be read"):
        load_for_training(tmp_path / "x.keras")
    tiny.generator().save(tmp_path / "network.keras")
    with pytest.raises(InputError, match="holds a Sequential"):
        load_for_training(tmp_path / "network.keras")
    bare = tmp_path / "served" / "7"
    bare.mkdir(parents=True)
    (bare / "saved_model.pb").write_bytes(b"")
    with pytest.raises(InputError, match=r"7 has no assets\.extra/model\.keras"):
        load_for_training(tmp_path / "served")
