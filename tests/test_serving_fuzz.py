"""Requests of any kind: the server answers each with a status that names the sender's mistake, and goes on.

KGAN_FUZZ says how many of each kind are made; 2,500 were, once.
"""

import asyncio
import base64
import json
import os
import struct
import urllib.parse
import zlib

import hypothesis
import pytest
from hypothesis import strategies as st

import serving_models
from kgan.serving.catalogue import Catalogue
from kgan.serving.core import Core, Limits
from kgan.serving.rest import make_app

FEW = hypothesis.settings(
    max_examples=int(os.environ.get("KGAN_FUZZ", "60")),
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(hypothesis.HealthCheck),
)
SECRET = b"what lies beside the models"
SIGNATURES = ("serving_default", "sample", "sample_png", "label", "translate", "translate_png", "words")


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    folder = tmp_path_factory.mktemp("parent") / "savedmodels"
    (folder / "digits").mkdir(parents=True)
    (folder.parent / "secret").write_bytes(SECRET)
    (folder / "secret").write_bytes(SECRET)
    serving_models.write(folder / "digits")
    catalogue = Catalogue(folder)
    catalogue.refresh()
    return make_app(Core(catalogue, Limits(body_bytes=200_000, pixels=10_000, rows=1000, reply_bytes=100_000)))


def call(app, method, path, body=b"", headers=()):
    """Asks the ASGI application, as a server would, and returns status and body."""

    async def run():
        sent, given = [], [{"type": "http.request", "body": body, "more_body": False}]

        async def receive():
            return given.pop() if given else {"type": "http.disconnect"}

        async def send(message):
            sent.append(message)

        raw, _, query = path.partition(b"?")
        scope = {
            "type": "http",
            "method": method,
            "path": urllib.parse.unquote_to_bytes(raw).decode("utf-8", "replace"),
            "raw_path": raw,
            "query_string": query,
            "headers": [(name.encode(), value.encode()) for name, value in headers],
            "root_path": "",
        }
        await app(scope, receive, send)
        return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])

    return asyncio.run(run())


def check(status, body):
    assert status in (200, 400, 404, 405, 413, 501), (status, body)
    assert SECRET not in body
    if status == 400:
        assert list(json.loads(body)) == ["error"]


def deep(value):
    return st.recursive(value, lambda inner: st.lists(inner, max_size=4), max_leaves=20)


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


@st.composite
def pictures(draw):
    """PNG files that say any size and hold few bytes, many of them bombs, and what is none."""
    if draw(st.booleans()):
        return draw(st.binary(max_size=60))
    side = st.sampled_from([0, 1, 7, 100, 5000, 2**31 - 1, 2**32 - 1])
    header = struct.pack(
        ">IIBBBBB", draw(side), draw(side), draw(st.sampled_from([1, 8, 16])), draw(st.integers(0, 6)), 0, 0, 0
    )
    packed = zlib.compress(bytes(draw(st.sampled_from([0, 8, 50_000]))))
    # Where a header is looked for, with another size in it.
    before = chunk(b"aaAa", struct.pack(">II", 1, 1)) if draw(st.booleans()) else b""
    text = chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(100_000))) if draw(st.booleans()) else b""
    return b"\x89PNG\r\n\x1a\n" + before + chunk(b"IHDR", header) + text + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


files = pictures().map(lambda data: {"b64": base64.b64encode(data).decode()})
rubbish = st.text(max_size=12).map(lambda text: {"b64": text})
numbers = st.one_of(
    st.integers(),
    st.sampled_from([2**24, 2**31, 2**63, 2**64, 10**400, -(2**63) - 1]),
    st.floats(),
)
leaves = st.one_of(st.none(), st.booleans(), numbers, st.text(max_size=8), rubbish, files)
names = st.sampled_from(["latents", "seed", "label", "images", "image_bytes", "prompt", "x", "b64"])
values = st.one_of(leaves, deep(leaves), st.lists(files, max_size=3), st.lists(st.integers(), max_size=5))
objects = st.dictionaries(names, values, max_size=3)
good = st.one_of(
    st.lists(st.lists(st.floats(-2, 2), min_size=3, max_size=3), max_size=3),
    st.lists(st.integers(-9, 9), max_size=40),
    st.integers(0, 90).map(lambda side: [[[[0, 0, 0]] * side] * side]),
)
contents = st.one_of(values, objects, st.lists(objects, max_size=3), good)
requests = st.fixed_dictionaries(
    {},
    optional={
        "signature_name": st.one_of(st.sampled_from(SIGNATURES), st.sampled_from(SIGNATURES), leaves),
        "instances": contents,
        "inputs": contents,
    },
)


@FEW
@hypothesis.given(requests)
def test_any_request(app, asked):
    check(*call(app, "POST", b"/v1/models/digits:predict", json.dumps(asked).encode()))


@FEW
@hypothesis.given(st.sampled_from(SIGNATURES), st.sampled_from(["instances", "inputs"]), contents)
def test_any_input(app, signature, key, content):
    body = json.dumps({"signature_name": signature, key: content}).encode()
    check(*call(app, "POST", b"/v1/models/digits:predict", body))


broken = st.one_of(
    st.binary(max_size=200),
    st.builds(
        lambda body, at, byte: body[:at] + byte + body[at + 1 :],
        requests.map(lambda r: json.dumps(r).encode()),
        st.integers(0, 80),
        st.binary(max_size=3),
    ),
    st.builds(
        lambda brackets, depth, key: b'{"%s": %s1%s}' % (key, brackets[0] * depth, brackets[1] * depth),
        st.sampled_from([(b"[", b"]"), (b'{"a":', b"}"), (b"[[1],", b"]"), (b"[", b"")]),
        st.sampled_from([5, 31, 32, 33, 40, 300, 900, 970, 1100, 30_000]),
        st.sampled_from([b"inputs", b"instances", b"signature_name"]),
    ),
    st.integers(0, 30).map(lambda size: b"\x1f\x8b" + zlib.compress(bytes(2**size // 1000))),
    st.just(b" " * 200_001),
)


@FEW
@hypothesis.given(broken, st.sampled_from([(), (("content-encoding", "gzip"),), (("content-length", "200001"),)]))
def test_any_bytes(app, body, headers):
    check(*call(app, "POST", b"/v1/models/digits:predict", body, headers))


WORDS = """
/ // . .. ../.. %2e%2e %2f %5c v1 models digits secret versions 1 01 99999999999999999999 labels x :predict :classify
metadata page index.html kgan %00 %ff %c3%28 etc passwd ~ ? # ; models.config assets.extra kgan.json
"""
parts = st.sampled_from(sorted(WORDS.split()))
paths = st.lists(parts, max_size=9).map(lambda words: "/" + "/".join(words).replace("/:", ":"))


@FEW
@hypothesis.given(st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "FOO"]), paths, requests)
def test_any_path(app, method, path, asked):
    status, body = call(app, method, path.encode(), json.dumps(asked).encode())
    if not path.lower().startswith("/v1/"):
        assert status in (200, 307, 404, 405)
    assert status < 500 or status == 501
    assert SECRET not in body


def test_the_server_still_answers(app):
    status, body = call(app, "POST", b"/v1/models/digits:predict", b'{"instances": [[0, 0, 0]]}')
    assert status == 200
    assert json.loads(body)["predictions"] == [[[[0.0]] * 4] * 4]
