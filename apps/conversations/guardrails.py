"""The port through which policy is asked; settings name the adapters in GUARDRAILS."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal, Protocol

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext_noop

from apps.conversations.endings import Ended
from apps.core.logging import log_event

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What policy says of a text.

    Attributes:
        outcome: allow; flag (goes on, staff look); block (goes no further).
        code: stable word for the reason; empty where allowed.
        reason_for_user: the sentence that the person reads when it is blocked.
        findings: what led to it, and what else was found; only the guardrail itself reads them.
    """

    outcome: Literal["allow", "flag", "block"]
    code: str = ""
    reason_for_user: str = ""
    findings: tuple[object, ...] = ()

    @property
    def is_block(self) -> bool:
        """Whether the text goes no further."""
        return self.outcome == "block"


ALLOW = Verdict(outcome="allow")
BLOCK_ON_FAILURE = Verdict(
    outcome="block",
    code="policy_unavailable",
    reason_for_user=gettext_noop(
        "The policy check is not available at the moment. Try again in a minute."
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A text on its way, with whose it is and where it goes.

    Attributes:
        user_id: whose it is.
        conversation_id: where it goes; None for a new conversation.
        text: all of it that the model reads.
        message_id: the message that says it, where it is stored already and is sent once more.
        is_message: whether it is part of a chat; a title is judged like it, but never counted.
    """

    user_id: int
    conversation_id: int | None
    text: str
    message_id: int | None = None
    is_message: bool = True


@dataclass(frozen=True, slots=True)
class Released:
    """What of a stream may be shown now, and the verdict that ends it, if there is one."""

    text: str
    verdict: Verdict = ALLOW


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A text that was judged, for the transaction that stores it.

    Attributes:
        message_id: the row that it belongs to.
        conversation_id: where.
        user_id: whose conversation it is.
        is_answer: whether the model wrote it, and not the person.
        text: all of it, also where none of it is stored.
        shown_chars: how many code points viewers had seen.
        is_withheld: whether the verdict keeps it back.
        is_checked: whether every check was made; an answer that ended early has not seen the last.
        reason_for_user: the sentence that the person reads where it is withheld.
        ended: how a withheld answer had ended; None where the verdict cut it off.
        is_lost: whether its worker is gone, and with it whatever was found while it was written.
    """

    message_id: int
    conversation_id: int
    user_id: int
    is_answer: bool
    text: str
    shown_chars: int
    is_withheld: bool
    is_checked: bool
    reason_for_user: str = ""
    ended: Ended | None = None
    is_lost: bool = False


class StreamGuard(Protocol):
    """Stands between the model's text and its viewers, for one answer."""

    @property
    def findings(self) -> Sequence[object]:
        """What it has found so far, for its guardrail's `record`."""
        ...

    async def feed(self, text: str, *, shown_chars: int) -> Released:
        """Take text as it arrives; return what may be shown, which may hold some of it back.

        Args:
            text: the next piece.
            shown_chars: how many code points viewers have seen by now.
        """
        ...

    async def finish(self, *, shown_chars: int) -> Released:
        """Return the rest at the end of the answer."""
        ...

    async def aclose(self) -> None:
        """Let go of whatever is still being asked."""
        ...


class Guardrail(Protocol):
    """A policy adapter. One that raises blocks, and the failure is logged."""

    async def check_input(self, draft: Draft) -> Verdict:
        """Judge what a person is about to send."""
        ...

    async def open_stream(self, draft: Draft) -> StreamGuard | None:
        """Return a guard for the answer to this message, or None where none is needed."""
        ...

    async def check_output(self, draft: Draft, answer: str) -> Verdict:
        """Judge the whole exchange after the answer is there."""
        ...

    def record(self, judged: Judged, findings: Sequence[object]) -> None:
        """Store what was found and what follows from it, inside the transaction of the text."""
        ...


@dataclass(frozen=True, slots=True)
class Ruling:
    """What all guardrails say of a text: the verdict that holds, and what each of them found."""

    verdict: Verdict = ALLOW
    findings: tuple[tuple[Guardrail, tuple[object, ...]], ...] = ()


NOTHING_FOUND = Ruling()


@cache
def _load(names: tuple[str, ...]) -> tuple[Guardrail, ...]:
    return tuple(import_string(name)() for name in names)


def configured_guardrails() -> tuple[Guardrail, ...]:
    """Return the guardrails that the settings name, made once per process."""
    return _load(tuple(settings.GUARDRAILS))


async def check_input(draft: Draft) -> Ruling:
    """Ask every guardrail about a person's message; the first block wins, a failure blocks."""
    return await _ask("input", lambda guardrail: guardrail.check_input(draft))


async def check_output(draft: Draft, answer: str) -> Ruling:
    """Ask every guardrail about the finished exchange; the first block wins, a failure blocks."""
    return await _ask("output", lambda guardrail: guardrail.check_output(draft, answer))


def record(ruling: Ruling, judged: Judged) -> None:
    """Have every guardrail store what it found; whatever one of them raises undoes the text too."""
    found = dict(ruling.findings)
    judged = replace(judged, reason_for_user=ruling.verdict.reason_for_user)
    for guardrail in configured_guardrails():
        guardrail.record(judged, found.get(guardrail, ()))


async def _ask(stage: str, ask: Callable[[Guardrail], Awaitable[Verdict]]) -> Ruling:
    strongest = ALLOW
    findings = []
    for guardrail in configured_guardrails():
        try:
            verdict = await ask(guardrail)
        except Exception as error:  # noqa: BLE001  whatever an adapter raises, nothing unchecked passes
            verdict = _failed(stage, error)
        findings.append((guardrail, verdict.findings))
        if verdict.outcome != "allow":
            strongest = verdict
        if verdict.is_block:
            break
    return Ruling(strongest, tuple(findings))


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

    async def open(self) -> None:
        """Prepare the guards; one that cannot be had ends the answer with the first text."""
        for guardrail in configured_guardrails():
            try:
                guard = await guardrail.open_stream(self._draft)
            except Exception as error:  # noqa: BLE001  whatever an adapter raises, nothing unchecked passes
                self._verdict = _failed("stream", error)
                return
            if guard is not None:
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
                released = Released("", _failed("stream", error))
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
                fed = last = Released("", _failed("stream", error))
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

    async def aclose(self) -> None:
        """Let go of whatever the guards still ask."""
        for _, guard in self._guards:
            await guard.aclose()


def _failed(stage: str, error: Exception) -> Verdict:
    name = type(error).__name__
    log_event(logger, "GUARDRAIL_FAILED", level=logging.ERROR, stage=stage, error=name)
    return BLOCK_ON_FAILURE
