"""A moderator works cases by keyboard alone in a real Chromium: from the key to the next case."""

import shutil
from collections.abc import Mapping
from urllib.parse import urljoin

from playwright.sync_api import Page, expect, sync_playwright

CASES = 20
KEYS = ("v", "v", "v", "o")
"""What is pressed, in turn: three violations, each behind its policy's digit, and one okay."""

WATCH = """\
addEventListener("keydown", (event) => {
  const place = document.querySelector("[data-case-place]");
  if (!place || !"vo".includes(event.key)) return;
  window.benchNext = new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error("no other case came")), 30000);
    const watcher = new MutationObserver(() => {
      watcher.disconnect();
      const drawn = () => resolve(performance.now() - event.timeStamp);
      requestAnimationFrame(() => requestAnimationFrame(drawn));
    });
    watcher.observe(place, { childList: true });
  });
}, { capture: true });
"""
"""A clock, there before the page's own keys: from the key's time to the frame behind the next
case's first."""


def work(url: str, cookies: Mapping[str, str], queue: str) -> list[float] | None:
    """Work twenty cases about messages; returns milliseconds from each key to the next on screen.

    Args:
        url: where the web process listens.
        cookies: of a signed-in member of staff.
        queue: the address of the queue, below that.

    Returns:
        None where there is no Chromium.
    """
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        return None
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        for name, value in cookies.items():
            context.add_cookies([{"name": name, "value": value, "url": url}])
        context.add_init_script(WATCH)
        page = context.new_page()
        page.goto(urljoin(url, f"{queue}?role=user"))
        page.keyboard.press("n")
        page.wait_for_url("**/queue/*/**")
        times = [_decide(page, KEYS[number % len(KEYS)]) for number in range(CASES)]
        browser.close()
    return times


def _decide(page: Page, key: str) -> float:
    """Decide the case that is shown, once it is held, as fast as the page takes keys."""
    expect(page.locator("[data-case][data-mine]")).to_be_visible(timeout=10_000)
    if key == "v":
        page.keyboard.press("1")
        expect(page.locator("#mod-reason")).not_to_have_value("")
    page.keyboard.press(key)
    return float(page.evaluate("window.benchNext"))
