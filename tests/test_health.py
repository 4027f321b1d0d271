"""The health monitor: what it sees, what it says of it and when, what it costs, and that it changes nothing."""

import dataclasses
import itertools
import json

import keras
import numpy as np
import pytest
import tensorflow as tf

import kgan
import tiny
from kgan.data import ImageSet, PairedImages, UnpairedImages
from kgan.errors import InputError
from kgan.monitors.health import HealthMonitor, Signals
from kgan.monitors.health.alarms import Watch
from kgan.monitors.health.chosen import choose
from kgan.monitors.health.journal import Journal
from kgan.monitors.health.probe import Probe, _chunks
from kgan.monitors.health.signals import Crowd, separation, thumbnails
from kgan.monitors.health.spectra import Spectra
from kgan.monitors.health.step_losses import StepLosses
from kgan.monitors.health.symptoms import SYMPTOMS

REAL = ImageSet(np.random.default_rng(0).integers(0, 256, (64, *tiny.SHAPE), dtype=np.uint8))
OTHERS = ImageSet(np.random.default_rng(1).integers(0, 256, (64, *tiny.SHAPE), dtype=np.uint8))
# A training that is well.
WELL = Signals(
    step=1000,
    seconds=60.0,
    worst_loss=1.4,
    leaps=0,
    real_logit=0.2,
    held_out_logit=0.2,
    fake_logit=-0.2,
    spread=0.5,
    separation=0.7,
    memorising=0.5,
    diversity=1.0,
    closeness=1.0,
    distance=0.01,
    generator_gradient=0.5,
    discriminator_gradient=0.5,
    generator_update=0.1,
    discriminator_update=0.1,
    generator_norm=2.0,
    discriminator_norm=2.0,
    not_finite=(),
)
ILL = {
    "not a number": {"not_finite": ("generator_loss",)},
    "the generator stands still": {"generator_update": 0.0},
    "the critic stands still": {"discriminator_update": 0.0},
    "diverging": {"leaps": 3},
    "the critic does not learn": {"separation": 0.5, "distance": 0.5},
    "the critic has won": {"separation": 1.0, "distance": 0.5},
    "samples are collapsing": {"diversity": 0.2},
    "the critic is memorising": {"memorising": 0.9},
}


class Ticking:
    """A clock that a second passes on at every look at it."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        self.now += 1.0
        return self.now


def watched(model, epochs=1, steps=400, path=None, clock=None, callbacks=(), **options):
    """Trains, watched; returns the monitor and what it said."""
    said = []
    monitor = HealthMonitor(REAL, OTHERS, path, share=1.0, say=said.append, clock=clock or Ticking(), **options)
    data = REAL.batches(8, repeat=True, seed=3)
    model.fit(data, steps_per_epoch=steps, epochs=epochs, verbose=0, callbacks=[*callbacks, monitor])
    return monitor, said


def names(monitor):
    return [alarm.name for alarm in monitor.alarms]


def test_every_symptom_has_an_illness_here_and_the_healthy_have_none():
    assert {symptom.name for symptom in SYMPTOMS} == set(ILL)
    assert not [s.name for s in SYMPTOMS if s.seen(dataclasses.replace(WELL, step=1100), WELL)]


@pytest.mark.parametrize("name", ILL)
def test_an_illness_that_lasts_is_named_once_with_its_numbers_and_one_thing_to_try(name):
    watch = Watch()
    looks = [WELL, *(dataclasses.replace(WELL, step=1000 + 100 * n, **ILL[name]) for n in range(1, 5))]
    raised = [symptom for before, now in itertools.pairwise(looks) for symptom in watch.update((now,), (before,))[0]]
    assert [symptom.name for symptom in raised] == [name]
    assert raised[0].words(looks[-1])
    advice = raised[0].advice(tiny.gan())
    assert advice and "\n" not in advice


@pytest.mark.parametrize("name", [symptom.name for symptom in SYMPTOMS if symptom.looks > 1])
def test_what_is_seen_once_is_no_alarm(name):
    watch, ill = Watch(), dataclasses.replace(WELL, step=1100, **ILL[name])
    better = dataclasses.replace(WELL, step=1200)
    ill_again = dataclasses.replace(ill, step=1300)
    raised = [watch.update((now,), (before,))[0] for before, now in ((WELL, ill), (ill, better), (better, ill_again))]
    assert raised == [[], [], []]


def test_lesser_alarms_wait_until_the_graver_one_is_over():
    watch = Watch()
    both = ILL["diverging"] | ILL["samples are collapsing"]
    looks = [dataclasses.replace(WELL, step=1000 + 100 * n, **both) for n in range(3)]
    looks += [dataclasses.replace(WELL, step=1300 + 100 * n, **ILL["samples are collapsing"]) for n in range(3)]
    said = [watch.update((now,), (before,)) for before, now in itertools.pairwise(looks)]
    assert [[s.name for s in raised] for raised, _ in said] == [
        ["diverging"],
        [],
        [],
        ["samples are collapsing"],
        [],
    ]
    assert [[s.name for s in over] for _, over in said] == [[], [], [], ["diverging"], []]


def test_the_advice_fits_the_model():
    advice = {symptom.name: symptom.advice for symptom in SYMPTOMS}
    bare, guarded = tiny.gan(), tiny.gan(penalty=kgan.R1(1.0))
    assert "R1" in advice["the critic has won"](bare)
    assert "learning rate" in advice["the critic has won"](guarded)
    assert "non_saturating" in advice["the critic has won"](tiny.gan(loss="minimax"))
    assert "R1" in advice["samples are collapsing"](bare)
    assert "learning rate" in advice["samples are collapsing"](guarded)


def test_separation_is_the_share_of_ordered_pairs():
    assert separation(np.array([1.0, 3.0]), np.array([0.0, 2.0])) == 0.75
    assert separation(np.array([1.0, 1.0]), np.array([1.0])) == 0.5
    assert np.isnan(separation(np.array([1.0, np.nan]), np.array([1.0])))


def test_thumbnails_are_means_of_tiles():
    images = np.arange(2 * 33 * 32, dtype="float32").reshape(2, 33, 32, 1)
    small = thumbnails(images).reshape(2, 16, 16)
    assert small[1, 2, 3] == images[1, 4:6, 6:8].mean()


def test_the_energy_distance_by_hand_and_its_ends():
    # E|X-Y| = 3, E|X-X'| = 2 (the pair; without a row with itself), E|Y-Y'| = 0
    one, other = Crowd(np.array([[0.0], [2.0]])), Crowd(np.array([[4.0], [4.0]]))
    assert (one.mean, other.mean, one.nearest) == (2.0, 0.0, 2.0)
    assert one.energy_distance(other) == pytest.approx((2 * 3 - 2 - 0) / (2 * 3))
    points = np.random.default_rng(0).normal(size=(400, 5))
    assert abs(Crowd(points[:200]).energy_distance(Crowd(points[200:]))) < 0.02
    assert Crowd(points).energy_distance(Crowd(points + 1e6)) > 0.99


def test_singular_values_are_numpys_and_follow_the_kernel():
    kernel = np.random.default_rng(0).normal(size=(3, 3, 8, 6)).astype("float32")
    spectra = Spectra()
    for _ in range(5):
        found = spectra({"kernel": kernel})["kernel"]
    assert found == pytest.approx(np.linalg.norm(kernel.reshape(-1, 6), 2), rel=1e-3)
    for _ in range(10):
        found = spectra({"kernel": 2 * kernel})["kernel"]
    assert found == pytest.approx(2 * np.linalg.norm(kernel.reshape(-1, 6), 2), rel=1e-3)


def test_losses_of_single_steps_come_out_of_the_epochs_means():
    seen, steps = StepLosses(), [1.0, 2.0, -500.0, 3.0, 700.0]
    seen.names = ["discriminator_loss"]
    for count in range(1, len(steps) + 1):
        seen.update(count, 1000 + count, {"discriminator_loss": np.mean(steps[:count]), "generator_loss": 1e9})
    assert seen.worst == pytest.approx(700.0) and seen.leaps == 2
    seen.forget()
    seen.start_epoch()
    seen.update(1, 2001, {"discriminator_loss": 4.0})
    assert (seen.worst, seen.leaps, seen.not_finite) == (4.0, 0, ())
    seen.update(2, 2002, {"discriminator_loss": 4.0, "generator_loss": float("nan")})
    assert seen.not_finite == ("generator_loss",)


@pytest.mark.parametrize("penalty", [None, kgan.R1(1.0, every=2)])
def test_watching_changes_not_a_single_bit(penalty):
    plain, seen = (tiny.gan(penalty=penalty) for _ in range(2))
    plain.fit(REAL.batches(8, repeat=True, seed=3), steps_per_epoch=60, epochs=2, verbose=0)
    monitor, _ = watched(seen, epochs=2, steps=60)
    assert monitor.last[0].step > 0
    assert tiny.differences(plain, seen) == []


class Spoil(keras.callbacks.Callback):
    """Plants a NaN in the generator."""

    def on_train_batch_end(self, batch, logs=None):
        if batch == 70:
            bias = self.model.generator.trainable_variables[-1]
            bias.assign(tf.fill(bias.shape, np.nan))


def test_a_nan_is_said_at_the_very_step(tmp_path):
    monitor, said = watched(tiny.gan(), steps=80, path=tmp_path / "health.jsonl", callbacks=[Spoil()])
    assert names(monitor) == ["not a number"]
    assert monitor.alarms[0].step <= 73 and "generator" in monitor.alarms[0].words
    assert len(said) == 1 and "try half the learning rate" in said[0]
    # The file stays JSON, which knows no NaN.
    lines = (tmp_path / "health.jsonl").read_text().splitlines()
    rows = [json.loads(line, parse_constant=pytest.fail) for line in lines]
    assert {row["kind"] for row in rows} == {"look", "alarm"}


def test_a_frozen_generator_stands_still():
    model = tiny.gan()
    model.generator_optimizer.learning_rate = 0.0
    assert names(watched(model)[0])[:1] == ["the generator stands still"]


def test_a_frozen_critic_stands_still():
    model = tiny.gan()
    model.discriminator_optimizer.learning_rate = 0.0
    assert names(watched(model)[0])[:1] == ["the critic stands still"]


def test_a_critic_that_leaps_is_diverging():
    model = tiny.gan(optimizer=lambda: keras.optimizers.Adam(1.0), loss="wasserstein")
    assert names(watched(model)[0])[:1] == ["diverging"]


def test_a_resumed_training_keeps_the_alarms_before_it_and_drops_what_lay_ahead(tmp_path):
    path = tmp_path / "health.jsonl"
    model = tiny.gan()
    model.generator_optimizer.learning_rate = 0.0
    monitor, _ = watched(model, path=path)
    ahead = json.dumps({"kind": "look", "step": 10**6, "seconds": 10**6})
    path.write_text(path.read_text() + ahead + '\n{"kind": "look", "st')
    again = HealthMonitor(REAL, path=path)
    again.set_model(model)
    again.on_train_begin()
    assert again.alarms == monitor.alarms and monitor.alarms
    assert again.watch.lasting == set()
    assert "1000000" not in path.read_text()
    assert again.started < again.clock() - monitor.alarms[-1].seconds + 60


def test_a_journal_without_a_file_keeps_nothing():
    journal = Journal(None)
    journal.write("look", WELL)
    assert journal.resume(10) == ([], 0.0)


def test_looks_stay_within_their_share_of_the_time():
    class Clock:
        """Time passes in training: half a second a step; a look takes 2 seconds."""

        now = 0.0

        def __call__(self):
            return self.now

    clock = Clock()

    class Pass(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            clock.now += 0.5

    monitor = HealthMonitor(REAL, share=0.02, say=[].append, clock=clock)
    look = monitor._look

    def dear(probe):
        begun = clock.now
        look(probe)
        clock.now += 2.0
        monitor.costs.append(clock.now - begun)
        monitor.spent += 2.0

    monitor._look = dear
    tiny.gan().fit(
        REAL.batches(8, repeat=True, seed=3), steps_per_epoch=3000, epochs=1, verbose=0, callbacks=[Pass(), monitor]
    )
    # 1,500 s of training: 3 s of credit and 2 % of the time; without a limit it would have been half of it.
    assert 10 < monitor.spent <= 3 + 0.02 * 1540
    assert monitor.cost < 0.05 and "of the time" in monitor.summary()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: HealthMonitor(REAL[:1]), "real: HealthMonitor needs at least 2 images; got 1"),
        (lambda: HealthMonitor(REAL, np.zeros((4, 8, 8, 1), np.uint8)), r"held_out must be .*\(4, 4, 1\); got \(8, 8"),
        (lambda: HealthMonitor(REAL, share=0.0), "share in"),
        (lambda: HealthMonitor(REAL, num_images=1), "num_images"),
    ],
)
def test_what_cannot_be_watched_is_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()


def test_a_model_without_players_is_refused():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile(loss="mse")
    with pytest.raises(InputError, match=r"watches a kgan.Adversarial; got a Sequential"):
        model.fit(np.zeros((4, 3)), np.zeros((4, 1)), verbose=0, callbacks=[HealthMonitor(REAL)])


# ------------------------------------------------------------------ translators


def two_sides(kind, num_a=6, num_b=6):
    random = np.random.default_rng(0)
    return kind(*(ImageSet(random.integers(0, 256, (n, *tiny.PICTURE), dtype=np.uint8)) for n in (num_a, num_b)))


def floats(images):
    return tf.constant(images / np.float32(127.5) - 1.0)


def test_each_domain_of_a_cyclegan_is_a_game_of_its_own():
    model, data = tiny.cyclegan(), two_sides(UnpairedImages)
    (a, b), others = data[:], two_sides(UnpairedImages, 4, 4)[:]
    looks = Probe(model, data[:], others).look()
    games = (
        ("a", model.discriminator_a, model.generator_ba, a, b, others[0]),
        ("b", model.discriminator_b, model.generator_ab, b, a, others[1]),
    )
    for seen, (domain, critic, generator, real, source, held_out) in zip(looks, games, strict=True):
        fakes = generator(floats(source))
        real, fake, unseen = (np.mean(critic(x), axis=(1, 2, 3)) for x in (floats(real), fakes, floats(held_out)))
        assert seen["domain"] == domain
        assert seen["real_logit"] == pytest.approx(real.mean(), abs=1e-5)
        assert seen["fake_logit"] == pytest.approx(fake.mean(), abs=1e-5)
        assert seen["held_out_logit"] == pytest.approx(unseen.mean(), abs=1e-5)
        assert seen["separation"] == pytest.approx(separation(real, fake), abs=0.06)
        kernels = [w.numpy() for w in critic.trainable_variables if w.ndim > 1]
        largest = max(np.linalg.norm(kernel.reshape(-1, kernel.shape[-1]), 2) for kernel in kernels)
        assert seen["discriminator_norm"] == pytest.approx(largest, rel=0.05)
    batch = (floats(a), floats(b))
    with tf.GradientTape() as tape:
        loss = tf.add_n(list(model.generator_losses(batch, model.generate(batch, False), False).values()))
    gradients = tape.gradient(loss, [w.value for w in model.generator_ba.trainable_variables])
    # The game of domain a is that of the generator which makes images of a.
    assert looks[0]["generator_gradient"] == pytest.approx(float(tf.linalg.global_norm(gradients)), rel=1e-3)


def test_a_pix2pix_critic_is_asked_about_b_beside_its_a():
    model, data = tiny.pix2pix(), two_sides(PairedImages)
    a, b = (floats(side) for side in data[:])
    (seen,) = Probe(model, data[:], None).look()
    assert seen["real_logit"] == pytest.approx(float(np.mean(model.discriminator([a, b]))), abs=1e-5)
    assert seen["fake_logit"] == pytest.approx(float(np.mean(model.discriminator([a, model.generator(a)]))), abs=1e-5)
    assert seen["domain"] == "" and np.isnan(seen["memorising"])


def test_an_alarm_in_one_domain_says_in_which(tmp_path):
    model, said = tiny.cyclegan(), []
    monitor = HealthMonitor(two_sides(UnpairedImages), path=tmp_path / "health.jsonl", say=said.append)
    monitor.set_model(model)
    monitor.on_train_begin()
    for step in (60, 120):
        for network in (model.generator_ab, model.discriminator_a, model.discriminator_b):
            for weight in network.trainable_variables:
                weight.assign(weight.value * 1.01)
        monitor.step = step
        monitor._look(monitor.probe)
    assert names(monitor) == ["the generator stands still"] and len(said) == 1
    assert "the generator stands still: in domain a its weights moved" in said[0]
    rows = [json.loads(line) for line in (tmp_path / "health.jsonl").read_text().splitlines()]
    assert [row["domain"] for row in rows if row["kind"] == "look"] == ["a", "b"] * 3


def test_what_both_domains_show_is_said_of_none():
    watch, still = Watch(), [dataclasses.replace(WELL, step=n, generator_update=0.0) for n in (1100, 1200)]
    assert watch.update((still[0],) * 2, (WELL,) * 2) == ([], [])
    raised, _ = watch.update((still[1],) * 2, (still[0],) * 2)
    said = []
    monitor = HealthMonitor(REAL, say=said.append)
    monitor.last = (still[0],) * 2
    monitor.set_model(tiny.gan())
    monitor._raise(raised[0], (still[1],) * 2)
    assert "domain" not in said[0] and "stands still: its weights" in said[0]


def test_no_image_of_a_shorter_domain_is_looked_at_twice():
    monitor = HealthMonitor(two_sides(UnpairedImages, 5, 40), num_images=30)
    a, b = monitor.real
    assert len(a) == len(b) == len(np.unique(a.reshape(5, -1), axis=0)) == 5
    with pytest.raises(InputError, match="real: HealthMonitor needs at least 2 images; got 1"):
        HealthMonitor(two_sides(UnpairedImages, 1, 40))


@pytest.mark.parametrize(("side", "asked", "expected"), [(64, 40, 40), (128, 256, 64), (256, 128, 32), (256, 20, 20)])
def test_of_large_images_to_translate_fewer_are_taken(side, asked, expected):
    images = ImageSet(np.zeros((300, side, side, 1), np.uint8))
    assert len(choose(PairedImages(images, images), asked, "real")[0]) == expected
    assert len(choose(images, asked, "real")) == asked


def test_large_images_are_looked_at_a_few_at_a_time():
    sizes = [
        len(_chunks((np.zeros((65, side, side, 1)), np.zeros((65, 2))))[0][0]) for side in (32, 64, 128, 256, 1024)
    ]
    assert sizes == [64, 64, 16, 4, 1]


def test_a_translator_is_not_watched_on_images_of_one_domain():
    with pytest.raises(InputError, match=r"a CycleGAN needs images of both domains, kgan.data.PairedImages or"):
        tiny.cyclegan().fit(tiny.pairs(), verbose=0, callbacks=[HealthMonitor(two_sides(UnpairedImages).a)])
    message = r"held_out must be .*\(\(16, 16, 3\), \(16, 16, 3\)\); got \(16, 16, 3\)"
    with pytest.raises(InputError, match=message):
        HealthMonitor(two_sides(UnpairedImages), two_sides(UnpairedImages).a)
