"""Small calls that are the same again, titles and judgements, are answered from Redis for a while.

Answers that people read are never kept here. What is kept belongs to one person: their number is
part of the key, and the key is a keyed hash, so that nobody can ask Redis whether something was
said. So is all that could make for another answer: what every model that may be asked is sent, and
where it is.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import asdict, replace

import msgspec
import orjson
from django.conf import settings

from apps.core.redis import RedisFailure, redis_client
from apps.llm.gateway.contract import Completion, GenerationRequest, Progress, Usage
from apps.llm.services.fitting import fit, models_for
from apps.llm.services.live import Catalogue

REPEATED_PURPOSES = ("title", "judge")
NO_USAGE = Usage(0, 0, "reported")


class _Kept(msgspec.Struct):
    """What is kept of a completion."""

    text: str
    finish_reason: str
    model: str


def key_of(request: GenerationRequest, known: Catalogue) -> str | None:
    """Return the key of a call that may be answered from what was kept; None for all others.

    Args:
        request: of the call.
        known: the catalogue, by which it is put to models.
    """
    if request.purpose not in REPEATED_PURPOSES or settings.LLM_REPEAT_SECONDS < 1:
        return None
    asked = replace(request, correlation_id="", reserved=None, progress=Progress())
    content = [
        (asdict(fit(asked, model)), known.providers[model.provider_id].base_url)
        for model in models_for(known, request)
    ]
    packed = orjson.dumps(content, option=orjson.OPT_SORT_KEYS, default=str)
    digest = hmac.new(b"llm.repeat:" + settings.SECRET_KEY.encode(), packed, hashlib.sha256)
    return f"parley:llm:repeat:{digest.hexdigest()}"


async def find(key: str) -> Completion | None:
    """Return what was kept of the same call, without any usage; None where nothing was."""
    try:
        value = await (await redis_client()).get(key)
        kept = msgspec.msgpack.decode(value, type=_Kept) if value is not None else None
    except (*RedisFailure, msgspec.MsgspecError):
        return None
    if kept is None:
        return None
    return Completion(kept.text, kept.finish_reason, kept.model, NO_USAGE, is_repeated=True)


async def keep(key: str, completion: Completion) -> None:
    """Keep a whole answer for a while; one that was cut is asked for again."""
    if completion.finish_reason != "stop":
        return
    kept = _Kept(completion.text, completion.finish_reason, completion.model)
    try:
        client = await redis_client()
        await client.set(key, msgspec.msgpack.encode(kept), ex=settings.LLM_REPEAT_SECONDS)
    except RedisFailure:
        return
