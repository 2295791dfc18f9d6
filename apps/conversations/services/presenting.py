"""How a stored message is shown to a person: its text, its HTML and the sentence for its state."""

from __future__ import annotations

import math
from textwrap import shorten

from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

from apps.conversations import constants
from apps.conversations.models import Conversation, Message, Reply
from apps.core import redaction
from apps.core.languages import known_sentence, number
from apps.core.markdown import RENDERER_VERSION, render_markdown
from apps.llm.constants import CostSource
from apps.llm.services import money


def visible_text(message: Message) -> str:
    """Return the text that a person may see; empty where staff hid it."""
    return "" if message.is_hidden else message.content


def drawn_text(message: Message) -> SafeString | str:
    """Return the visible text as a page draws it, for the eye and for a screen reader."""
    text = visible_text(message)
    return redaction.silent(text) if message.is_redacted else text


def html_of(message: Message) -> str:
    """Return the rendering of a visible message, from the row where it is fresh."""
    html = rendered(message)
    return redaction.silent_html(html) if message.is_redacted else html


def rendered(message: Message) -> str:
    """Return the rendering of a visible message as it is stored."""
    if message.is_hidden or message.role != constants.Author.ASSISTANT:
        return ""
    if message.html and message.html_version == RENDERER_VERSION:
        return message.html
    return render_markdown(message.content) if message.content else ""


def hidden_notice(message: Message) -> str:
    """Return the placeholder of a hidden message with the reason, empty for a visible one."""
    if not message.is_hidden:
        return ""
    return _with_reason(gettext(constants.HIDDEN_PLACEHOLDER), message.hidden_reason)


def redaction_notice(message: Message) -> str:
    """Return the sentence beside a text that lacks passages, with the reason, or nothing."""
    if not message.is_redacted or not visible_text(message):
        return ""
    return _with_reason(redaction.how_many(message.content), message.redacted_reason)


def notice_of(message: Message, reply: Reply | None) -> str:
    """Return all that a person is told beside a message: what was taken out, how it ended."""
    hidden = hidden_notice(message)
    if hidden:
        return hidden
    sentences = (redaction_notice(message), reply_notice(reply) if reply is not None else "")
    return " ".join(filter(None, sentences))


def locked_notice(conversation: Conversation) -> str:
    """Return the sentence in the place of the composer of a locked conversation, or nothing."""
    return gettext(constants.LOCKED_PLACEHOLDER) if conversation.locked_at is not None else ""


def first_words(content: str) -> str:
    """Return the beginning of a message as a title, until the model has found a better one."""
    return shorten(content, constants.MAX_TITLE_CHARS // 2, placeholder=" …") or content[:40]


def cost_source(reply: Reply) -> CostSource | None:
    """Return how sure the cost of an answer is; None where there is nothing to pay for yet."""
    if reply.prompt_tokens is None:
        return None
    return money.cost_source(cost_nano=reply.cost_nano, token_source=reply.usage_source)


def counted_tokens(reply: Reply) -> str:
    """Return the sentences that tell what an answer that has ended used and cost, or nothing."""
    if reply.is_live:
        return ""
    if reply.prompt_tokens is None or reply.completion_tokens is None:
        return gettext("No tokens were counted.")
    tokens = reply.prompt_tokens + reply.completion_tokens
    if reply.usage_source == "estimated":
        text = ngettext(
            "About %(number)s token was counted.", "About %(number)s tokens were counted.", tokens
        )
    else:
        text = ngettext("%(number)s token was counted.", "%(number)s tokens were counted.", tokens)
    sentences = [text % {"number": number(tokens)}]
    if reply.prompt_tokens:
        sent = gettext("%(number)s of them are what was sent to the model, earlier messages too.")
        sentences.append(sent % {"number": number(reply.prompt_tokens)})
    return " ".join(filter(None, [*sentences, _cost(reply)]))


def _cost(reply: Reply) -> str:
    """Return what the tokens of an answer cost; of one that did not end well only if they did."""
    if reply.cost_nano:
        is_sure = reply.usage_source == "reported"
        sentence = (
            gettext("They cost %(cost)s.") if is_sure else gettext("They cost about %(cost)s.")
        )
        return sentence % {"cost": money.say(reply.cost_nano)}
    if reply.state != constants.ReplyState.COMPLETE:
        return ""
    if reply.cost_nano is None:
        return gettext("What they cost is unknown: the model has no price.")
    return gettext("They cost nothing.")


def request_id(reply: Reply) -> str:
    """Return the id under which support finds an answer that went wrong, or nothing."""
    return reply.correlation_id if reply.state in constants.BROKEN_STATES else ""


def reply_notice(reply: Reply) -> str:
    """Return the sentence that tells a person how the answer ended and what to do next."""
    if reply.notice:
        return known_sentence(reply.notice)
    if reply.state == constants.ReplyState.COMPLETE:
        return known_sentence(constants.FINISH_NOTICES.get(reply.finish_reason, ""))
    return known_sentence(constants.STATE_NOTICES.get(constants.ReplyState(reply.state), ""))


def seconds_to_wait(reply: Reply) -> int | None:
    """Return for how long the model server still asks to be left alone; None where it does not."""
    if reply.retry_at is None:
        return None
    left = math.ceil((reply.retry_at - timezone.now()).total_seconds())
    return left if left > 0 else None


def _with_reason(sentence: str, reason: str) -> str:
    if not reason:
        return sentence
    words = {"sentence": sentence, "reason": reason}
    return gettext("%(sentence)s Reason: %(reason)s") % words
