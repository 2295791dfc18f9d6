"""What stands between a model and its viewers while one answer is written: all guards in a row."""

from __future__ import annotations

from collections.abc import Callable

from apps.conversations.guardrails import (
    ALLOW,
    NOTHING_FOUND,
    Draft,
    Guardrail,
    Released,
    Ruling,
    StreamGuard,
    Verdict,
    check_output,
    configured_guardrails,
    failed,
)


class GuardedStream:
    """The judging of one answer: every configured stream guard in a row, then the whole exchange.

    Attributes:
        is_checked: whether the whole exchange was judged.
    """

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._guards: list[tuple[Guardrail, StreamGuard]] = []
        self._parts: list[str] = []
        self._output = NOTHING_FOUND
        self._verdict = ALLOW
        self._on_block: Callable[[], None] | None = None
        self.is_checked = False

    @property
    def text(self) -> str:
        """All that the model has written, shown or not."""
        return "".join(self._parts)

    @property
    def ruling(self) -> Ruling:
        """What was said and found up to now."""
        found = {guardrail: tuple(guard.findings) for guardrail, guard in self._guards}
        for guardrail, findings in self._output.findings:
            found[guardrail] = found.get(guardrail, ()) + findings
        return Ruling(self._verdict, tuple(found.items()))

    @property
    def verdict(self) -> Verdict:
        """What holds by now: the first block, or what was said of the whole exchange."""
        return self._verdict

    async def open(self, *, on_block: Callable[[], None] | None = None) -> None:
        """Prepare the guards; one that cannot be had ends the answer with the first text.

        Args:
            on_block: called where a guard blocks while no text arrives.
        """
        self._on_block = on_block
        for guardrail in configured_guardrails():
            try:
                guard = await guardrail.open_stream(self._draft)
            except Exception as error:  # noqa: BLE001  whatever an adapter raises, nothing unchecked passes
                self._verdict = failed("stream", error)
                return
            if guard is not None:
                guard.watch(self._block)
                self._guards.append((guardrail, guard))

    async def feed(self, text: str, *, shown_chars: int) -> Released:
        """Pass text through every guard; a guard that raises ends the answer."""
        self._parts.append(text)
        if self._verdict.is_block:
            return Released("", self._verdict)
        for _, guard in self._guards:
            try:
                released = await guard.feed(text, shown_chars=shown_chars)
            except Exception as error:  # noqa: BLE001  whatever an adapter raises, nothing unchecked passes
                released = Released("", failed("stream", error))
            if released.verdict.is_block:
                self._verdict = released.verdict
                return released
            text = released.text
        return Released(text)

    async def finish(self, *, shown_chars: int) -> Released:
        """Let go of what the guards held back, each rest passing the guards after it."""
        if self._verdict.is_block:
            return Released("", self._verdict)
        rest = ""
        for _, guard in self._guards:
            try:
                fed = await guard.feed(rest, shown_chars=shown_chars) if rest else Released("")
                last = fed if fed.verdict.is_block else await guard.finish(shown_chars=shown_chars)
            except Exception as error:  # noqa: BLE001  whatever an adapter raises, nothing unchecked passes
                fed = last = Released("", failed("stream", error))
            rest = fed.text + (last.text if last is not fed else "")
            if last.verdict.is_block:
                self._verdict = last.verdict
                return Released(rest, last.verdict)
        return Released(rest)

    async def check(self, answer: str) -> Verdict:
        """Judge the whole exchange."""
        self._output = await check_output(self._draft, answer)
        self._verdict = self._output.verdict
        self.is_checked = True
        return self._verdict

    def _block(self, verdict: Verdict) -> None:
        """Take the word of a guard that blocks by itself; the first one counts."""
        if self._verdict.is_block:
            return
        self._verdict = verdict
        if self._on_block is not None:
            self._on_block()

    async def aclose(self) -> None:
        """Let go of whatever the guards still ask."""
        for _, guard in self._guards:
            await guard.aclose()
