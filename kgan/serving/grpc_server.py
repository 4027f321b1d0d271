"""gRPC: the PredictionService and ModelService of TensorFlow Serving, and the standard health check."""

import functools
import logging
import threading
import weakref
from collections.abc import Callable
from concurrent import futures
from typing import Any

import grpc
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_management_pb2,
    model_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from kgan.errors import InputError
from kgan.serving.core import Core, Spec
from kgan.serving.errors import ServingError, invalid
from kgan.serving.grpc_health import PACKAGE, health_handler
from kgan.serving.grpc_tensors import to_arrays, to_proto

# Each may hold a body in memory; one more is refused.
CALLS_AT_ONCE = 64
# That are left for health checks and refusals.
SPARE_THREADS = 8
SIGNATURES = "signature_def"

log = logging.getLogger("kgan.serving")


def make_server(core: Core, is_serving: Callable[[], bool]) -> grpc.Server:
    """Returns a server that answers from `core`, without a port yet, not yet started.

    Args:
        core: What answers.
        is_serving: Of the health check.
    """
    limit = core.limits.body_bytes
    options = [
        ("grpc.max_receive_message_length", limit),
        ("grpc.max_send_message_length", -1),
        # Nothing compressed is taken: a small message could unpack to any size, past the limit above.
        ("grpc.compression_enabled_algorithms_bitset", 1),
        # Otherwise a second server would get half of the requests instead of an error.
        ("grpc.so_reuseport", 0),
    ]
    threads = futures.ThreadPoolExecutor(CALLS_AT_ONCE + SPARE_THREADS, thread_name_prefix="kgan-grpc")
    # Health checks wait for a thread, but not any number of them.
    most = CALLS_AT_ONCE + 4 * SPARE_THREADS
    server = grpc.server(threads, interceptors=(_Gate(),), options=options, maximum_concurrent_rpcs=most)
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(_PredictionService(core), server)
    model_service_pb2_grpc.add_ModelServiceServicer_to_server(_ModelService(core), server)
    server.add_generic_rpc_handlers((health_handler(is_serving),))
    return server


class _Gate(grpc.ServerInterceptor):
    """Lets so many calls in at a time, before their bodies are read, and health checks always."""

    def __init__(self) -> None:
        self._free = threading.Semaphore(CALLS_AT_ONCE)

    def intercept_service(self, continuation: Callable, details: Any) -> Any:
        handler = continuation(details)
        if handler is None or details.method.startswith(f"/{PACKAGE}.Health/"):
            return handler
        if not self._free.acquire(blocking=False):
            # Said to take a stream, for then its body is not waited for.
            return grpc.stream_unary_rpc_method_handler(_refuse)

        def answer(request: Any, context: grpc.ServicerContext) -> Any:
            try:
                return handler.unary_unary(request, context)
            finally:
                release()

        # Once, whichever comes first: a call that is given up while its body comes is never answered.
        release = weakref.finalize(answer, self._free.release)
        return grpc.unary_unary_rpc_method_handler(answer, handler.request_deserializer, handler.response_serializer)


def _refuse(requests: Any, context: grpc.ServicerContext) -> Any:
    context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "Too many requests are under way; try again")


def _translating(method: Callable) -> Callable:
    """Makes a ServingError the status of the call."""

    @functools.wraps(method)
    def answer(self: Any, request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return method(self, request, context)
        except ServingError as error:
            code, message = error.code, error.message
        except Exception:
            log.exception("%s failed", method.__name__)
            code, message = "INTERNAL", "Internal error; the server's log says more"
        # Outside the handlers, for it raises.
        return context.abort(grpc.StatusCode[code], message)

    return answer


class _PredictionService(prediction_service_pb2_grpc.PredictionServiceServicer):
    def __init__(self, core: Core) -> None:
        self._core = core

    @_translating
    def Predict(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        servable = self._core.catalogue.get(*_spec(request.model_spec))
        signature = servable.signature(request.model_spec.signature_name)
        wanted = _wanted(list(request.output_filter), signature.outputs)
        # The numbers of a body may take four times its bytes: small ones come as one byte each.
        inputs = to_arrays(request.inputs, 4 * self._core.limits.body_bytes)
        outputs = self._core.predict(servable, signature, inputs, context.time_remaining())
        response = predict_pb2.PredictResponse()
        response.model_spec.CopyFrom(_answered_by(servable.name, servable.version, signature.name))
        for name in wanted:
            response.outputs[name].CopyFrom(to_proto(outputs[name]))
        return response

    @_translating
    def GetModelMetadata(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        if not request.metadata_field:
            raise invalid("GetModelMetadataRequest must specify at least one metadata_field")
        for field in request.metadata_field:
            if field != SIGNATURES:
                raise invalid(f"Metadata field {field} is not supported")
        servable = self._core.catalogue.get(*_spec(request.model_spec))
        definitions = get_model_metadata_pb2.SignatureDefMap()
        for name, signature in servable.signature_defs.items():
            definitions.signature_def[name].CopyFrom(signature)
        response = get_model_metadata_pb2.GetModelMetadataResponse()
        response.model_spec.CopyFrom(_answered_by(servable.name, servable.version, ""))
        response.metadata[SIGNATURES].Pack(definitions)
        return response

    @_translating
    def Classify(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        raise self._core.refuse_examples(_spec(request.model_spec), request.model_spec.signature_name, "classify")

    @_translating
    def Regress(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        raise self._core.refuse_examples(_spec(request.model_spec), request.model_spec.signature_name, "regress")


class _ModelService(model_service_pb2_grpc.ModelServiceServicer):
    def __init__(self, core: Core) -> None:
        self._core = core

    @_translating
    def GetModelStatus(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        response = get_model_status_pb2.GetModelStatusResponse()
        for version, status in self._core.status(_spec(request.model_spec)).items():
            entry = response.model_version_status.add(version=version, state=status.state)
            entry.status.error_code = grpc.StatusCode[status.code].value[0]
            entry.status.error_message = status.message
        return response

    @_translating
    def HandleReloadConfigRequest(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        try:
            self._core.catalogue.configure(request.config)
        except InputError as error:
            raise invalid(str(error)) from None
        return model_management_pb2.ReloadConfigResponse()


def _spec(spec: Any) -> Spec:
    if not spec.name:
        raise invalid("ModelSpec has no name specified.")
    if spec.WhichOneof("version_choice") == "version_label":
        return Spec(spec.name, spec.version_label)
    # Some clients always fill the version in, with 0 for any; what kgan publishes begins at 1.
    return Spec(spec.name, spec.version.value or None)


def _answered_by(name: str, version: int, signature_name: str) -> Any:
    spec = model_pb2.ModelSpec(name=name, signature_name=signature_name)
    spec.version.value = version
    return spec


def _wanted(asked: list[str], outputs: dict[str, Any]) -> list[str]:
    for index, name in enumerate(asked):
        if name not in outputs:
            raise invalid(
                f"output tensor alias not found in signature: {name} Outputs expected to be in the set "
                f"{{{','.join(outputs)}}}."
            )
        if name in asked[:index]:
            raise invalid(f"duplicate output tensor alias: {name}")
    return asked or list(outputs)
