"""The one Chromium of a process that runs tests, and the event loop that drives it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

from asgiref.current_thread_executor import CurrentThreadExecutor
from asgiref.sync import SyncToAsync, ThreadSensitiveContext
from playwright.async_api import Browser, BrowserContext, Error, Playwright, async_playwright

T = TypeVar("T")

LEFT_OUT_BY_PLAYWRIGHT = (
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable",
    "LensOverlay",
    "MediaRouter",
    "PaintHolding",
    "ThirdPartyStoragePartitioning",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "TcpPortRandomizationWin",
    "OptimizationHints",
    "NetworkTimeServiceQuerying",
    "AimEnabled",
    "PreconnectToSearch",
    "msForceBrowserSignIn",
    "msEdgeUpdateLaunchServicesPreferredVersion",
)
"""Of two lists the browser takes the last one: ours repeats what Playwright names."""
POPUPS_OF_THE_ADDRESS_BAR = ("WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup")
"""The browser's own pages, loaded unseen with every window: more work than most of ours."""
FEATURES_LEFT_OUT = (*LEFT_OUT_BY_PLAYWRIGHT, *POPUPS_OF_THE_ADDRESS_BAR)


class Chromium:
    """A browser and its driver, started for the first test that needs them and kept for the others.

    Starting both costs more than most tests. What a person keeps (cookies, storage, permissions)
    belongs to a context, which each test makes and closes; see `tests.browser.tab.Browsing`.

    Attributes:
        browser: the one that was started last.
    """

    def __init__(self, path: str) -> None:
        self.browser: Browser | None = None
        self._path = path
        self._playwright: Playwright | None = None
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        self._loop = self._runner.get_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="chromium", daemon=True)
        self._thread.start()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine where the browser is driven, and its synchronous parts in this thread."""
        here = CurrentThreadExecutor(None)

        async def run() -> T:
            async with ThreadSensitiveContext(executor=here):
                return await coroutine

        result = asyncio.run_coroutine_threadsafe(run(), self._loop)
        try:
            here.run_until_future(result)
            return result.result()
        except KeyboardInterrupt:
            result.cancel()
            raise
        finally:
            # What later tests call synchronously would run on this loop, which does not end, too.
            SyncToAsync.threadlocal.main_event_loop = None

    async def new_context(self, **options: Any) -> BrowserContext:
        """Open windows of somebody new; a browser or driver that has crashed is replaced."""
        if self.browser is not None:
            with contextlib.suppress(Error):
                return await self.browser.new_context(**options)
        await self._stop()
        self._playwright = await async_playwright().start()
        self.browser = await self._playwright.chromium.launch(
            executable_path=self._path,
            args=[
                f"--disable-features={','.join(FEATURES_LEFT_OUT)}",
                *(["--no-sandbox"] if os.geteuid() == 0 else []),
            ],
            handle_sigint=False,
        )
        return await self.browser.new_context(**options)

    async def _stop(self) -> None:
        if self.browser is not None:
            with contextlib.suppress(Error):
                await self.browser.close()
        if self._playwright is not None:
            await self._playwright.stop()
        self.browser = self._playwright = None

    def close(self) -> None:
        """Stop the browser, its driver and the loop."""
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._runner.close()
