"""What one operation of the API promises, and how its description says so."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, get_origin

from django.http import HttpRequest

from apps.core.api.auth import BearerToken, Caller, authenticator
from apps.core.api.counting import Counter
from apps.core.api.etags import Untagged
from apps.core.api.pagination import InvalidCursorError
from apps.core.api.schemas import Envelope, Page
from apps.core.errors import (
    AppError,
    ForbiddenError,
    IdempotencyConflictError,
    IdempotencyInProgressError,
    IdempotencyLostError,
    InternalError,
    NotFoundError,
    PayloadTooLargeError,
    PreconditionFailedError,
    RateLimitedError,
    ServiceUnavailableError,
    UnauthorizedError,
    UnsupportedMediaError,
    ValidationFailedError,
)

ReadAgain = Callable[[HttpRequest, Any], Awaitable[Any]]
FindCaller = Callable[..., Awaitable[Caller | None]]
JSON = "application/json"
ALWAYS: tuple[type[AppError], ...] = (
    ValidationFailedError,
    RateLimitedError,
    InternalError,
    ServiceUnavailableError,
)
GUARDED: tuple[type[AppError], ...] = (UnauthorizedError, ForbiddenError)
WITH_BODY: tuple[type[AppError], ...] = (PayloadTooLargeError, UnsupportedMediaError)
WITH_KEY: tuple[type[AppError], ...] = (
    IdempotencyConflictError,
    IdempotencyInProgressError,
    IdempotencyLostError,
)

IF_NONE_MATCH = {
    "in": "header",
    "name": "If-None-Match",
    "schema": {"type": "string"},
    "required": False,
    "description": "`ETag` of what you have; while it is still so, the answer is 304.",
}
IF_MATCH = {
    "in": "header",
    "name": "If-Match",
    "schema": {"type": "string"},
    "required": False,
    "description": "`ETag` of what you have read; where it changed meanwhile, nothing is done.",
}
IDEMPOTENCY_KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "schema": {"type": "string", "pattern": "^[!-~]{1,64}$"},
    "required": False,
    "description": "Your own id of this request: sent again within 24 hours, it does nothing new.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """What one operation promises.

    Attributes:
        returns: type of the data in the envelope.
        message: the envelope's sentence.
        scope: what the token must be good for; None lets everybody in and looks at no token.
        status: HTTP status of success.
        errors: errors that it may answer, beside those that all do.
        rate: name of the setting with a limit of its own, beside RATE_LIMIT_API.
        openapi: additions to the operation's description.
        is_stream: whether success is a stream, which has no envelope.
        is_plain: whether success is `returns` itself, without an envelope.
        is_conditional: whether the operation heeds `If-Match`.
        untagged: fields of the data that move by themselves, such as when something was used last,
            or who tells them of what is answered. `If-Match` leaves them out, as it is about what
            can be changed; a 304 does not.
        tagged_as: type of the data that reading the same thing answers, where this answer would
            have no tag else, as that of a POST: it bears the tag that reading it would.
        has_own_key: whether the operation keeps `Idempotency-Key` itself, with what it creates.
        is_secret: whether its answer holds a secret that is shown once: a key that comes again is
            answered to the token that sent it first, while that may do as much as then.
        caller: finds out who calls where `scope` is None and some do it with a token; None for
            nobody. It is asked before anything is done or told again.
        is_reading: whether it is a POST that shows what staff must not see unnoticed: each request
            reads anew and is on record, so that nothing is kept of its answer.
        read_again: what is answered to a key that comes again, from what was answered to it first:
            for words that staff may have taken from view since.
        gives: path parameters of other operations that the answer's data holds, as JSON pointers:
            `{"conversation_id": "/id"}`.
    """

    returns: Any
    message: str
    scope: str | None
    status: int = 200
    errors: Iterable[type[AppError]] = ()
    rate: str | None = None
    openapi: Mapping[str, Any] = field(default_factory=dict)
    is_stream: bool = False
    is_plain: bool = False
    is_conditional: bool = False
    untagged: Untagged = None
    tagged_as: Any = None
    has_own_key: bool = False
    is_secret: bool = False
    caller: FindCaller | None = None
    is_reading: bool = False
    read_again: ReadAgain | None = None
    gives: Mapping[str, str] = field(default_factory=dict)

    def auth(self) -> BearerToken | Counter:
        """Return what lets a request in, and counts it."""
        counter = Counter(self.rate)
        return counter if self.scope is None else BearerToken(self.scope, count=counter.count)

    def has_tag(self, method: str) -> bool:
        """Tell whether success names the state of one thing by an `ETag`."""
        if self.is_stream or self.is_plain or self.returns is None:
            return False
        if self.tagged_as is not None:
            return True
        is_list = get_origin(self.returns) is list or (
            isinstance(self.returns, type) and issubclass(self.returns, Page)
        )
        is_one = method == "GET" and not is_list
        return self.is_conditional or self.untagged is not None or is_one

    def knows_readers(self, method: str) -> bool:
        """Tell whether a reader who has the present state already is answered with 304."""
        return method == "GET" and self.has_tag(method)

    def keeps_key(self, method: str) -> bool:
        """Tell whether the general mechanism remembers what was answered to a key."""
        is_kept_here = not (self.has_own_key or self.is_plain or self.is_reading)
        return method == "POST" and is_kept_here

    def declared(
        self, method: str, *, has_body: bool, has_path: bool, has_page: bool
    ) -> dict[int, dict[str, type[AppError]]]:
        """Return every error that the operation may answer, by status and code."""
        needs = (
            (True, (*ALWAYS, *self.errors)),
            (self.scope is not None, (*GUARDED, *authenticator().errors)),
            (has_body, WITH_BODY),
            (has_path, (NotFoundError,)),
            (has_page, (InvalidCursorError,)),
            (self.is_conditional, (PreconditionFailedError,)),
            (self.keeps_key(method), WITH_KEY),
            (self.has_own_key, (IdempotencyConflictError,)),
        )
        found: dict[int, dict[str, type[AppError]]] = {}
        for is_needed, errors in needs:
            for error in errors if is_needed else ():
                found.setdefault(error.status_code, {})[error.code] = error
        return {status: dict(sorted(found[status].items())) for status in sorted(found)}

    def responses(self, errors: Iterable[int], error_schema: Any) -> dict[int, Any]:  # noqa: ANN401
        """Return the schema of every status that the operation answers."""
        success = None if self.is_stream else self.returns
        if not self.is_stream and not self.is_plain:
            success = Envelope.__class_getitem__(self.returns)
        return {self.status: success, **dict.fromkeys(errors, error_schema)}

    def description(
        self, method: str, errors: Mapping[int, Mapping[str, type[AppError]]]
    ) -> dict[str, Any]:
        """Return what the document says beside the schemas."""
        responses: dict[int, dict[str, Any]] = {}
        if not self.is_stream:
            responses[self.status] = {"description": self.message or "Success."}
        if self.has_tag(method):
            responses[self.status]["headers"] = {"ETag": {"$ref": "#/components/headers/ETag"}}
        for status, codes in errors.items():
            lines = [f"`{code}`: {_meaning(error)}" for code, error in codes.items()]
            examples = {code: {"$ref": f"#/components/examples/{code}"} for code in codes}
            responses[status] = {
                "description": "\n\n".join(lines),
                "content": {JSON: {"examples": examples}},
            }
        parameters = []
        if self.keeps_key(method):
            parameters.append(IDEMPOTENCY_KEY)
        if self.is_conditional:
            parameters.append(IF_MATCH)
        if self.knows_readers(method):
            parameters.append(IF_NONE_MATCH)
            responses[304] = {"description": "Nothing changed since you read it."}
        extra: dict[str, Any] = {
            "parameters": parameters,
            "responses": responses,
            "x-gives": dict(self.gives),
        }
        for status, answer in self.openapi.get("responses", {}).items():
            responses.setdefault(status, {}).update(answer)
        return {**extra, **{k: v for k, v in self.openapi.items() if k != "responses"}}


def _meaning(error: type[AppError]) -> str:
    return (error.__doc__ or error.default_message).strip().partition("\n")[0]
