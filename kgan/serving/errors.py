"""What a server answers instead of a prediction: a status of gRPC and a message, in TensorFlow Serving's words."""

# As TensorFlow Serving maps them (model_servers/http_server.cc).
HTTP_STATUS = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "OUT_OF_RANGE": 400,
    "NOT_FOUND": 404,
    "RESOURCE_EXHAUSTED": 429,
    "PERMISSION_DENIED": 403,
    "UNAUTHENTICATED": 401,
    "ALREADY_EXISTS": 409,
    "ABORTED": 409,
    "CANCELLED": 499,
    "UNKNOWN": 500,
    "INTERNAL": 500,
    "DATA_LOSS": 500,
    "UNIMPLEMENTED": 501,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}


class ServingError(Exception):
    """A request that cannot be answered.

    Attributes:
        code: The name of a gRPC status, a key of `HTTP_STATUS`.
        message: What the client is told.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message

    @property
    def http_status(self) -> int:
        """The HTTP status that stands for the code."""
        return HTTP_STATUS[self.code]


def invalid(message: str) -> ServingError:
    """Returns the error for a request that is wrong in itself, HTTP 400."""
    return ServingError("INVALID_ARGUMENT", message)
