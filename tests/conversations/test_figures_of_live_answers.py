"""What the live board says of answers is what their workers know."""

from __future__ import annotations

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from apps.conversations.constants import MAX_PROMPT_CHARS
from apps.conversations.models import Reply
from apps.conversations.services import board, completions, lost
from apps.llm.constants import FRAME_TOKENS
from apps.llm.models import ChatModel
from apps.users.models import User
from tests.conversations.conftest import running_worker
from tests.conversations.test_prompts_of_programs import offer
from tests.factories import UserFactory
from tests.llm.conftest import until
from tests.llm.services.conftest import make_spare
from tests.support.upstream import ScriptedUpstream

pytestmark = pytest.mark.django_db(transaction=True)
LONG = "[[hang]] " + "word " * 18_000


@sync_to_async
def offer_a_model_of_long_prompts(url: str) -> None:
    spare = make_spare(url).spare
    ChatModel.objects.filter(pk=spare.pk).update(context_tokens=MAX_PROMPT_CHARS)
    offer(spare)


async def test_a_long_prompt_of_a_program_is_counted_whole_and_charged_so_where_it_is_lost(
    person: User, upstream: ScriptedUpstream
) -> None:
    await offer_a_model_of_long_prompts(upstream.base_url)
    admin: User = await sync_to_async(UserFactory)(admin=True)
    async with running_worker() as worker:
        turn = await completions.start(
            actor=person,
            model="spare",
            content=LONG,
            prompt={
                "messages": [
                    {"role": "assistant", "content": "x" * 4_000},
                    {"role": "user", "content": LONG},
                ],
                "parameters": {},
            },
            client_id=None,
        )
        worker.begin(turn.reply.pk)
        assert await until(upstream, lambda book: book.running == 1)
        await worker.runtime._checkpoint()
        (shown,) = (await sync_to_async(board.read_board)(viewer=admin)).answers
        await Reply.objects.aupdate(lease_expires_at=timezone.now())
        assert await sync_to_async(lost.reap)(reply_ids=[turn.reply.pk], live_texts={})
    assert shown.tokens == -(-len(LONG) // 4) + 1_000 + 2 * FRAME_TOKENS
    reply = await Reply.objects.aget()
    assert (reply.state, reply.prompt_tokens) == ("interrupted", shown.tokens)
