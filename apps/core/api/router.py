"""A router whose operations return plain data; envelope and schema are added here."""

import functools
import inspect
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar, get_args, get_origin

import orjson
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import register_converter
from django.urls.converters import IntConverter
from ninja import Router
from pydantic import BaseModel, TypeAdapter, ValidationError

from apps.core.api import etags, idempotency
from apps.core.api.auth import Caller
from apps.core.api.counting import identity_of
from apps.core.api.endpoints import Endpoint
from apps.core.api.responses import (
    add_header,
    empty_response,
    put_headers,
    sentence_of,
    success_response,
)
from apps.core.api.schemas import ErrorEnvelope, PageParams
from apps.core.constants import LARGEST_NUMBER, UNDECLARED_ERROR
from apps.core.error_handling import as_app_error
from apps.core.idempotency import Answer
from apps.core.logging import log_event

__all__ = ["ApiRouter", "Endpoint"]

View = TypeVar("View", bound=Callable[..., Awaitable[Any]])
logger = logging.getLogger(__name__)


class NumberConverter(IntConverter):
    """A row's number in an address; what the database cannot count to is a row that is not."""

    def to_python(self, value: str) -> int:
        """Return the number, or the largest one that a document may name."""
        return min(int(value), LARGEST_NUMBER)


register_converter(NumberConverter, "number")


class ResponseShapeError(RuntimeError):
    """What a service returned does not fit the operation's schema: a fault of ours."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation as it is answered.

    Attributes:
        name: its id in the document.
        method: HTTP method.
        endpoint: what it promises.
        codes: every error code that it declares.
        adapter: writes the data that it returns.
    """

    name: str
    method: str
    endpoint: Endpoint
    codes: Collection[str]
    adapter: TypeAdapter[Any]


class ApiRouter(Router):
    """Collects the operations of one app.

    An operation is `async def`, calls one service and returns what it answered; everything else is
    declared beside its address.
    """

    def __init__(self, *, tags: list[str], error_schema: Any = ErrorEnvelope) -> None:  # noqa: ANN401
        super().__init__(tags=tags)
        self.error_schema = error_schema

    def operation(
        self,
        method: str,
        path: str,
        endpoint: Endpoint,
        *,
        operation_id: str | None = None,
    ) -> Callable[[View], View]:
        """Register an operation; its summary and description come from its docstring.

        Args:
            method: HTTP method.
            path: address below the router, for example `messages/{int:message_id}`.
            endpoint: what the operation promises.
            operation_id: name in the OpenAPI document; the function's name if not given.
        """

        def register(view: View) -> View:
            name = operation_id or view.__name__
            summary, _, description = (view.__doc__ or "").strip().partition("\n")
            errors = endpoint.declared(
                method,
                has_body=any(issubclass(kind, BaseModel) for kind in _kinds(view)),
                has_path="{" in path,
                has_page=any(issubclass(kind, PageParams) for kind in _kinds(view, queries=True)),
            )
            codes = frozenset(code for found in errors.values() for code in found)
            adapter: TypeAdapter[Any] = TypeAdapter(endpoint.returns)
            self.add_api_operation(
                path.replace("{int:", "{number:"),
                [method],
                wrap(view, Operation(name, method, endpoint, codes, adapter)),
                auth=endpoint.auth(),
                response=endpoint.responses(errors, self.error_schema),
                operation_id=name,
                summary=summary.rstrip("."),
                description=" ".join(description.split()),
                openapi_extra=endpoint.description(method, errors),
            )
            return view

        return register


def wrap(
    view: Callable[..., Awaitable[Any]], operation: Operation
) -> Callable[..., Awaitable[HttpResponseBase]]:
    """Return the view that answers in the envelope."""
    endpoint = operation.endpoint
    keeps_key = endpoint.keeps_key(operation.method)

    @functools.wraps(view)
    async def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # noqa: ANN401
        try:
            _bind_pages(request, kwargs)
            if endpoint.scope is None:
                find = endpoint.caller
                caller = None if find is None else await find(request, *args, **kwargs)
                request.auth = caller  # type: ignore[attr-defined]
            key = idempotency.key_of(request) if keeps_key else None
            work = functools.partial(view, request, *args, **kwargs)
            if key is None:
                result = await work()
            else:
                result = await _once(request, operation, key, work)
        except Exception as error:
            _note_undeclared(operation, error)
            raise
        response = _respond(request, operation, result)
        put_headers(request, response)
        return response

    answer.__signature__ = inspect.signature(view, eval_str=True)  # type: ignore[attr-defined]
    return answer


def _bind_pages(request: HttpRequest, given: Mapping[str, Any]) -> None:
    """Tell the page that is asked for of which list it is one."""
    for value in given.values():
        if isinstance(value, PageParams):
            value.bind(request.path, given)


async def _once(
    request: HttpRequest, operation: Operation, key: str, work: Callable[[], Awaitable[Any]]
) -> Any:  # noqa: ANN401
    """Do the work once for its key; what came before is answered as it was, and marked.

    Where the operation says so, it is answered as the caller may see it now.
    """

    def data_of(result: object) -> Answer:
        kept = idempotency.kept_for_stream(request, result)
        return Answer(operation.endpoint.status, _dump(operation, kept))

    wanted = idempotency.keyed(
        request,
        caller=identity_of(request),
        operation=operation.name,
        key=key,
        rights=_rights_of(request, operation.endpoint),
    )
    result = await idempotency.once(wanted, work, data_of)
    if isinstance(result, Answer):
        idempotency.mark_replay(request)
        if operation.endpoint.read_again is not None:
            return await operation.endpoint.read_again(request, orjson.loads(result.data))
    return result


def _rights_of(request: HttpRequest, endpoint: Endpoint) -> str:
    """Return what an answer may be told again under: the caller's rights, and for a secret those
    of their token.
    """
    caller: Caller | None = getattr(request, "auth", None)
    if caller is None:
        return ""
    return f"{caller.rights} {caller.token_rights}" if endpoint.is_secret else caller.rights


def _respond(request: HttpRequest, operation: Operation, result: Any) -> HttpResponseBase:  # noqa: ANN401
    if isinstance(result, HttpResponseBase):
        return result
    data = result.data if isinstance(result, Answer) else _dump(operation, result)
    if operation.endpoint.has_tag(operation.method):
        tag = _tag_of(operation, result, data)
        add_header(request, "ETag", tag)
        if operation.endpoint.knows_readers(operation.method) and etags.is_known(request, tag):
            return empty_response(304)
    return _envelope(request, operation.endpoint, data)


def _tag_of(operation: Operation, result: Any, data: bytes) -> str:  # noqa: ANN401
    """Return the tag of what is answered: what reading the same thing would have, at this state."""
    endpoint = operation.endpoint
    if isinstance(result, Answer):
        result = operation.adapter.validate_json(data)
    moving = etags.moving(endpoint.untagged, result)
    if endpoint.tagged_as is not None:
        read: TypeAdapter[Any] = TypeAdapter(endpoint.tagged_as)
        shown = read.validate_python(result, from_attributes=True)
        data = read.dump_json(shown)
        kept = None if moving is None else read.dump_json(shown, exclude=moving)
    else:
        kept = None if moving is None else _dump(operation, result, moving)
    return etags.tag_of(data, kept=kept)


def _dump(operation: Operation, result: Any, left_out: etags.Fields | None = None) -> bytes:  # noqa: ANN401
    try:
        value = operation.adapter.validate_python(result, from_attributes=True)
    except ValidationError as error:
        fields = ", ".join(".".join(map(str, item["loc"])) for item in error.errors())
        msg = f"The answer does not fit its schema at: {fields}"
        raise ResponseShapeError(msg) from None
    return operation.adapter.dump_json(value, exclude=left_out)


def _envelope(request: HttpRequest, endpoint: Endpoint, data: bytes) -> HttpResponse:
    return success_response(
        request,
        status=endpoint.status,
        message=sentence_of(request, endpoint.message),
        data=orjson.Fragment(data),
    )


def _note_undeclared(operation: Operation, error: Exception) -> None:
    """Log an error that the document does not name; the suite fails where this happens."""
    code = as_app_error(error).code
    if code not in operation.codes:
        log_event(
            logger, UNDECLARED_ERROR, level=logging.WARNING, operation=operation.name, code=code
        )


def _kinds(view: Callable[..., Any], *, queries: bool = False) -> list[type]:
    """Return the classes of a view's arguments: what comes as body, or in the query."""
    given = [one.annotation for one in inspect.signature(view, eval_str=True).parameters.values()]
    wrapped = [get_args(kind)[0] for kind in given if get_origin(kind) is Annotated]
    return [kind for kind in (wrapped if queries else given) if isinstance(kind, type)]
