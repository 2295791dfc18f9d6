"""A rule that loses its power while an answer is written has none over it any more; see 0183."""

import pytest

from apps.conversations.guardrails import Draft
from apps.conversations.services.guarded_stream import GuardedStream
from apps.moderation.models import Rule
from apps.moderation.services.rules import rule_sets
from apps.moderation.services.rules.findings import Finding
from tests.moderation.rules.conftest import MakeRule

BEGINNING = "It said word"
END = "7 and went on. " + "y" * 200


async def begun(text: str = "") -> GuardedStream:
    """Begin an answer with the rules of now."""
    stream = GuardedStream(Draft(user_id=1, conversation_id=None, text="hi"))
    await stream.open()
    assert (await stream.feed(text, shown_chars=0)).text == ""
    return stream


async def set_mode(rule: Rule, mode: str) -> None:
    """Store a mode, as another process does."""
    await Rule.objects.filter(pk=rule.pk).aupdate(mode=mode)
    rule_sets.forget()


async def ended(stream: GuardedStream, text: str) -> tuple[str, str, list[str]]:
    """Write the rest of an answer; returns what was shown of it, the verdict and the hits."""
    released = await stream.feed(text, shown_chars=0)
    shown = released.text
    if not released.verdict.is_block:
        released = await stream.finish(shown_chars=0)
        shown += released.text
    found = [one for _, findings in stream.ruling.findings for one in findings]
    outcomes = [one.outcome.value for one in found if isinstance(one, Finding)]
    return shown, released.verdict.outcome, outcomes


@pytest.mark.parametrize(
    ("mode", "hits"), [("off", []), ("shadow", ["recorded"]), ("flag", ["flagged"])]
)
async def test_a_rule_that_loses_its_power_withholds_nothing_more_of_a_running_answer(
    make_live_rule: MakeRule, mode: str, hits: list[str]
) -> None:
    rule = await make_live_rule()
    stream = await begun(BEGINNING)
    await set_mode(rule, mode)
    await rule_sets.current()
    assert await ended(stream, END) == (BEGINNING + END, "allow", hits)


async def test_a_running_answer_has_the_rules_looked_at_itself_and_waits_for_nothing(
    make_live_rule: MakeRule,
) -> None:
    rule = await make_live_rule()
    stream = await begun(BEGINNING)
    await set_mode(rule, "off")
    assert (await stream.feed("", shown_chars=0)).text == ""
    assert rule_sets._Known.looking is not None
    await rule_sets._Known.looking
    assert await ended(stream, END) == (BEGINNING + END, "allow", [])


async def test_other_rules_go_on_where_one_is_switched_off(make_live_rule: MakeRule) -> None:
    rule = await make_live_rule()
    await make_live_rule("Others", configuration={"terms": ["went"], "match": "word", "fold": True})
    stream = await begun(BEGINNING)
    await set_mode(rule, "off")
    await rule_sets.current()
    shown, verdict, hits = await ended(stream, END)
    assert (verdict, hits) == ("block", ["enforced"])
    assert "went" not in shown


async def test_a_rule_that_gains_power_waits_for_the_next_answer(make_live_rule: MakeRule) -> None:
    rule = await make_live_rule(mode="shadow")
    stream = GuardedStream(Draft(user_id=1, conversation_id=None, text="hi"))
    await stream.open()
    await set_mode(rule, "enforce")
    await rule_sets.current()
    assert await ended(stream, BEGINNING + END) == (BEGINNING + END, "allow", ["recorded"])
    assert (await ended(await begun(), BEGINNING + END))[1:] == ("block", ["enforced"])
