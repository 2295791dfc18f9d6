"""All tests of a process share one Chromium, and none of them meets anything of another."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Error, Route

from apps.core.development.processes import start_mark
from tests.browser.tab import Browsing
from tests.support.chromium import Chromium
from tests.support.processes import wait_until

pytestmark = pytest.mark.browser

URL = "https://parley.test"
LEAVE = """async () => {
    document.cookie = "left=behind";
    localStorage.left = sessionStorage.left = "behind";
    await caches.open("left");
    await new Promise((done) => (indexedDB.open("left").onsuccess = done));
    await navigator.serviceWorker.register("/worker.js");
    await navigator.serviceWorker.ready;
}"""
FIND = """async () => ({
    cookie: document.cookie,
    stored: [...Object.keys(localStorage), ...Object.keys(sessionStorage)],
    caches: await caches.keys(),
    databases: await indexedDB.databases(),
    workers: (await navigator.serviceWorker.getRegistrations()).length,
    geolocation: (await navigator.permissions.query({ name: "geolocation" })).state,
    offline: !navigator.onLine,
})"""
NOTHING: dict[str, Any] = {
    "cookie": "",
    "stored": [],
    "caches": [],
    "databases": [],
    "workers": 0,
    "geolocation": "prompt",
    "offline": False,
}


async def answer(route: Route) -> None:
    kind = "text/javascript" if route.request.url.endswith(".js") else "text/html"
    await route.fulfill(content_type=kind, body="")


async def serve(context: BrowserContext) -> None:
    """Answer for a site that is not there."""
    await context.route("**", answer)


async def found_by(browsing: Browsing) -> dict[str, Any]:
    """Return what somebody new finds on the page."""
    async with browsing:
        tab = await browsing.visitor()
        await serve(tab.page.context)
        await tab.open()
        kept: dict[str, Any] = await tab.page.evaluate(FIND)
    return kept


async def test_nothing_that_a_person_keeps_reaches_the_next_test(chromium: Chromium) -> None:
    first, second = (Browsing(url=URL, chromium=chromium) for _ in range(2))
    async with first:
        tab = await first.visitor(permissions=["geolocation"])
        await serve(tab.page.context)
        await tab.open()
        await tab.page.evaluate(LEAVE)
        await tab.page.context.set_offline(True)
        left = await tab.page.evaluate(FIND)
        assert {name for name, one in left.items() if one == NOTHING[name]} == set()
    browser = chromium.browser
    assert browser is not None
    assert browser.contexts == []
    assert await found_by(second) == NOTHING
    assert chromium.browser is browser


async def break_a_page(browsing: Browsing) -> None:
    """Have a script throw, and end."""
    async with browsing:
        tab = await browsing.visitor()
        async with tab.page.expect_event("pageerror"):
            await tab.page.evaluate("setTimeout(() => { throw new Error('broken'); })")


async def test_what_goes_wrong_on_a_page_fails_its_own_test_alone(chromium: Chromium) -> None:
    first, second = (Browsing(url=URL, chromium=chromium) for _ in range(2))
    with pytest.raises(AssertionError, match="thrown: broken"):
        await break_a_page(first)
    assert await found_by(second) == NOTHING


async def test_a_browser_that_crashed_is_replaced_for_the_next_test(chromium: Chromium) -> None:
    first, second = (Browsing(url=URL, chromium=chromium) for _ in range(2))
    async with first:
        await first.visitor()
        crashed = chromium.browser
        assert crashed is not None
        commands = await crashed.new_browser_cdp_session()
        with pytest.raises(Error):
            await commands.send("Browser.crash")
    assert await found_by(second) == NOTHING
    assert chromium.browser is not crashed


def started_here() -> set[int]:
    """Return the processes that this one has started, and theirs."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True)
    parents = dict(map(int, line.split()) for line in listed.stdout.splitlines())
    found = {os.getpid()}
    while more := {one for one, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def test_nothing_runs_on_when_the_tests_are_over(chromium_path: str) -> None:
    before = started_here()
    chromium = Chromium(chromium_path)
    chromium.run(chromium.new_context())
    started = started_here() - before
    chromium.close()
    assert len(started) > 2
    wait_until(
        lambda: all(start_mark(one) is None for one in started), seconds=10, what="all of it gone"
    )


def lists_of_features_left_out(process: int) -> list[set[str]]:
    """Return each list that a browser was started with."""
    arguments = Path(f"/proc/{process}/cmdline").read_text().split("\0")
    option = "--disable-features="
    return [set(one.removeprefix(option).split(",")) for one in arguments if one.startswith(option)]


async def test_what_playwright_leaves_out_of_the_browser_stays_left_out(chromium: Chromium) -> None:
    async with Browsing(url=URL, chromium=chromium) as browsing:
        await browsing.visitor()
        assert chromium.browser is not None
        session = await chromium.browser.new_browser_cdp_session()
        known = await session.send("SystemInfo.getProcessInfo")
        await session.detach()
    number = next(int(one["id"]) for one in known["processInfo"] if one["type"] == "browser")
    theirs, ours = lists_of_features_left_out(number)
    assert theirs <= ours
