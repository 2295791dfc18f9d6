"""Hiding, restoring and halting: the pages that ask, and the services that do it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast
from uuid import uuid4

from django.db.models import BooleanField, ExpressionWrapper, QuerySet
from django.http import HttpRequest

from apps.conversations.admin import looks
from apps.conversations.admin.forms import HideForm
from apps.conversations.enforcement_hold import enforcement_hold
from apps.conversations.errors import HeldByDecisionError, OwnConversationError
from apps.conversations.hiding_desk import hiding_desk
from apps.conversations.models import Message, Reply
from apps.conversations.reading_gate import reading_gate
from apps.conversations.services.stopping import halt_reply
from apps.conversations.services.visibility import restore_message
from apps.core.admin_kit.decisions import Added, Decision, Partly, ReasonForm
from apps.core.admin_kit.people import has_right
from apps.core.errors import AppError
from apps.users.models import User

Typed = Mapping[str, Any]
RECORDED = "Your name and the reason are kept in the audit record."
LISTED_REFUSALS = 3


def may_hide(request: HttpRequest) -> bool:
    """Tell whether the viewer may hide and restore messages."""
    return has_right(request, "conversations.hide_message")


def may_halt(request: HttpRequest) -> bool:
    """Tell whether the viewer may halt answers."""
    return has_right(request, "conversations.halt_reply")


def why_not_restored(request: HttpRequest, message: Message) -> str:
    """Return why a hidden message cannot be given back here; empty where it can, or is shown."""
    if not message.is_hidden:
        return ""
    if message.conversation.owner_id == request.user.pk:
        return OwnConversationError.default_message
    return HeldByDecisionError.default_message if is_held(message) else ""


def with_hold(rows: QuerySet[Message], request: HttpRequest) -> QuerySet[Message]:
    """Say of each message whether a decision hides it, and whether its reasons are kept back.

    For `is_held` and `keeps_reasons`; reasons are kept from a viewer who is to review an appeal.
    """
    hold, viewer = enforcement_hold(), actor_of(request)
    kept = ExpressionWrapper(
        hold.keeps_reasons(viewer=viewer, message="pk"), output_field=BooleanField()
    )
    return rows.annotate(is_held=hold.hides(message="pk", since="hidden_at"), is_reason_kept=kept)


def is_held(message: Message) -> bool:
    """Tell whether a decision of moderation hides a message, which was read `with_hold`."""
    return bool(getattr(message, "is_held", False))


def keeps_reasons(message: Message) -> bool:
    """Tell whether the reasons of a message, which was read `with_hold`, are kept back."""
    return bool(getattr(message, "is_reason_kept", False))


def actor_of(request: HttpRequest) -> User:
    """Return who decides."""
    return cast("User", request.user)


def hide(request: HttpRequest, message: Message, *, back_url: str, list_url: str) -> Decision:
    """Return the page that takes a message from view."""

    def apply(typed: Typed) -> str | Added:
        case = hiding_desk().hide(actor=actor_of(request), message_id=message.pk, **typed)
        done = f"Message {message.pk} is hidden. Case {case} keeps the decision."
        return done if _is_readable(request, message) else Added(list_url, done)

    owner = message.conversation.owner.name
    reply = looks.reply_of(message)
    effects = [
        f"The message disappears at once from every open page of {owner}. "
        "A line in its place says that a moderator removed it.",
        "The model does not see it in later answers.",
        f"{owner} gets a notice with the policy and can appeal. No points are added.",
        "The text stays stored. Its case keeps the decision; taken back there, it is shown again.",
        RECORDED,
    ]
    if reply is not None and reply.is_live:
        effects.insert(1, "The answer is still being written. It is halted.")
    return Decision(
        title=f"Hide message {message.pk}",
        effects=effects,
        submit="Hide the message",
        done="",
        apply=apply,
        back_url=back_url,
        form_class=HideForm,
        quote=looks.text_of(message),
        quote_label=f"{message.get_role_display()} in the conversation of {owner}",
        is_danger=True,
    )


def _is_readable(request: HttpRequest, message: Message) -> bool:
    """Tell whether the viewer may still read a message: its only open case may be closed now."""
    may_read = reading_gate().readable(
        actor_of(request), conversation="conversation_id", owner="conversation__owner_id"
    )
    return Message.objects.filter(may_read, pk=message.pk).exists()


def restore(request: HttpRequest, message: Message, *, back_url: str) -> Decision:
    """Return the page that gives a message back."""

    def apply(typed: Typed) -> None:
        restore_message(actor=actor_of(request), message_id=message.pk, reason=typed["reason"])

    owner = message.conversation.owner.name
    return Decision(
        title=f"Restore message {message.pk}",
        effects=[
            f"The message appears again, exactly as it was, in every open page of {owner}.",
            "The model sees it again in later answers.",
            RECORDED,
        ],
        submit="Restore the message",
        done=f"Message {message.pk} is visible again.",
        apply=apply,
        back_url=back_url,
        quote=looks.text_of(message),
        quote_label=f"{message.get_role_display()} in the conversation of {owner}",
    )


def halt(request: HttpRequest, reply: Reply, *, back_url: str) -> Decision:
    """Return the page that halts an answer."""

    def apply(typed: Typed) -> None:
        halt_reply(actor=actor_of(request), reply_id=reply.pk, reason=typed["reason"])

    owner = reply.conversation.owner.name
    return Decision(
        title=f"Halt answer {reply.pk}",
        effects=[
            "The model is stopped within a second.",
            f"{owner} keeps what was shown and is told that staff stopped it.",
            RECORDED,
        ],
        submit="Halt the answer",
        done=f"Answer {reply.pk} is being halted.",
        apply=apply,
        back_url=back_url,
        is_danger=True,
    )


def hide_many(request: HttpRequest, messages: Sequence[Message], *, back_url: str) -> Decision:
    """Return the page that hides several messages, each with its own entry in the record."""

    batch_id = uuid4()

    def act(message: Message, typed: Typed) -> None:
        hiding_desk().hide(
            actor=actor_of(request), message_id=message.pk, batch_id=batch_id, **typed
        )

    return _many(
        messages,
        verb="Hide",
        participle="hidden",
        act=act,
        effects=[
            "They disappear at once from every open page. The model does not see them any more.",
            "Each reader gets a notice with the policy and can appeal. No points are added.",
            "The texts stay stored. Taken back on their cases, they are shown again.",
        ],
        back_url=back_url,
        form_class=HideForm,
    )


def restore_many(request: HttpRequest, messages: Sequence[Message], *, back_url: str) -> Decision:
    """Return the page that restores several messages, each with its own entry in the record."""

    def act(message: Message, typed: Typed) -> None:
        restore_message(actor=actor_of(request), message_id=message.pk, reason=typed["reason"])

    return _many(
        messages,
        verb="Restore",
        participle="restored",
        act=act,
        effects=[
            "They appear again, exactly as they were, in every open page.",
            "What a decision of moderation hides stays hidden: take that back on its case.",
        ],
        back_url=back_url,
        form_class=ReasonForm,
    )


def _many(
    messages: Sequence[Message],
    *,
    verb: str,
    participle: str,
    act: Callable[[Message, Typed], None],
    effects: Sequence[str],
    back_url: str,
    form_class: type[ReasonForm],
) -> Decision:
    def apply(typed: Typed) -> str | Partly:
        refusals: list[str] = []
        for message in messages:
            try:
                act(message, typed)
            except AppError as error:
                refusals.append(f"#{message.pk}: {error.message}")
        done = f"{len(messages) - len(refusals)} of {len(messages)} {participle}."
        listed = " ".join(refusals[:LISTED_REFUSALS])
        more = len(refusals) - LISTED_REFUSALS
        told = " ".join(filter(None, [done, listed, f"And {more} more." if more > 0 else ""]))
        return Partly(told) if refusals else told

    people = len({message.conversation.owner_id for message in messages})
    counted = _counted(len(messages), "message", "messages")
    return Decision(
        title=f"{verb} {counted}",
        effects=[
            f"{verb}s {counted} in conversations of {_counted(people, 'person', 'people')}.",
            *effects,
            "Each gets its own entry in the audit record, with your name and this reason.",
        ],
        submit=f"{verb} {counted}",
        done="",
        apply=apply,
        back_url=back_url,
        form_class=form_class,
        is_danger=verb == "Hide",
        hidden=[("message", str(message.pk)) for message in messages],
    )


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"
