"""A `.keras` file brings back everything that the next step depends on."""

import keras
import pytest

import kgan
import tiny

CASES = {
    "dropout in both players": {
        "make_generator": lambda: tiny.generator(keras.layers.Dropout(0.3)),
        "make_discriminator": lambda: tiny.discriminator(keras.layers.Dropout(0.3), keras.layers.GaussianNoise(0.1)),
    },
    "batch and spectral norm": {
        "make_generator": lambda: tiny.generator(keras.layers.BatchNormalization()),
        "make_discriminator": lambda: tiny.discriminator(
            keras.layers.SpectralNormalization(keras.layers.Dense(8, activation="softplus"))
        ),
    },
    "no average": {"ema_decay": None},
    "critic steps and a penalty that draws": {
        "critic_steps": 2,
        "loss": "wasserstein",
        "penalty": [kgan.GradientPenalty(10, every=3), kgan.WeightClipping(0.3, every=2)],
    },
    "a learning-rate schedule": {
        "optimizer": lambda: keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.01, 20))
    },
    "a loss with options": {"loss": kgan.losses.NonSaturating(real_label=0.9, flip_labels=0.1)},
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_training_goes_on_exactly(case, tmp_path):
    whole, first = tiny.gan(**case), tiny.gan(**case)
    data = tiny.batches()
    whole.fit(data.repeat(), steps_per_epoch=7, verbose=0)
    first.fit(data, steps_per_epoch=3, verbose=0)
    first.save(tmp_path / "model.keras")
    second = keras.saving.load_model(tmp_path / "model.keras")
    second.fit(data.repeat().skip(3), steps_per_epoch=4, verbose=0)
    assert tiny.differences(whole, second) == []
    assert tiny.differences(whole, first) != []


def test_float16_comes_back_with_both_losses_scaled_once(tmp_path):
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = tiny.gan()
    finally:
        keras.config.set_dtype_policy("float32")
    model.fit(tiny.batches(), verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    for optimizer in (loaded.generator_optimizer, loaded.discriminator_optimizer):
        assert isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
        assert isinstance(optimizer.inner_optimizer, keras.optimizers.Adam)
    for one in (model, loaded):
        one.fit(tiny.batches(), verbose=0)
    assert tiny.differences(model, loaded) == []


def test_weights_alone_can_be_saved_and_loaded(tmp_path):
    model, other = tiny.gan(), tiny.gan(seed=2)
    model.fit(tiny.batches(), verbose=0)
    model.save_weights(tmp_path / "model.weights.h5")
    other.load_weights(tmp_path / "model.weights.h5")
    assert tiny.differences(model, other) == []


def test_a_reloaded_model_knows_its_rules(tmp_path):
    model = tiny.gan(loss=kgan.losses.LeastSquares(), penalty=[kgan.R1(3, every=4), kgan.WeightClipping(0.5)])
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.get_compile_config() == model.get_compile_config()
    assert (loaded.latent_dim, loaded.ema_decay, loaded.seed) == (model.latent_dim, model.ema_decay, model.seed)
    assert loaded.optimizer is loaded.generator_optimizer
