"""A page costs the browser little: bytes, main thread, memory."""

import gzip
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from playwright.async_api import CDPSession, expect

from apps.users.models import User
from tests.browser.tab import Browsing
from tests.factories import ConversationFactory, UserFactory

STATIC = Path(settings.BASE_DIR) / "static"
BUDGET_BYTES = 100_000
ASSET = re.compile(r'(?:href|src)="/static/((?:css|js)/[^"]+)"')
IMPORT = re.compile(r'from "(\.[^"]+)"')
FRAME_MS = 1000 / 60
STREAM = "[[stream tokens=600 rate=100]]"


def with_imports(paths: set[Path]) -> set[Path]:
    """Return the files and all modules that they import, one from the other."""
    found: set[Path] = set()
    waiting = list(paths)
    while waiting:
        path = waiting.pop().resolve()
        if path in found:
            continue
        found.add(path)
        if path.suffix == ".js":
            waiting += [path.parent / name for name in IMPORT.findall(path.read_text())]
    return found


@pytest.mark.django_db
def test_a_chat_page_loads_at_most_100_kb_of_our_own_and_nothing_by_surprise() -> None:
    person = UserFactory()
    client = Client()
    client.force_login(person)
    page = client.get(f"/c/{ConversationFactory(owner=person).pk}/").content.decode()
    named = {
        STATIC / re.sub(r"\.[0-9a-f]{8,12}(?=\.(?:css|js)$)", "", one)
        for one in ASSET.findall(page)
    }
    files = with_imports(named)
    assert sorted(path.name for path in files - {path.resolve() for path in named}) == []
    assert sum(len(gzip.compress(path.read_bytes())) for path in files) <= BUDGET_BYTES


async def metrics(client: CDPSession) -> dict[str, float]:
    """Return the browser's own figures of the page."""
    answer = await client.send("Performance.getMetrics")
    return {one["name"]: one["value"] for one in answer["metrics"]}


async def heap(client: CDPSession) -> float:
    """Return the bytes in use once what is not needed is gone."""
    await client.send("HeapProfiler.collectGarbage")
    return (await metrics(client))["JSHeapUsedSize"]


@pytest.mark.browser
async def test_a_hundred_tokens_a_second_fit_into_the_frames_and_memory_stays_flat(
    browsing: Browsing, person: User
) -> None:
    async with browsing:
        tab = await browsing.signed_in(person)
        await tab.open()
        await tab.ask("[[stream tokens=3]]")
        client = await tab.page.context.new_cdp_session(tab.page)
        await client.send("Performance.enable", {"timeDomain": "threadTicks"})
        await tab.write(STREAM)
        await tab.see_length(400)
        before, began = await metrics(client), await heap(client)
        await tab.see_length(4_000)
        after, ended = await metrics(client), await heap(client)
        await tab.see_state("complete")
        await expect(tab.page.locator("[data-status]")).to_have_text("Answer complete")
    seconds = after["Timestamp"] - before["Timestamp"]
    busy = after["TaskDuration"] - before["TaskDuration"]
    assert busy / seconds < 0.5, "more than half of each frame is taken"
    assert ended - began < 1_000_000
    assert after["Nodes"] - before["Nodes"] < 200
