"""Errors that a caller is told about: a stable code, a status and a sentence that says what to do.

AppError
+-- ValidationFailedError   400
+-- UnauthorizedError       401
+-- ForbiddenError          403
+-- NotFoundError           404
+-- MethodNotAllowedError   405
+-- ConflictError           409
|   +-- IdempotencyConflictError, IdempotencyInProgressError, IdempotencyLostError
+-- PreconditionFailedError 412
+-- PayloadTooLargeError    413
+-- UnsupportedMediaError   415
+-- RateLimitedError        429
+-- InternalError           500
+-- ServiceUnavailableError 503
"""

from typing import ClassVar, TypedDict

from django.utils.translation import gettext

from apps.core import constants


class FieldProblem(TypedDict):
    """One field that was refused: where it is, what is wrong, the validator's own word for it."""

    field: str
    message: str
    type: str


class AppError(Exception):
    """A failure that the product foresaw.

    Attributes:
        code: stable snake_case word that programs may depend on; unique in the project.
        status_code: HTTP status for the API and the pages.
        message: a sentence for a person, in their language; never holds anything internal.
        details: problems per field, where there are fields.
        retry_after_seconds: when it makes sense to try again, if that is known.
        is_final: whether nobody should send the same again by themselves: it is of no use, or does
            once more what has its price. OpenAI's clients are told so.
    """

    code: ClassVar[str] = "internal_error"
    status_code: ClassVar[int] = 500
    default_message: ClassVar[str] = constants.SOMETHING_WENT_WRONG
    is_final: bool = False

    def __init__(
        self,
        message: str | None = None,
        *,
        details: list[FieldProblem] | None = None,
        retry_after_seconds: int | None = None,
    ) -> None:
        self.message = message or gettext(self.default_message)
        self.details = details
        self.retry_after_seconds = retry_after_seconds
        super().__init__(self.message)

    @property
    def sentence(self) -> str:
        """What a person is told: the first field's own sentence where fields do not fit."""
        return self.details[0]["message"] if self.details else self.message


class ValidationFailedError(AppError):
    """What was sent does not fit."""

    code = "validation_failed"
    status_code = 400
    default_message = constants.VALIDATION_FAILED


class UnauthorizedError(AppError):
    """Nobody is signed in, or the token is not valid."""

    code = "unauthorized"
    status_code = 401
    default_message = constants.UNAUTHORIZED_ACCESS


class ForbiddenError(AppError):
    """The caller is known and may not do this."""

    code = "forbidden"
    status_code = 403
    default_message = constants.FORBIDDEN_ACCESS


class NotFoundError(AppError):
    """Unknown, or not the caller's: the two look the same."""

    code = "not_found"
    status_code = 404
    default_message = constants.NOT_FOUND


class EndpointNotOfferedError(NotFoundError):
    """An OpenAI client asked for something else than chat completions and models."""

    code = "endpoint_not_offered"
    default_message = (
        "Only chat/completions and models are offered here. Use chat completions; the Responses "
        "API, embeddings, files and the others are not available."
    )


class MethodNotAllowedError(AppError):
    """The address exists and does not answer this method."""

    code = "method_not_allowed"
    status_code = 405
    default_message = constants.METHOD_NOT_ALLOWED


class ConflictError(AppError):
    """Something changed meanwhile, or the same key came with other content."""

    code = "conflict"
    status_code = 409
    default_message = "This changed meanwhile. Load it again and retry."


class IdempotencyConflictError(ConflictError):
    """The same idempotency key came with other content."""

    code = "idempotency_conflict"
    is_final = True
    default_message = "This key was already used for something else. Send it with a new key."


class IdempotencyInProgressError(ConflictError):
    """The request that first came with this key has not been answered yet."""

    code = "idempotency_in_progress"
    default_message = (
        "The first request with this key is still being answered. Send it again in a moment."
    )


class IdempotencyLostError(ConflictError):
    """The process that answered the first request with this key ended before it could say how."""

    code = "idempotency_lost"
    is_final = True
    default_message = (
        "Nobody knows how the first request with this key ended. Look whether it was done; if not, "
        "send it with a new key."
    )


class PreconditionFailedError(AppError):
    """What was to be changed is not any more what the caller had read."""

    code = "precondition_failed"
    status_code = 412
    default_message = "This changed since you read it. Read it again, then send your change."


class PayloadTooLargeError(AppError):
    """The body is larger than this address accepts."""

    code = "payload_too_large"
    status_code = 413
    default_message = "This is too large. Send less at once."


class UnsupportedMediaError(AppError):
    """The body has a type that this address does not read."""

    code = "unsupported_media_type"
    status_code = 415
    default_message = constants.UNSUPPORTED_MEDIA_TYPE


class RateLimitedError(AppError):
    """Too many requests in a window."""

    code = "rate_limited"
    status_code = 429
    default_message = "Too many requests. Wait a little and try again."


class InternalError(AppError):
    """Something that nobody foresaw; the caller learns only that it happened."""


class ServiceUnavailableError(AppError):
    """A part that is needed does not answer at the moment."""

    code = "service_unavailable"
    status_code = 503
    default_message = "This is not available at the moment. Try again in a minute."
