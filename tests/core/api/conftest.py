"""A small API of the tests' own, served like the real one."""

import sys
from collections.abc import AsyncGenerator, Iterator
from types import ModuleType
from typing import Any

import pytest
from django.db import OperationalError
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import include, path
from ninja import Query
from pydantic import BaseModel
from pytest_django import Settings

from apps.core.api import sse
from apps.core.api.application import ParleyAPI
from apps.core.api.responses import error_response
from apps.core.api.router import ApiRouter, Endpoint
from apps.core.api.schemas import InputSchema, OutputSchema, PageParams
from apps.core.errors import ConflictError

SECRET = "nothing-internal-may-leak"


class ThingIn(InputSchema):
    """What is sent."""

    name: str


class ThingOut(OutputSchema):
    """What is answered."""

    id: int
    name: str


class Stored:
    """A row with more than may leave."""

    id = 7
    name = "thing"
    password = SECRET


class Unfit(BaseModel):
    """A row that does not fit."""

    id: str = SECRET


router = ApiRouter(tags=["Things"])


def endpoint(returns: Any = ThingOut, **options: Any) -> Endpoint:
    return Endpoint(returns=returns, message="Here it is.", scope=None, **options)


@router.operation("GET", "things/{int:number}", endpoint(errors=(ConflictError,)))
async def read_thing(request: HttpRequest, number: int) -> object:
    """Read a thing.

    It has a name.
    """
    failures: dict[int, Exception] = {
        1: ConflictError("Not now.", retry_after_seconds=3),
        2: Http404(SECRET),
        3: OperationalError(SECRET),
        4: ZeroDivisionError(SECRET),
    }
    if number in failures:
        raise failures[number]
    return Unfit() if number == 5 else Stored()


@router.operation("POST", "things", endpoint(status=201))
async def make_thing(request: HttpRequest, payload: ThingIn) -> object:
    """Make a thing."""
    return {"id": 1, "name": payload.name}


@router.operation("GET", "pages", endpoint(returns=PageParams))
async def read_page(request: HttpRequest, page: Query[PageParams]) -> PageParams:
    """Read a page."""
    return page


@router.operation("POST", "rare", endpoint(returns=None, rate="RATE_LIMIT_SIGNUP"))
async def do_rarely(request: HttpRequest) -> None:
    """Do something seldom."""


@router.operation("GET", "stream", endpoint(returns=None, is_stream=True, openapi=sse.streams("E")))
async def stream(request: HttpRequest) -> HttpResponseBase:
    """Stream."""
    return await sse.event_stream(_events())


async def _events() -> AsyncGenerator[sse.ServerSentEvent, None]:
    yield sse.ServerSentEvent("first", b'{"a":1}', "5")
    raise ZeroDivisionError(SECRET)


@pytest.fixture
def things(settings: Settings) -> Iterator[ParleyAPI]:
    """The API under /api/v1/, in the place of the real one."""
    api = ParleyAPI(version="test")
    api.add_router("/", router)
    module = ModuleType("tests_urls_of_things")
    module.urlpatterns = [  # type: ignore[attr-defined]
        path("api/v1/", api.urls),
        path("openai/v1/", include(router_urls())),
        path("", include("project.urls")),
    ]
    for code, name in ((400, "bad_request"), (404, "not_found"), (500, "server_error")):
        setattr(module, f"handler{code}", f"apps.core.views.{name}")
    sys.modules[module.__name__] = module
    settings.ROOT_URLCONF = module.__name__
    yield api
    del sys.modules[module.__name__]


def router_urls() -> list[Any]:
    """Addresses of the OpenAI-compatible routes."""

    async def fail(request: HttpRequest) -> HttpResponseBase:
        return error_response(request, ConflictError())

    return [path("fail", fail)]
