"""Hiding and restoring several messages at once: which they are, and what becomes of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast
from uuid import uuid4

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from apps.conversations.admin import decisions, reading
from apps.conversations.admin.forms import HideForm
from apps.conversations.errors import (
    HeldByDecisionError,
    MessageAlreadyHiddenError,
    MessageNotHiddenError,
    OwnConversationError,
)
from apps.conversations.hiding_desk import hiding_desk
from apps.conversations.models import Message
from apps.conversations.querysets import MessageQuerySet
from apps.conversations.reading_gate import reading_gate
from apps.conversations.services.visibility import restore_message
from apps.core.admin_kit.decisions import Decision, Partly, Quote, ReasonForm, Typed
from apps.core.admin_kit.display import preview
from apps.core.admin_kit.lists import ROWS_PER_PAGE
from apps.core.errors import AppError
from apps.core.numbers import whole_number

BEGINNING_CHARS = 200
LISTED = 3
PRIVATE = "No case is open on this conversation. Give a reason to read it first."
NOT_NOW = "Is left as it is:"


@dataclass(frozen=True, kw_only=True)
class Gesture:
    """One thing that is done to several messages.

    Attributes:
        verb: what the button says.
        participle: what the messages are afterwards.
        act: does it to one; may return the number of the case that keeps it.
        why_not: says why it is not done to one, text or safe markup; empty where it is.
        effects: what will happen, one sentence each.
        form_class: what has to be typed.
    """

    verb: str
    participle: str
    act: Callable[[Message, Typed], int | None]
    why_not: Callable[[Message], SafeString | str]
    effects: Sequence[str]
    form_class: type[ReasonForm]


def with_beginnings(request: HttpRequest, rows: QuerySet[Message]) -> QuerySet[Message]:
    """Say of each message, for `reading.is_readable`, if it may be read, and how it begins then."""
    condition = reading_gate().readable(
        decisions.actor_of(request), conversation="conversation_id", owner="conversation__owner_id"
    )
    return cast("MessageQuerySet", rows).with_beginnings(condition, chars=BEGINNING_CHARS)


def selected(request: HttpRequest) -> set[int]:
    """Return the numbers of the messages that were ticked, one screen of them at most."""
    ticked = request.POST.getlist("message")[:ROWS_PER_PAGE]
    return {number for value in ticked if (number := whole_number(value)) is not None}


def beginning_of(message: Message) -> str:
    """Return how a message begins, which was read `with_beginnings`; where it may not, a word."""
    if not reading.is_readable(message):
        return reading.PRIVATE
    return preview(getattr(message, "beginning", ""), length=BEGINNING_CHARS) or "(empty)"


def hide_many(request: HttpRequest, messages: Sequence[Message], *, back_url: str) -> Decision:
    """Return the page that hides several messages, each with its own entry in the record."""
    batch_id = uuid4()

    def act(message: Message, typed: Typed) -> int:
        return hiding_desk().hide(
            actor=decisions.actor_of(request), message_id=message.pk, batch_id=batch_id, **typed
        )

    def why_not(message: Message) -> str:
        if message.is_hidden:
            return MessageAlreadyHiddenError.default_message
        if message.conversation.owner_id == request.user.pk:
            return OwnConversationError.default_message
        return "" if reading.is_readable(message) else PRIVATE

    gesture = Gesture(
        verb="Hide",
        participle="hidden",
        act=act,
        why_not=why_not,
        effects=[
            "They disappear at once from every open page. The model does not see them any more.",
            "Each reader gets a notice with the policy and can appeal. No points are added.",
            "The texts stay stored. Taken back on their cases, they are shown again.",
        ],
        form_class=HideForm,
    )
    return _page_of(request, messages, gesture, back_url)


def restore_many(request: HttpRequest, messages: Sequence[Message], *, back_url: str) -> Decision:
    """Return the page that restores several messages, each with its own entry in the record."""

    def act(message: Message, typed: Typed) -> None:
        actor = decisions.actor_of(request)
        restore_message(actor=actor, message_id=message.pk, reason=typed["reason"])

    def why_not(message: Message) -> SafeString | str:
        if not message.is_hidden:
            return MessageNotHiddenError.default_message
        return decisions.why_not_restored(request, message)

    gesture = Gesture(
        verb="Restore",
        participle="restored",
        act=act,
        why_not=why_not,
        effects=[
            "They appear again, exactly as they were, in every open page.",
            "What a decision of moderation hides stays hidden: take that back on its case.",
        ],
        form_class=ReasonForm,
    )
    return _page_of(request, messages, gesture, back_url)


def _page_of(
    request: HttpRequest, messages: Sequence[Message], gesture: Gesture, back_url: str
) -> Decision:
    def apply(typed: Typed) -> str | Partly:
        return _act_on_each(request, messages, gesture, typed)

    people = len({message.conversation.owner_id for message in messages})
    counted = _counted(len(messages), "message", "messages")
    return Decision(
        title=f"{gesture.verb} {counted}",
        effects=[
            f"{gesture.verb}s {counted} in conversations of "
            f"{_counted(people, 'person', 'people')}.",
            *gesture.effects,
            "Each gets its own entry in the audit record, with your name and this reason.",
        ],
        submit=f"{gesture.verb} {counted}",
        done="",
        apply=apply,
        back_url=back_url,
        form_class=gesture.form_class,
        is_danger=gesture.verb == "Hide",
        hidden=[("message", str(message.pk)) for message in messages],
        quotes=[_quote(message, gesture.why_not(message)) for message in messages],
    )


def _act_on_each(
    request: HttpRequest, messages: Sequence[Message], gesture: Gesture, typed: Typed
) -> str | Partly:
    """Do it to each message, and say of how many, in which cases, and why not of the others."""
    refusals: list[SafeString | str] = []
    cases: list[SafeString | str] = []
    for message in messages:
        try:
            case = gesture.act(message, typed)
        except AppError as error:
            refusals.append(format_html("#{}: {}", message.pk, _explained(request, message, error)))
        else:
            cases += [decisions.case_link(request, case, f"Case {case}")] if case else []
    told: list[SafeString | str] = [
        f"{len(messages) - len(refusals)} of {len(messages)} {gesture.participle}."
    ]
    if cases:
        more = [f"{len(cases) - LISTED} more"] if len(cases) > LISTED else []
        listed = format_html_join(", ", "{}", ((one,) for one in [*cases[:LISTED], *more]))
        verb = "keeps the decision" if len(cases) == 1 else "keep the decisions"
        told.append(format_html("{} {}.", listed, verb))
    told += refusals[:LISTED]
    told += [f"And {len(refusals) - LISTED} more."] if len(refusals) > LISTED else []
    words = format_html_join(" ", "{}", ((one,) for one in told))
    return Partly(words) if refusals else words


def _explained(request: HttpRequest, message: Message, error: AppError) -> SafeString | str:
    """Return why one of several was refused, with the way to the case that keeps it."""
    if isinstance(error, HeldByDecisionError):
        return decisions.why_not_restored(request, message) or error.message
    return error.message


def _quote(message: Message, why_not: SafeString | str) -> Quote:
    written = f"#{message.pk}, {message.get_role_display().lower()}"
    label = f"{written}, in a conversation of {message.conversation.owner.name}"
    note = format_html("{} {}", NOT_NOW, why_not) if why_not else ""
    return Quote(label, beginning_of(message), note)


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"
