"""Words and numbers that every app may use."""

from enum import StrEnum

SOMETHING_WENT_WRONG = "Something went wrong. Please try again."
UNAUTHORIZED_ACCESS = "Sign in or send a valid token."
FORBIDDEN_ACCESS = "You may not do this."
NOT_FOUND = "There is nothing here, or it is not yours."
VALIDATION_FAILED = "Some of what was sent is not valid. See the details for each field."

DEFAULT_PAGE_SIZE = 20
MAX_PAGE_SIZE = 100

CORRELATION_HEADER = "X-Correlation-ID"


class ApplicationEnvironment(StrEnum):
    """Where this process runs; production and staging refuse unsafe settings."""

    DEVELOPMENT = "development"
    TEST = "test"
    STAGING = "staging"
    PRODUCTION = "production"
