"""What somebody finds who goes through a page by Tab alone."""

from __future__ import annotations

import asyncio
from pathlib import Path

from playwright.async_api import CDPSession, Locator, Page

MOST_STOPS = 120
KEYS_AT_ONCE = 30
BEGIN = Path(__file__).with_suffix(".js").read_text()
STAY = """(wanted) => {
    const stay = (event) => {
        if (event.key === "Tab" && document.activeElement === wanted) event.preventDefault();
    };
    addEventListener("keydown", stay, true);
    window.goOn = () => removeEventListener("keydown", stay, true);
}"""
"""Whoever has come to what they want presses Tab no more: those on their way do nothing."""
IS_FOCUSED = "one => one === document.activeElement"


async def faults_by_tab(page: Page, *, at_least: int = 1) -> list[str]:
    """Press Tab through a whole page, and return what is wrong with its stops.

    Each must have a name and a ring that it has only with the focus, and be in view with nothing
    over it; everything that can be used must have been a stop.

    Args:
        page: what is on it now, with motion reduced: a ring that fades in is not there at once.
        at_least: how many stops there are in any case.
    """
    client = await page.context.new_cdp_session(page)
    await page.evaluate(BEGIN)
    for _ in range(MOST_STOPS // KEYS_AT_ONCE):
        if await page.evaluate("window.isWalked()"):
            break
        await _press_tab(client)
    stops, faults = await page.evaluate("window.endOfWalk()")
    await client.detach()
    return faults if stops >= at_least else [*faults, f"{stops} stops only"]


async def reach_by_tab(wanted: Locator) -> bool:
    """Press Tab until a control has the focus, and tell whether it ever had.

    Args:
        wanted: what somebody without a mouse wants to use; it is on the page.
    """
    page = wanted.page
    client = await page.context.new_cdp_session(page)
    await wanted.evaluate(STAY)
    for _ in range(MOST_STOPS // KEYS_AT_ONCE):
        if await wanted.evaluate(IS_FOCUSED):
            break
        await _press_tab(client)
    await page.evaluate("window.goOn()")
    await client.detach()
    is_reached: bool = await wanted.evaluate(IS_FOCUSED)
    return is_reached


async def _press_tab(client: CDPSession) -> None:
    """Press Tab many times without waiting for each."""
    keys = [
        client.send(
            "Input.dispatchKeyEvent",
            {"type": kind, "key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9},
        )
        for _ in range(KEYS_AT_ONCE)
        for kind in ("rawKeyDown", "keyUp")
    ]
    await asyncio.gather(*keys)
