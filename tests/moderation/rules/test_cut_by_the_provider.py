"""An answer that its model's provider cut by a filter of its own is looked at by a person."""

import pytest

from apps.conversations.models import Reply
from apps.conversations.services import turns
from apps.moderation.constants import FlagSource
from apps.moderation.models import Case, Decision, Flag
from apps.users.models import User
from tests.conversations.conftest import running_worker
from tests.moderation.rules.conftest import MakeRule
from tests.support.upstream import ScriptedUpstream

CUT = "[[stream tokens=20 finish=content_filter]]"


async def answered(person: User, content: str) -> Reply:
    async with running_worker() as worker:
        turn = await turns.start_turn(
            actor=person, request=turns.TurnRequest(conversation_id=None, content=content)
        )
        return await worker.finish(turn.reply.pk)


async def test_what_the_provider_cut_opens_a_case_and_stays_in_view(
    person: User, upstream: ScriptedUpstream
) -> None:
    reply = await answered(person, CUT)
    case = await Case.objects.aget()
    assert (case.message_id, case.source, case.flag_count) == (reply.pk, FlagSource.PROVIDER, 1)
    assert (case.policy_id, case.subject_id, case.state) == (None, person.pk, "open")
    assert (reply.state, "word7" in reply.message.content) == ("complete", True)
    assert not await Decision.objects.aexists()


@pytest.mark.parametrize("content", ["[[refuse]]", "[[stream tokens=20]]", "[[cut after=5]]"])
async def test_a_refusal_and_any_other_end_open_none(
    person: User, upstream: ScriptedUpstream, content: str
) -> None:
    await answered(person, content)
    assert not await Case.objects.aexists()


async def test_what_a_rule_withheld_as_well_is_one_case_with_both_flags(
    person: User, upstream: ScriptedUpstream, make_live_rule: MakeRule
) -> None:
    await make_live_rule(stage="output")
    reply = await answered(person, CUT)
    assert reply.state == "withheld"
    case = await Case.objects.aget()
    flags = [flag.source async for flag in Flag.objects.filter(case=case).order_by("id")]
    assert flags == [FlagSource.RULE, FlagSource.PROVIDER]
    assert await Decision.objects.acount() == 1
