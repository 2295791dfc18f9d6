"""What axe finds on a page: what people who see, hear or move otherwise would miss."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Literal

from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Page

WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa")
ALL = (*WCAG, "wcag22aa", "best-practice")
ABOUT_COLOURS = ("color-contrast", "link-in-text-block")
RUN = """async (runOnly) => {
    const { violations } = await axe.run({ runOnly, resultTypes: ["violations"] });
    return violations.map(
        ({ id, nodes }) => `${id}: ${JSON.stringify(nodes.map((node) => node.target))}`
    );
}"""
"""Describing what is right as well, and carrying it out of the browser, takes twice the time."""
SHOWN = """() => Array.from(document.body.querySelectorAll("*"))
    .filter((one) => one.checkVisibility({ opacityProperty: true, visibilityProperty: true }))
    .map((one) => [one, one.getBoundingClientRect()])
    .map(([one, { x, y, width, height }]) => [one.tagName, x, y, width, height].join(" "))
    .join("\\n")"""


Theme = Literal["light", "dark"]


async def follow_the_system(page: Page, theme: Theme) -> None:
    """Show a page in a theme, where it takes the one of the system."""
    await page.emulate_media(color_scheme=theme)


async def violations(page: Page, tags: Sequence[str] = ALL) -> list[str]:
    """Return the rules that a page breaks, each with the elements it is about.

    Args:
        page: what is on it now.
        tags: which of axe's rules are asked.
    """
    return await _ask(page, list(tags))


async def violations_in_both_themes(
    page: Page,
    tags: Sequence[str] = ALL,
    *,
    show: Callable[[Page, Theme], Awaitable[None]] = follow_the_system,
) -> list[str]:
    """Return the rules that a page breaks in light, and those it breaks in dark only.

    Where both show the same things at the same places, they differ by their colours, and the rules
    about colours are asked again; where they do not, all are.

    Args:
        page: what is on it now; it is dark when this returns.
        tags: which of axe's rules are asked.
        show: takes the page to a theme.
    """
    await show(page, "light")
    light, shown = await violations(page, tags), await page.evaluate(SHOWN)
    await show(page, "dark")
    is_same = await page.evaluate(SHOWN) == shown
    dark = await (violations_of_colours(page) if is_same else violations(page, tags))
    return [*light, *(f"dark: {one}" for one in dark if one not in light)]


async def violations_of_colours(page: Page) -> list[str]:
    """Return what cannot be told from what it stands on, or by its colour alone.

    Args:
        page: what is on it now; all that is no colour was looked at in another theme.
    """
    return await _ask(page, {"type": "rule", "values": list(ABOUT_COLOURS)})


async def _ask(page: Page, run_only: object) -> list[str]:
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE_SCRIPT)
    found: list[str] = await page.evaluate(RUN, run_only)
    return found
