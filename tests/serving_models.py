"""SavedModels small enough to be checked by hand, written with TensorFlow alone, and a server for them."""

import contextlib
import json
import urllib.error
import urllib.request

import numpy as np
import tensorflow as tf

# The server is on this machine: a proxy of the environment has no part in it.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
WEIGHTS = np.linspace(-2, 2, 3 * 16, dtype="float32").reshape(3, 16)


def spec(name, dtype, *sizes):
    return tf.TensorSpec([None, *sizes], dtype, name=name)


class Generator(tf.Module):
    """tanh(latents @ weights) * scale, as images of 4x4; and what else a server must know how to carry."""

    def __init__(self, scale=1.0):
        super().__init__()
        self.weights = tf.Variable(WEIGHTS * scale)

    @tf.function(input_signature=[spec("latents", tf.float32, 3)])
    def draw(self, latents):
        latents = tf.ensure_shape(latents, [None, 3])
        return {"images": tf.reshape(tf.tanh(latents @ self.weights), [-1, 4, 4, 1])}

    @tf.function(input_signature=[spec("seed", tf.int64)])
    def sample(self, seed):
        def one(s):
            return tf.random.stateless_normal([3], tf.stack([s, 0]), alg="philox")

        return self.draw(tf.map_fn(one, tf.ensure_shape(seed, [None]), fn_output_signature=tf.float32))

    @tf.function(input_signature=[spec("seed", tf.int64)])
    def sample_png(self, seed):
        levels = tf.cast(tf.round((self.sample(seed)["images"] + 1) * 127.5), tf.uint8)
        return {"image_bytes": tf.map_fn(tf.io.encode_png, levels, fn_output_signature=tf.string)}

    @tf.function(input_signature=[spec("label", tf.int64), spec("seed", tf.int64)])
    def label(self, label, seed):
        return {"sum": label + seed, "half": tf.cast(label, tf.float64) / 2, "is_even": label % 2 == 0}

    @tf.function(input_signature=[spec("images", tf.float32, None, None, 3)])
    def translate(self, images):
        return {"images": -images}

    @tf.function(input_signature=[spec("image_bytes", tf.string)])
    def translate_png(self, image_bytes):
        def one(file):
            return tf.io.encode_png(255 - tf.io.decode_image(file, channels=3, expand_animations=False))

        return {"image_bytes": tf.map_fn(one, image_bytes, fn_output_signature=tf.string)}

    @tf.function(input_signature=[spec("prompt", tf.string, None)])
    def words(self, prompt):
        return {"text": tf.strings.lower(prompt, encoding="utf-8"), "length": tf.strings.length(prompt)}


def write(folder, version=1, scale=1.0):
    """Writes the model to `folder/<version>`, under a hidden name first."""
    module = Generator(scale)
    names = ("sample", "sample_png", "label", "translate", "translate_png", "words")
    signatures = {"serving_default": module.draw} | {name: getattr(module, name) for name in names}
    temporary = folder / f".tmp-{version}"
    tf.saved_model.save(module, str(temporary), signatures=signatures)
    extra = temporary / "assets.extra"
    extra.mkdir()
    (extra / "kgan.json").write_text(json.dumps({"family": "GAN", "version": version}))
    temporary.rename(folder / str(version))
    return folder / str(version)


def images(latents, scale=1.0):
    """What `serving_default` answers."""
    return np.tanh(np.asarray(latents, "float32") @ (WEIGHTS * scale)).reshape(-1, 4, 4, 1)


def ask(url, path, body=None, method=None):
    """Returns the status and the body of a reply, parsed if it is JSON; `body` is bytes, or what json.dumps takes."""
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
    request = urllib.request.Request(url + path, data=body, method=method)
    with contextlib.closing(_open(request)) as reply:
        content = reply.read()
        is_json = reply.headers.get_content_type() == "application/json"
        return reply.status, json.loads(content) if is_json else content


def _open(request):
    try:
        return OPENER.open(request, timeout=60)
    except urllib.error.HTTPError as error:
        return error
