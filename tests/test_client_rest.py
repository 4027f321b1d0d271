"""What a client does when a server, or a proxy before it, does not behave: asked of one that is told what to say."""

import contextlib
import http.server
import json
import re
import threading

import numpy as np
import pytest

from kgan.serving import Client
from kgan.serving.errors import ServingError

METADATA = {
    "model_spec": {"name": "m", "signature_name": "", "version": "1"},
    "metadata": {
        "signature_def": {
            "signature_def": {
                "serving_default": {
                    "inputs": {"x": {"dtype": "DT_FLOAT", "name": "x:0", "tensor_shape": {"dim": [{"size": "-1"}]}}},
                    "outputs": {
                        "y": {"dtype": "DT_FLOAT", "name": "y:0", "tensor_shape": {"dim": [{"size": "-1"}]}},
                        "z_bytes": {"dtype": "DT_STRING", "name": "z:0", "tensor_shape": {"dim": [{"size": "-1"}]}},
                    },
                }
            }
        }
    },
}
ANSWER = '{"outputs": {"y": [NaN, -Infinity, 0.1], "z_bytes": [{"b64": "AP8="}, "text", {"b64": ""}]}}'


class Server(http.server.ThreadingHTTPServer):
    """Answers metadata as above, and predictions with `reply`, (status, text) or an action."""

    def __init__(self, reply):
        super().__init__(("127.0.0.1", 0), Handler)
        self.reply, self.asked = reply, []
        self.url = f"http://127.0.0.1:{self.server_port}"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self._answer(200, json.dumps(METADATA))

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(*self.server.reply, body)

    def _answer(self, status, text, body=b""):
        self.server.asked.append((self.path, dict(self.headers), body))
        self.send_response(status)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())
        # Without a word to the client, as servers and proxies do with idle connections.
        self.close_connection = True

    def log_message(self, *arguments):
        pass


@contextlib.contextmanager
def saying(*reply):
    with Server(reply) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def test_numbers_that_json_lacks_and_bytes_come_through():
    with saying(200, ANSWER) as server, Client(server.url) as client:
        answer = client.model("m").predict([1.0, 2.0, 3.0])
        assert json.loads(server.asked[-1][2]) == {
            "signature_name": "serving_default",
            "inputs": {"x": [1.0, 2.0, 3.0]},
        }
    np.testing.assert_array_equal(answer["y"], np.array([np.nan, -np.inf, 0.1], "float32"))
    assert answer["z_bytes"].tolist() == [b"\x00\xff", b"text", b""]


def test_a_connection_that_was_closed_is_opened_again_and_signatures_are_asked_once():
    with saying(200, ANSWER) as server, Client(server.url) as client:
        model = client.model("m")
        for _ in range(3):
            assert len(model.predict([1.0])["y"]) == 3
        assert [path for path, _, _ in server.asked] == ["/v1/models/m/metadata", *["/v1/models/m:predict"] * 3]


def test_after_a_refusal_the_signatures_are_asked_anew():
    with saying(400, '{"error": "no"}') as server, Client(server.url) as client:
        model = client.model("m")
        for _ in range(2):
            with pytest.raises(ServingError, match="no"):
                model.predict([1.0])
        assert [path for path, _, _ in server.asked] == ["/v1/models/m/metadata", "/v1/models/m:predict"] * 2


def test_path_headers_and_names_are_sent_as_given():
    with saying(200, ANSWER) as server, Client(f"{server.url}/gan/", headers={"Authorization": "Bearer t"}) as client:
        client.model("a/b ?", version=3).predict([1.0])
        path, headers, _ = server.asked[-1]
        client.model("m", label="ä").predict([1.0])
    assert path == "/gan/v1/models/a%2Fb%20%3F/versions/3:predict"
    assert headers["Authorization"] == "Bearer t"
    assert server.asked[-1][0] == "/gan/v1/models/m/labels/%C3%A4:predict"


@pytest.mark.parametrize(
    ("status", "text", "code", "message"),
    [
        (404, '{"error": "Servable not found"}', "NOT_FOUND", "Servable not found"),
        (429, '{"error": "full"}', "RESOURCE_EXHAUSTED", "full"),
        (501, '{"error": "half"}', "UNIMPLEMENTED", "half"),
        (502, "<html>Bad Gateway</html>", "UNAVAILABLE", "HTTP 502 without .*<html>Bad Gateway</html>"),
        (200, "<html>Log in</html>", "UNKNOWN", "HTTP 200 without .*Log in"),
    ],
)
def test_replies_that_are_none_are_errors_with_a_code(status, text, code, message):
    with saying(status, text) as server, Client(server.url) as client, pytest.raises(ServingError) as raised:
        client.model("m").predict([1.0])
    assert re.search(message, raised.value.message)
    assert raised.value.code == code


@pytest.mark.parametrize("scheme", ["http", "grpc"])
def test_without_a_server_the_message_says_how_to_start_one(scheme):
    with Server(()) as server:
        port = server.server_port
    with Client(f"{scheme}://127.0.0.1:{port}", timeout=5) as client:
        assert not client.model("m").ready()
        with pytest.raises(ServingError, match=rf"{scheme}://127\.0\.0\.1:{port}.*kgan serve") as raised:
            client.model("m").predict([1.0])
    assert raised.value.code == "UNAVAILABLE"


def test_a_server_that_keeps_silent_is_given_up():
    with Server(()) as server, Client(server.url, timeout=0.2) as client, pytest.raises(ServingError) as raised:
        client.model("m").signatures()
    assert "no answer in 0.2 s" in raised.value.message
    assert raised.value.code == "DEADLINE_EXCEEDED"


def test_threads_share_a_client():
    with saying(200, ANSWER) as server, Client(server.url) as client:
        model, answers = client.model("m"), []
        threads = [threading.Thread(target=lambda: answers.append(len(model.predict([1.0])["y"]))) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert answers == [3] * 8
