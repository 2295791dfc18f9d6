"""Whatever a model server reports as usage, the answer ends well and is charged for what can be."""

from __future__ import annotations

import pytest

from apps.conversations.services import turns
from apps.conversations.services.turn_requests import TurnRequest
from apps.core import db
from apps.llm.constants import NANO
from apps.llm.gateway.estimates import MOST_ADDED_TOKENS
from apps.llm.models import UsageRecord
from apps.llm.services import prices
from apps.llm.services.prices import PriceRequest
from apps.users.models import User
from tests.conversations.conftest import read_reply, running_worker
from tests.support.upstream import ScriptedUpstream
from tests.support.upstream_scripts import Script

pytestmark = pytest.mark.django_db(transaction=True)
HUGE = 900_000_000
REPORTS = (
    '{"prompt_tokens":-5,"completion_tokens":2}',
    f'{{"prompt_tokens":{HUGE},"completion_tokens":2}}',
    f'{{"prompt_tokens":30,"completion_tokens":{HUGE}}}',
    '{"prompt_tokens":30,"completion_tokens":1e300}',
    '{"prompt_tokens":30,"completion_tokens":99999999999999999999999}',
    '{"prompt_tokens":1.5,"completion_tokens":"many"}',
    '["tokens"]',
    "{}",
)


async def test_absurd_reports_end_as_estimates_and_never_fail_an_answer(
    person: User, upstream: ScriptedUpstream
) -> None:
    upstream.queue(*[Script(tokens=2, report=report) for report in REPORTS])
    wanted = PriceRequest(model_name="scripted", input_nano=NANO, output_nano=NANO)
    await db.call(prices.add_price, actor=None, wanted=wanted)
    async with running_worker() as worker:
        for _ in REPORTS:
            turn = await turns.start_turn(
                actor=person, request=TurnRequest(conversation_id=None, content="Hello")
            )
            await worker.begin(turn.reply.pk)
            reply = await read_reply(turn.reply.pk)
            assert (reply.state, reply.usage_source) == ("complete", "estimated")
    lines = [line async for line in UsageRecord.objects.order_by("pk")]
    assert {(line.source, line.cost_source) for line in lines} == {("estimated", "estimated")}
    assert lines[2].prompt_tokens == 30
    assert all(0 < line.prompt_tokens < MOST_ADDED_TOKENS for line in lines)
    assert {line.completion_tokens for line in lines} == {2, 3}
