"""Words and numbers that every app may use."""

from enum import StrEnum

APP_VERSION = "0.1.0"

SOMETHING_WENT_WRONG = "Something went wrong. Please try again."
UNAUTHORIZED_ACCESS = "Sign in or send a valid token."
FORBIDDEN_ACCESS = "You may not do this. Ask an admin if you should."
NOT_FOUND = "There is nothing here, or it is not yours. Check the address."
VALIDATION_FAILED = "Some of what was sent is not valid. See the details for each field."

DEFAULT_PAGE_SIZE = 20
MAX_PAGE_SIZE = 100
MAX_REASON_CHARS = 2000

CORRELATION_HEADER = "X-Correlation-ID"
CONTROLLER_RESPONSE = "CONTROLLER_RESPONSE"
CONTROLLER_ERROR = "CONTROLLER_ERROR"
UNDECLARED_ERROR = "UNDECLARED_ERROR"
MAX_CURSOR_CHARS = 500
LARGEST_NUMBER = 10**18 - 1

ENVELOPE_PREFIX = "/api/"
OPENAI_PREFIX = "/openai/"
PROGRAM_PREFIXES = (ENVELOPE_PREFIX, OPENAI_PREFIX, "/healthz", "/readyz", "/metrics")

METHOD_NOT_ALLOWED = "This address does not answer that method. See the API documentation."
UNSUPPORTED_MEDIA_TYPE = "Send the body as JSON, with Content-Type: application/json."
UNREADABLE_BODY = "The body is not valid JSON. Check it and send it again."
UNREADABLE_REQUEST = "This request cannot be read. Check it and send it again."
INVALID_CURSOR = "This cursor is not valid here. Start again without a cursor."


class ApplicationEnvironment(StrEnum):
    """Where this process runs; production and staging refuse unsafe settings."""

    DEVELOPMENT = "development"
    TEST = "test"
    STAGING = "staging"
    PRODUCTION = "production"
