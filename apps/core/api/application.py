"""The NinjaAPI that project/api.py fills: our parser, our errors, our document."""

from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI, Swagger
from ninja.errors import HttpError
from ninja.parser import Parser
from ninja.renderers import BaseRenderer

from apps.core.api.responses import error_response
from apps.core.api.schemas import contains_nul
from apps.core.constants import APP_VERSION
from apps.core.errors import FieldProblem, ValidationFailedError

DESCRIPTION = """\
Every JSON answer comes in one envelope. Send a token as `Authorization: Bearer`.
Codes, events and headers are described in docs/protocol.md."""
NUL_ESCAPE = b"\\u0000"


class JsonParser(Parser):
    """Reads JSON strictly: no lone surrogates, no endless depth, no NUL inside a text."""

    def parse_body(self, request: HttpRequest) -> Any:  # noqa: ANN401
        """Parse a body.

        Raises:
            HttpError: it is not JSON.
            ValidationFailedError: a text in it holds NUL, which the database cannot store.
        """
        try:
            value = orjson.loads(request.body)
        except orjson.JSONDecodeError:
            raise HttpError(400, "not JSON") from None
        if NUL_ESCAPE in request.body and contains_nul(value):
            problem = FieldProblem(field="body", message="Text may not hold NUL", type="nul")
            raise ValidationFailedError(details=[problem])
        return value


class JsonRenderer(BaseRenderer):
    """Writes JSON with orjson."""

    media_type = "application/json"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> bytes:  # noqa: ANN401
        """Return the data as JSON."""
        return orjson.dumps(data)


class ParleyAPI(NinjaAPI):
    """The API of this product."""

    def __init__(self, *, version: str, name: str = "api", description: str = DESCRIPTION) -> None:
        super().__init__(
            title="Parley",
            version=version,
            description=description,
            docs=Swagger(settings={"persistAuthorization": False, "docExpansion": "list"}),
            parser=JsonParser(),
            renderer=JsonRenderer(),
            urls_namespace=f"{name}-{version}",
            openapi_extra={"info": {"x-product-version": APP_VERSION}},
        )
        self._document: Any = None
        for kind in (Exception, *tuple(self._exception_handlers)):
            self.add_exception_handler(kind, _answer_error)

    def get_openapi_schema(self, **options: Any) -> Any:  # noqa: ANN401
        """Return the OpenAPI document, which is made once: no operation is added later."""
        if self._document is None:
            self._document = super().get_openapi_schema(**options)
        return self._document


def _answer_error(request: HttpRequest, exception: Any) -> HttpResponse:  # noqa: ANN401
    return error_response(request, exception)
