"""What axe finds on a page: what people who see, hear or move otherwise would miss."""

from collections.abc import Sequence

from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Page

WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa")
ALL = (*WCAG, "wcag22aa", "best-practice")
RUN = """async (tags) => {
    const { violations } = await axe.run({ runOnly: tags, resultTypes: ["violations"] });
    return violations.map(
        ({ id, nodes }) => `${id}: ${JSON.stringify(nodes.map((node) => node.target))}`
    );
}"""
"""Describing what is right as well, and carrying it out of the browser, takes twice the time."""


async def violations(page: Page, tags: Sequence[str] = ALL) -> list[str]:
    """Return the rules that a page breaks, each with the elements it is about.

    Args:
        page: what is on it now.
        tags: which of axe's rules are asked.
    """
    await page.evaluate(AXE_SCRIPT)
    found: list[str] = await page.evaluate(RUN, list(tags))
    return found
