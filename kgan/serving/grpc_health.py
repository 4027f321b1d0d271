"""grpc.health.v1, the health check that Kubernetes and load balancers ask.

https://github.com/grpc/grpc/blob/master/doc/health-checking.md. The protocol's two messages are defined here, which
spares a package; `Watch` is not offered, which clients are told to take as healthy.
"""

from collections.abc import Callable
from typing import Any

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

PACKAGE = "grpc.health.v1"
SERVING, NOT_SERVING = 1, 2
# "" is the server as a whole.
SERVICES = ("", "tensorflow.serving.PredictionService", "tensorflow.serving.ModelService")


def _messages() -> tuple[Any, Any]:
    file = descriptor_pb2.FileDescriptorProto(name="grpc/health/v1/health.proto", package=PACKAGE, syntax="proto3")
    request = file.message_type.add(name="HealthCheckRequest")
    request.field.add(name="service", number=1, type="TYPE_STRING", label="LABEL_OPTIONAL")
    response = file.message_type.add(name="HealthCheckResponse")
    kind = response.enum_type.add(name="ServingStatus")
    for number, name in enumerate(("UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN")):
        kind.value.add(name=name, number=number)
    response.field.add(
        name="status",
        number=1,
        type="TYPE_ENUM",
        label="LABEL_OPTIONAL",
        type_name=f".{PACKAGE}.HealthCheckResponse.ServingStatus",
    )
    # A pool of its own: the package that defines them for all may be installed too.
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    names = ("HealthCheckRequest", "HealthCheckResponse")
    first, second = (message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{PACKAGE}.{name}")) for name in names)
    return first, second


HealthCheckRequest, HealthCheckResponse = _messages()


def health_handler(is_serving: Callable[[], bool]) -> grpc.GenericRpcHandler:
    """Returns the handler of `Check`: SERVING or NOT_SERVING; NOT_FOUND for a service that is not here."""

    def check(request: Any, context: grpc.ServicerContext) -> Any:
        if request.service not in SERVICES:
            context.abort(grpc.StatusCode.NOT_FOUND, "unknown service")
        return HealthCheckResponse(status=SERVING if is_serving() else NOT_SERVING)

    method = grpc.unary_unary_rpc_method_handler(
        check,
        request_deserializer=HealthCheckRequest.FromString,
        response_serializer=HealthCheckResponse.SerializeToString,
    )
    return grpc.method_handlers_generic_handler(f"{PACKAGE}.Health", {"Check": method})
