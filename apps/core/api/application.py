"""The NinjaAPI that project/api.py fills: our parser, our errors, our document."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI, Swagger
from ninja.renderers import BaseRenderer

from apps.core.api.document import finish
from apps.core.api.parsing import JsonParser
from apps.core.api.responses import error_response
from apps.core.constants import APP_VERSION

DOCS_SETTINGS = {
    "persistAuthorization": False,
    "docExpansion": "list",
    "syntaxHighlight": False,
    "validatorUrl": None,
}
DESCRIPTION = """\
Every JSON answer comes in one envelope. Send a token as `Authorization: Bearer`.
Codes, events and headers are described in docs/protocol.md."""


class JsonRenderer(BaseRenderer):
    """Writes JSON with orjson."""

    media_type = "application/json"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> bytes:  # noqa: ANN401
        """Return the data as JSON."""
        return orjson.dumps(data)


class ParleyAPI(NinjaAPI):
    """The API of this product."""

    def __init__(
        self,
        *,
        version: str,
        name: str = "api",
        description: str = DESCRIPTION,
        words: Mapping[str, Any] = MappingProxyType({}),
        is_openai: bool = False,
    ) -> None:
        super().__init__(
            title="Parley",
            version=version,
            description=description,
            docs=Swagger(settings=DOCS_SETTINGS),
            parser=JsonParser(),
            renderer=JsonRenderer(),
            urls_namespace=f"{name}-{version}",
            openapi_extra={"info": {"x-product-version": APP_VERSION}},
        )
        self._document: Any = None
        self._words = words
        self._is_openai = is_openai
        for kind in (Exception, *tuple(self._exception_handlers)):
            self.add_exception_handler(kind, _answer_error)

    def get_openapi_schema(self, **options: Any) -> Any:  # noqa: ANN401
        """Return the OpenAPI document, which is made once: no operation is added later."""
        if self._document is None:
            document = super().get_openapi_schema(**options)
            self._document = finish(document, self._words, is_openai=self._is_openai)
        return self._document


def _answer_error(request: HttpRequest, exception: Any) -> HttpResponse:  # noqa: ANN401
    return error_response(request, exception)
