"""Which key a moderation endpoint is sent."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from pytest_django import Settings

from apps.llm.gateway.moderation import close_default_classifier, default_classifier


@asynccontextmanager
async def endpoint() -> AsyncIterator[tuple[str, list[str | None]]]:
    """A moderation endpoint: its address, and the Authorization of each question."""
    seen: list[str | None] = []

    async def answer(request: web.Request) -> web.Response:
        seen.append(request.headers.get("Authorization"))
        return web.json_response({"results": [{"category_scores": {"violence": 0.1}}]})

    app = web.Application()
    app.router.add_post("/v1/moderations", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1", seen
    finally:
        await close_default_classifier()
        await runner.cleanup()


@pytest.mark.parametrize(
    ("own_address", "own_key", "is_model_server", "sent"),
    [
        (True, "", False, None),
        (True, "its-own", False, "Bearer its-own"),
        (True, "", True, "Bearer of-the-models"),
        (False, "", True, "Bearer of-the-models"),
        (False, "its-own", True, "Bearer its-own"),
    ],
)
async def test_the_key_of_the_model_server_goes_nowhere_else(
    settings: Settings,
    own_address: bool,
    own_key: str,
    is_model_server: bool,
    sent: str | None,
) -> None:
    settings.OPENAI_API_KEY = "of-the-models"
    settings.MODERATION_API_KEY = own_key
    async with endpoint() as (address, seen):
        settings.OPENAI_BASE_URL = address if is_model_server else "http://127.0.0.1:1/v1"
        settings.MODERATION_BASE_URL = address if own_address else ""
        await default_classifier().classify("A text.", model="", seconds=5)
    assert seen == [sent]
