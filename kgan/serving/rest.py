"""REST: TensorFlow Serving's paths and bodies, and beside them the page."""

import asyncio
import json
import logging
import re
import urllib.parse
from pathlib import Path
from typing import Any

from google.protobuf import json_format
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send
from tensorflow.core.protobuf import meta_graph_pb2

from kgan.export.versions import LARGEST as LARGEST_VERSION
from kgan.serving import json_replies, json_requests
from kgan.serving.core import Core, Spec
from kgan.serving.errors import ServingError, invalid

PAGE = Path(__file__).parent / "page"
# As in tensorflow_serving/model_servers/http_rest_api_util.cc.
MODEL = r"/v1/models/(?P<name>[^/:]+)(?:/versions/(?P<version>\d+)|/labels/(?P<label>[^/:]+))?"
PREDICTION = re.compile(f"{MODEL}:(?P<method>classify|regress|predict)", re.ASCII | re.IGNORECASE)
STATUS = re.compile(f"{MODEL}(?P<metadata>/metadata)?", re.ASCII | re.IGNORECASE)
NO_MODEL = re.compile("/v1/models(?:/metadata)?", re.IGNORECASE)
# The bodies that are read or worked on at one time.
BODIES_AT_ONCE = 4

log = logging.getLogger("kgan.serving")


def make_app(core: Core) -> Starlette:
    """Returns the ASGI application that answers from `core`."""
    rest = _Rest(core)
    page = StaticFiles(directory=PAGE, check_dir=False)

    async def index(request: Request) -> Response:
        return await page.get_response("index.html", request.scope)

    async def models(request: Request) -> Response:
        # A manifest may hold what JSON does not know, as Infinity; the other models are listed none the less.
        listing = json.dumps(core.catalogue.listing())
        return JSONResponse(json.loads(listing, parse_constant=lambda _: None))

    return Starlette(
        routes=[
            Route("/", index),
            Mount("/page", page),
            Route("/kgan/models", models),
            Route("/{path:path}", rest),
        ],
        exception_handlers={HTTPException: _refuse},
    )


class _Rest:
    def __init__(self, core: Core) -> None:
        self._core = core
        self._body_bytes = 0

    # As an ASGI application, for which Starlette leaves all methods through.
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request to any path that is not the page's."""
        response = await self._answer(Request(scope, receive))
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        # Undecoded: %2F in a name is no separator.
        path = request.scope["raw_path"].decode("latin-1").partition("?")[0]
        if not path.lower().startswith("/v1/"):
            return PlainTextResponse("Not Found", status_code=404)
        try:
            return await self._dispatch(request, path)
        except ServingError as error:
            return _json({"error": error.message}, error.http_status)
        except ClientDisconnect:
            return Response(status_code=499)
        except asyncio.CancelledError:
            # The server is told to stop, and has waited for long enough.
            return _json({"error": "The server stops"}, 503)
        except Exception:
            log.exception("%s %s failed", request.method, path)
            return _json({"error": "Internal error; the server's log says more"}, 500)

    async def _dispatch(self, request: Request, path: str) -> Response:
        if request.method == "POST" and (found := PREDICTION.fullmatch(path)):
            return await self._take_in(request, _spec(found), found["method"].lower())
        if request.method == "GET":
            if NO_MODEL.fullmatch(path):
                raise invalid("Missing model name in request.")
            if found := STATUS.fullmatch(path):
                spec = _spec(found)
                return _json(self._metadata(spec) if found["metadata"] else self._status(spec))
        raise invalid(f"Malformed request: {request.method} {path}")

    async def _take_in(self, request: Request, spec: Spec, method: str) -> Response:
        """Reads the body, of which all requests together hold only so much in memory, and answers it in a thread."""
        limit, seconds, body = self._core.limits.body_bytes, self._core.limits.seconds, bytearray()
        try:
            if int(request.headers.get("content-length", 0)) > limit:
                return _too_large(limit)
            try:
                await asyncio.wait_for(self._read(request, body), seconds)
            # Another class than TimeoutError in Python 3.10.
            except asyncio.TimeoutError:
                return _too_late(seconds)
            if len(body) > limit:
                return _too_large(limit)
            content = await run_in_threadpool(self._predict, body, spec, method)
            return Response(content, media_type="application/json")
        finally:
            self._body_bytes -= len(body)

    async def _read(self, request: Request, body: bytearray) -> None:
        """Appends to `body` what comes, no further than to beyond the limit."""
        limit = self._core.limits.body_bytes
        async for chunk in request.stream():
            body += chunk
            self._body_bytes += len(chunk)
            if len(body) > limit:
                return
            if self._body_bytes > BODIES_AT_ONCE * limit:
                raise ServingError("RESOURCE_EXHAUSTED", "The requests under way are too large together; try again")

    def _predict(self, body: bytearray, spec: Spec, method: str) -> bytes:
        document = json_requests.parse(body)
        name = json_requests.signature_name(document)
        if method != "predict":
            raise self._core.refuse_examples(spec, name, method)
        servable = self._core.catalogue.get(*spec)
        signature = servable.signature(name)
        inputs, are_rows = json_requests.tensors(document, signature.inputs)
        # Lists of a picture's numbers are many times as large as the picture.
        del document
        outputs = self._core.predict(servable, signature, inputs)
        return (json_replies.rows if are_rows else json_replies.columns)(outputs)

    def _status(self, spec: Spec) -> dict[str, Any]:
        return {
            "model_version_status": [
                {
                    "version": str(version),
                    "state": status.state,
                    "status": {"error_code": status.code, "error_message": status.message},
                }
                for version, status in self._core.status(spec).items()
            ]
        }

    def _metadata(self, spec: Spec) -> dict[str, Any]:
        servable = self._core.catalogue.get(*spec)
        definitions = {name: _signature_json(found) for name, found in sorted(servable.signature_defs.items())}
        return {
            "model_spec": {"name": servable.name, "signature_name": "", "version": str(servable.version)},
            "metadata": {"signature_def": {"signature_def": definitions}},
        }


def _spec(found: re.Match) -> Spec:
    name = urllib.parse.unquote(found["name"], errors="replace")
    if found["version"]:
        digits = found["version"].lstrip("0") or "0"
        if len(digits) > len(str(LARGEST_VERSION)) or int(digits) > LARGEST_VERSION:
            raise invalid(f"Failed to convert version: {found['version']} to numeric.")
        return Spec(name, int(digits))
    label = found["label"]
    return Spec(name, None if label is None else urllib.parse.unquote(label, errors="replace"))


def _signature_json(signature: meta_graph_pb2.SignatureDef) -> dict[str, Any]:
    return json_format.MessageToDict(
        signature, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )


def _json(document: dict[str, Any], status: int = 200) -> Response:
    text = json.dumps(document, indent=4 if "error" in document else 1, ensure_ascii=False)
    # A message may quote what is no valid Unicode.
    return Response(text.encode("utf-8", "replace"), status, media_type="application/json")


def _too_large(limit: int) -> Response:
    return _json({"error": f"The body of a request may have {limit} bytes"}, 413)


def _too_late(seconds: float) -> Response:
    response = _json({"error": f"The body of the request did not come within {seconds:g} s"}, 504)
    # Or the rest of it would be waited for.
    response.headers["connection"] = "close"
    return response


async def _refuse(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return PlainTextResponse(error.detail, error.status_code)
