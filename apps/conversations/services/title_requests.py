"""What is asked for the title of a conversation."""

from __future__ import annotations

from django.conf import settings

from apps.conversations.models import Conversation, Message, Reply
from apps.core.correlation import get_correlation_id
from apps.llm.gateway.contract import GenerationRequest, Reserved
from apps.llm.services import catalogue, pauses

TITLE_PROMPT = (
    "You name conversations. Answer with a title of at most six words for the message you are "
    "given. Only the title: no quotes, no full stop, no explanation."
)
MAX_TITLE_TOKENS = 24
EXCERPT_CHARS = 600


def request_of(conversation_id: int) -> GenerationRequest | None:
    """Return what is asked for the title of a conversation that has none and may be named."""
    untitled = Conversation.objects.untitled().not_deleted()
    conversation = untitled.filter(pk=conversation_id).first()
    asked = asked_of(conversation) if conversation is not None else None
    if asked is None or pauses.is_paused(asked.model, asked.chat_model_id):
        return None
    return asked


def asked_of(conversation: Conversation) -> GenerationRequest | None:
    """Return what is asked for a title, paid for as the first answer; None without a question."""
    first = first_question(conversation)
    if first is None:
        return None
    chat_model_id, model, api_token_id = _first_answer(conversation.pk)
    return GenerationRequest(
        system_prompt=TITLE_PROMPT,
        history=(),
        question=first.content[:EXCERPT_CHARS],
        context=None,
        model=model,
        chat_model_id=chat_model_id,
        temperature=0.2,
        max_prompt_tokens=settings.MAX_TOKENS,
        max_completion_tokens=MAX_TITLE_TOKENS,
        user_id=conversation.owner_id,
        purpose="title",
        correlation_id=get_correlation_id(),
        reserved=Reserved(conversation.pk, api_token_id),
    )


def first_question(conversation: Conversation) -> Message | None:
    """Return the question that a title is made of: the first that can be seen."""
    asked = Message.objects.of_conversation(conversation).questions().not_hidden()
    return asked.on_path().order_by("id").first()


def _first_answer(conversation_id: int) -> tuple[int | None, str, int | None]:
    """Return number and name of the model that answered first, and the token it was asked by.

    The model's provider has the text already.
    """
    replies = Reply.objects.of_conversation(conversation_id).order_by("pk")
    columns = ("chat_model_id", "model", "api_token_id")
    found = replies.values_list(*columns).first() or (None, settings.OPENAI_MODEL, None)
    if found[0] is None:
        named = catalogue.read().models_by_code.get(found[1])
        return (named.id, named.name, found[2]) if named is not None else found
    return found
