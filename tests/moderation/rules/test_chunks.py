"""The same rules give the same result, streamed or not, in whatever pieces the text comes."""

from collections.abc import Sequence
from itertools import pairwise
from typing import cast

import pytest
from asgiref.sync import async_to_sync
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.conversations.guardrails import Draft
from apps.conversations.services.guarded_stream import GuardedStream
from apps.moderation.constants import Stage
from apps.moderation.services.rules import checking, rule_sets
from apps.moderation.services.rules.findings import Finding, verdict_of
from tests.moderation.rules.conftest import live_rule

WORDS = ["the ", "word7", "w\u043erd7 ", "w0rd", "7 ", "tell", " me", " now ", "\n", "\u00e9"]
DATA = ["4242 4242", " 4242 4242 ", "IBAN DE89 3704 0044 0532 0130 00 ", "x" * 70]
RUNS = [
    "wo" + "\u200b" * 90 + "rd7",
    "\u200b" * 70,
    "wo**rd7**",
    "t" * 60,
    "te\u200bll",
    "42\xa042",
]
TEXTS = st.lists(st.sampled_from([*WORDS, *DATA, *RUNS]), max_size=30).map("".join)
Result = tuple[tuple[object, ...], str, str]


@pytest.fixture
def _three_rules(transactional_db: None) -> None:
    live_rule(mode="enforce")
    live_rule("Personal data", kind="pii", configuration={"types": ["card", "iban"]}, mode="shadow")
    pattern = {"pattern": r"tell\s{1,3}me", "ignore_case": True, "look_back": None}
    live_rule("Asking", kind="regex", configuration=pattern, mode="flag")


async def judge(pieces: Sequence[str]) -> Result:
    stream = GuardedStream(Draft(user_id=1, conversation_id=None, text="hi"))
    await stream.open()
    shown = ""
    verdict = "allow"
    for piece in pieces:
        released = await stream.feed(piece, shown_chars=len(shown))
        shown += released.text
        verdict = released.verdict.outcome
        if verdict == "block":
            break
    if verdict != "block":
        released = await stream.finish(shown_chars=len(shown))
        shown += released.text
        verdict = released.verdict.outcome
    found = [one for _, findings in stream.ruling.findings for one in findings]
    verdict = verdict_of(cast("list[Finding]", found)).outcome
    return tuple(map(told, found)), "" if verdict == "block" else shown, verdict


def told(one: object) -> tuple[object, ...]:
    assert isinstance(one, Finding)
    return one.rule.version_id, one.start, one.end, one.outcome, one.span_hash


async def judge_whole(text: str) -> Result:
    """Judge a text that does not stream with the same rules, as a stored one is."""
    rules = (await rule_sets.current()).rules
    asked = checking.Asked(text=text, stage=Stage.OUTPUT, is_question=False, user_id=1)
    found = await checking.check_text(rules, asked)
    verdict = verdict_of(found).outcome
    return tuple(map(told, found)), "" if verdict == "block" else text, verdict


@pytest.mark.usefixtures("_three_rules")
@settings(max_examples=150, deadline=None, suppress_health_check=[*HealthCheck])
@given(text=TEXTS, cuts=st.lists(st.integers(0, 600), max_size=40))
def test_11_the_same_rules_give_the_same_result_streamed_or_not_and_in_any_pieces(
    text: str, cuts: list[int]
) -> None:
    async def all_ways() -> tuple[Result, Result, Result]:
        rule_sets.forget()
        places = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
        pieces = [text[a:b] for a, b in pairwise(places)]
        return await judge(pieces), await judge([text]), await judge_whole(text)

    streamed, at_once, not_streamed = async_to_sync(all_ways)()
    assert streamed == at_once == not_streamed
    assert streamed[2] == "block" or streamed[1] == text


@pytest.mark.usefixtures("_three_rules")
def test_what_was_shown_before_a_hit_does_not_hold_any_of_it() -> None:
    text = "x" * 500 + " word7 " + "y" * 500
    for size in (1, 7, 64, 200):
        shown: list[str] = []

        async def run(size: int = size, shown: list[str] = shown) -> str:
            stream = GuardedStream(Draft(user_id=1, conversation_id=None, text="hi"))
            await stream.open()
            for at in range(0, len(text), size):
                released = await stream.feed(text[at : at + size], shown_chars=0)
                shown.append(released.text)
                if released.verdict.is_block:
                    return released.verdict.code
            return ""

        assert async_to_sync(run)() == "bad-words"
        assert "w" not in "".join(shown)
        assert "".join(shown) == "x" * len("".join(shown))
