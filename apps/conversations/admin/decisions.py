"""Hiding, restoring and halting: the pages that ask, and the services that do it."""

from __future__ import annotations

from typing import cast

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.conversations.admin import looks
from apps.conversations.admin.forms import FlagForm, HideForm
from apps.conversations.enforcement_hold import enforcement_hold
from apps.conversations.errors import HELD, TAKE_BACK, OwnConversationError
from apps.conversations.hiding_desk import hiding_desk
from apps.conversations.models import Message, Reply
from apps.conversations.querysets import MessageQuerySet
from apps.conversations.reading_gate import reading_gate
from apps.conversations.services.stopping import halt_reply
from apps.conversations.services.visibility import restore_message
from apps.core.admin_kit.decisions import RECORDED, Added, Decision, Typed
from apps.core.admin_kit.display import link
from apps.core.admin_kit.people import has_right
from apps.users.models import User


def may_hide(request: HttpRequest) -> bool:
    """Tell whether the viewer may hide and restore messages."""
    return has_right(request, "conversations.hide_message")


def may_flag(request: HttpRequest) -> bool:
    """Tell whether the viewer may put messages into the queue."""
    return hiding_desk().may_flag(viewer=actor_of(request))


def is_shown_to_others(request: HttpRequest, message: Message) -> bool:
    """Tell whether a message is somebody else's, and not hidden."""
    return not message.is_hidden and message.conversation.owner_id != request.user.pk


def may_halt(request: HttpRequest) -> bool:
    """Tell whether the viewer may halt answers."""
    return has_right(request, "conversations.halt_reply")


def why_not_restored(request: HttpRequest, message: Message) -> SafeString | str:
    """Return why a hidden message cannot be given back here; empty where it can, or is shown."""
    if not message.is_hidden:
        return ""
    if message.conversation.owner_id == request.user.pk:
        return OwnConversationError.default_message
    case = holding_case(message)
    return format_html("{} {}", HELD, case_link(request, case, TAKE_BACK)) if case else ""


def with_hold(rows: QuerySet[Message], request: HttpRequest) -> QuerySet[Message]:
    """Say of each message which decision hides it, and whether its reasons are kept back.

    For `holding_case` and `keeps_reasons`; reasons are kept from a viewer who is to review an
    appeal.
    """
    hold, viewer = enforcement_hold(), actor_of(request)
    return cast("MessageQuerySet", rows).with_hold(
        hold.case_hiding(message="pk", since="hidden_at"),
        is_reason_kept=hold.keeps_reasons(viewer=viewer, message="pk"),
    )


def holding_case(message: Message) -> int | None:
    """Return the case whose decision hides a message, which was read `with_hold`; None for none."""
    number: int | None = getattr(message, "held_by", None)
    return number


def case_link(request: HttpRequest, case_id: int, words: str) -> SafeString | str:
    """Link words to the page of a case, where the viewer may look at it."""
    return link(hiding_desk().case_url(viewer=actor_of(request), case_id=case_id), words)


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
        words = case_link(request, case, f"Case {case}")
        done = format_html("Message {} is hidden. {} keeps the decision.", message.pk, words)
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


def flag(request: HttpRequest, message: Message, *, back_url: str) -> Decision:
    """Return the page that has somebody else decide about a message."""

    def apply(typed: Typed) -> str:
        case = hiding_desk().flag(actor=actor_of(request), message_id=message.pk, **typed)
        words = case_link(request, case, f"Case {case}")
        return format_html(
            "Message {} is in the queue. {} waits for somebody else.", message.pk, words
        )

    owner = message.conversation.owner.name
    return Decision(
        title=f"Put message {message.pk} into the queue",
        effects=[
            f"Nothing changes for {owner}, who is not told.",
            "The message's case opens, or your flag joins the one that is open.",
            "Somebody else decides: you have a part in the case then.",
            RECORDED,
        ],
        submit="Put it into the queue",
        done="",
        apply=apply,
        back_url=back_url,
        form_class=FlagForm,
        quote=looks.text_of(message),
        quote_label=f"{message.get_role_display()} in the conversation of {owner}",
    )


def _is_readable(request: HttpRequest, message: Message) -> bool:
    """Tell whether the viewer may still read a message: its only open case may be closed now."""
    may_read = reading_gate().readable(
        actor_of(request), conversation="conversation_id", owner="conversation__owner_id"
    )
    found = Message.objects.filter(pk=message.pk).with_readable(may_read).only("pk").first()
    return bool(getattr(found, "is_readable", False))


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
