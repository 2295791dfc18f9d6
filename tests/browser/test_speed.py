"""A page costs the browser little: bytes, main thread, memory."""

import asyncio
import gzip
import re
from pathlib import Path
from typing import Any, Self

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
SLOW_TASK_US = 50_000
STREAM = "[[stream tokens=400 rate=100]]"
LINE = "**Bold** and `code`, [a link](https://example.org/) and \\(x_1^2\\) in *words*."
RICH = (
    "# A plan\n\n| a | b | c |\n|---|---|---|\n"
    + "| 1 | **2** | `three` |\n" * 12
    + f"\n> A quotation: {LINE}\n> It goes on.\n\n\\[\n\\frac{{x_1}}{{y^2}} = 1\n\\]\n\n"
    + "```python\n"
    + "answer = 42  # what else\n" * 20
    + "```\n\n"
    + f"1. {LINE}\n   - {LINE}\n" * 13
    + f"\n{LINE} {LINE}\n\nAnd again:\n\n"
)
TIMES = 5
QUICK = 15_500
"""What of so long an answer is there already when the rest comes at a hundred tokens a second."""
TOUCHED = 600
"""Elements of which the browser asks anew how they look, of the thousands that the page has."""
AT_ITS_END = """article => new Promise(done => new MutationObserver((_, watch) => {
  if (article.dataset.state === "complete") { watch.disconnect(); done(); }
}).observe(article, { attributeFilter: ["data-state"] }))"""


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


class Trace:
    """What the main threads of pages did, by the browser's own tracing.

    Attributes:
        tasks: microseconds of the processor that each task took, whatever else the machine did.
        restyled: of how many elements the look was asked anew, each time.
    """

    def __init__(self, client: CDPSession) -> None:
        self.tasks: list[int] = []
        self.restyled: list[int] = []
        self._client = client
        self._events: list[dict[str, Any]] = []
        self._is_told = asyncio.Event()
        client.on("Tracing.dataCollected", lambda data: self._events.extend(data["value"]))
        client.on("Tracing.tracingComplete", lambda _: self._is_told.set())

    async def __aenter__(self) -> Self:
        categories = ["devtools.timeline", "disabled-by-default-devtools.timeline", "__metadata"]
        config = {"traceConfig": {"includedCategories": categories}}
        await self._client.send("Tracing.start", {"transferMode": "ReportEvents", **config})
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.send("Tracing.end")
        await self._is_told.wait()
        main = {
            (one["pid"], one["tid"])
            for one in self._events
            if one["name"] == "thread_name" and one["args"]["name"] == "CrRendererMain"
        }
        ours = [one for one in self._events if (one["pid"], one["tid"]) in main]
        self.tasks = [one.get("tdur", 0) for one in ours if one["name"] == "RunTask"]
        self.restyled = [
            one["args"]["elementCount"]
            for one in ours
            if one["name"] == "UpdateLayoutTree" and "elementCount" in one["args"]
        ]


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
        await tab.see_length(2_500)
        after, ended = await metrics(client), await heap(client)
        await tab.see_state("complete")
        await expect(tab.page.locator("[data-status]")).to_have_text("Answer complete")
        assert len(RICH) * TIMES >= 16_000
        await tab.write(f"[[echo times={TIMES} quick={QUICK} rate=100]]\n{RICH}")
        await expect(tab.answer_body.locator("table")).to_have_count(TIMES)
        async with Trace(client) as trace:
            await tab.answer.evaluate(AT_ITS_END)
        for part in ("ol", "table", ".code-block", ".formula--block", "blockquote"):
            await expect(tab.answer_body.locator(part)).to_have_count(TIMES)
    assert len(trace.tasks) > 100
    slow = [task for task in trace.tasks if task > SLOW_TASK_US]
    assert len(slow) <= 1, f"{slow} of {len(trace.tasks)} tasks"
    many = [count for count in trace.restyled if count > TOUCHED]
    assert len(many) <= 2, f"{many} of {len(trace.restyled)} times"
    seconds = after["Timestamp"] - before["Timestamp"]
    busy = after["TaskDuration"] - before["TaskDuration"]
    assert busy / seconds < 0.5, "more than half of each frame is taken"
    assert ended - began < 1_000_000
    assert after["Nodes"] - before["Nodes"] < 200
