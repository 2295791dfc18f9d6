"""What rules ask elsewhere is in the ledger, and the organisation's: no person pays for it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from pytest_django import Settings

from apps.llm.constants import NANO, Period, QuotaKind, QuotaUnit
from apps.llm.models import QuotaCounter, UsageDay, UsageRecord
from apps.llm.services import own_usage, prices
from apps.llm.services.desk import close_default_desk
from apps.llm.services.prices import PriceRequest
from apps.llm.services.quota_setting import Limit, Subject, set_quota
from apps.moderation.services.rules import remote_checks
from apps.users.models import User
from tests.llm.services.conftest import make_spare
from tests.moderation.rules.conftest import MakeRule
from tests.moderation.rules.test_elsewhere import (
    ENDPOINT,
    INPUT,
    JUDGE,
    endpoint,
    judged_input,
    scores,
)
from tests.support.upstream import ScriptedUpstream
from tests.support.upstream_scripts import Script

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _own_gateway() -> Iterator[None]:
    async_to_sync(close_default_desk)()
    yield
    async_to_sync(close_default_desk)()


@sync_to_async
def lines() -> list[tuple[object, ...]]:
    columns = ("purpose", "user_id", "reference_id", "model", "source", "cost_nano", "cost_source")
    return list(UsageRecord.objects.order_by("pk").values_list(*columns))


@sync_to_async
def set_price(dollars: int) -> None:
    wanted = PriceRequest(
        model_name="scripted", input_nano=dollars * NANO, output_nano=dollars * NANO
    )
    prices.add_price(actor=None, wanted=wanted)


@sync_to_async
def limit_everybody() -> None:
    wanted = Limit(unit=QuotaUnit.TOKENS, period=Period.DAY, amount=1)
    set_quota(actor=None, subject=Subject(QuotaKind.EVERYONE), limit=wanted)


@asynccontextmanager
async def judging() -> AsyncIterator[None]:
    """Close the way to the judge in the loop that opened it."""
    try:
        yield
    finally:
        await close_default_desk()


async def test_a_judgement_is_charged_to_the_organisation_once_at_the_price_that_held(
    person: User, upstream: ScriptedUpstream, make_live_rule: MakeRule
) -> None:
    await set_price(1)
    await limit_everybody()
    rule = await make_live_rule(kind="judge", configuration=JUDGE, **INPUT)
    upstream.queue(Script(text="OK"))
    async with judging():
        for _ in range(2):
            assert await judged_input("A text.") == ("allow", [])
    await set_price(2)
    used = 7 + 5
    assert await lines() == [
        ("judge", None, rule.pk, "scripted", "reported", used * 1_000, "exact")
    ]
    day = await UsageDay.objects.aget()
    assert (day.user_id, day.purpose, day.calls, day.cost_nano) == (None, "judge", 1, 12_000)
    assert not await QuotaCounter.objects.aexists()
    seen = await sync_to_async(own_usage.read_usage)(viewer=person)
    assert sum(one.calls for one in seen.days) == 0


async def test_a_judge_who_says_nothing_of_use_costs_as_much_and_one_who_refuses_has_no_line(
    person: User, upstream: ScriptedUpstream, make_live_rule: MakeRule
) -> None:
    await make_live_rule(kind="judge", configuration=JUDGE, on_error="open", **INPUT)
    upstream.queue(Script("status", status=400), Script(text="Perhaps."))
    async with judging():
        for text in ("One.", "Two."):
            assert await judged_input(text) == ("allow", ["error"])
    assert [line[0] for line in await lines()] == ["judge"]


@pytest.mark.parametrize("name", ["silence", "cut"])
async def test_a_judge_who_breaks_off_or_takes_too_long_costs_an_estimate(
    person: User,
    upstream: ScriptedUpstream,
    make_live_rule: MakeRule,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    monkeypatch.setattr(remote_checks, "CHECK_SECONDS", 1.0 if name == "silence" else 5.0)
    rule = await make_live_rule(kind="judge", configuration=JUDGE, on_error="open", **INPUT)
    upstream.queue(Script(name, after=1))
    async with judging():
        assert await judged_input("A text.") == ("allow", ["error"])
    line = await UsageRecord.objects.aget()
    assert (line.purpose, line.reference_id, line.source) == ("judge", rule.pk, "estimated")
    assert line.outcome == ("timeout" if name == "silence" else "upstream_cut")
    assert line.prompt_tokens > 0


@pytest.mark.parametrize(
    ("stand_in", "verdict", "outcome"),
    [
        (Script(text="OK"), ("allow", []), ["complete"]),
        (Script("status", status=400), ("allow", ["error"]), []),
        (Script("think", after=9), ("allow", ["error"]), ["upstream_cut"]),
    ],
    ids=["answers", "refuses", "breaks off"],
)
async def test_a_judge_who_breaks_off_has_a_line_whatever_becomes_of_the_one_in_its_place(
    person: User,
    upstream: ScriptedUpstream,
    make_live_rule: MakeRule,
    stand_in: Script,
    verdict: tuple[str, list[str]],
    outcome: list[str],
) -> None:
    rule = await make_live_rule(kind="judge", configuration=JUDGE, on_error="open", **INPUT)
    with ScriptedUpstream() as second:
        await sync_to_async(make_spare)(second.base_url)
        upstream.queue(Script("think", after=9))
        second.queue(stand_in)
        async with judging():
            assert await judged_input("A text.") == verdict
    found = UsageRecord.objects.filter(reference_id=rule.pk, purpose="judge", user_id=None)
    assert await sync_to_async(list)(found.order_by("pk").values_list("model", "outcome")) == [
        ("scripted", "upstream_cut"),
        *(("spare-at-the-provider", one) for one in outcome),
    ]


async def test_a_moderation_endpoint_has_lines_of_its_own_with_estimated_tokens(
    person: User, settings: Settings, make_live_rule: MakeRule
) -> None:
    rule = await make_live_rule(kind="endpoint", configuration=ENDPOINT, threshold=0.7, **INPUT)
    body = scores(violence=0.1) | {"model": "omni-moderation"}
    async with endpoint(settings, body=body):
        for _ in range(2):
            assert await judged_input("x" * 400) == ("allow", [])
    line = ("moderation", None, rule.pk, "omni-moderation", "estimated", None, "unknown")
    assert await lines() == [line, line]
    day = await UsageDay.objects.aget()
    assert (day.calls, day.prompt_tokens, day.completion_tokens) == (2, 200, 0)
    assert (day.user_id, day.purpose, day.unpriced_calls) == (None, "moderation", 2)
