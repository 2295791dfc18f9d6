"""reserve, settle, release: what may still be used, whoever asks at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Group
from django.db import OperationalError, connection, transaction
from pytest_django import Settings
from pytest_django.fixtures import DjangoAssertNumQueries

from apps.audit.models import AuditEvent
from apps.core.errors import ForbiddenError, ValidationFailedError
from apps.llm.constants import NANO, Period, QuotaKind, QuotaUnit
from apps.llm.errors import QuotaNotFoundError
from apps.llm.gateway.contract import Usage
from apps.llm.models import QuotaCounter, Reservation
from apps.llm.services import prices, quotas, usage
from apps.llm.services.periods import bounds_of
from apps.llm.services.prices import PriceRequest
from apps.llm.services.quota_setting import Limit, Subject, end_quota, set_quota
from apps.llm.services.quotas import Admission, Spender
from apps.llm.services.usage import Call
from apps.users.models import User
from tests.factories import ApiTokenFactory, UserFactory

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
EVERYONE = Subject(QuotaKind.EVERYONE)


@pytest.fixture
def person(db: None) -> User:
    made: User = UserFactory()
    return made


def limit(
    amount: int,
    subject: Subject = EVERYONE,
    *,
    unit: QuotaUnit = QuotaUnit.TOKENS,
    period: Period = Period.DAY,
    is_hard: bool = True,
) -> int:
    wanted = Limit(unit=unit, period=period, amount=amount, is_hard=is_hard)
    return set_quota(actor=None, subject=subject, limit=wanted).pk


def ask(
    person: User,
    reference_id: int = 1,
    *,
    tokens: tuple[int, int] = (40, 60),
    model: str = "m",
    token_id: int | None = None,
    now: datetime = NOON,
) -> Admission:
    return quotas.reserve(
        Spender(user_id=person.pk, model=model, api_token_id=token_id),
        purpose="reply",
        reference_id=reference_id,
        wanted=Usage(*tokens, "estimated"),
        now=now,
    )


def settle(person: User, reference_id: int, tokens: tuple[int, int], *, model: str = "m") -> None:
    usage.record_call(
        Call(
            user_id=person.pk,
            purpose="reply",
            reference_id=reference_id,
            model=model,
            rate=prices.price_at(model=model),
        ),
        usage=Usage(*tokens, "reported"),
        outcome="complete",
        first_token_ms=1,
        duration_ms=2,
    )


def counted() -> list[tuple[int, int]]:
    return list(QuotaCounter.objects.order_by("pk").values_list("used", "reserved"))


def test_what_is_reserved_is_settled_by_what_was_used(person: User) -> None:
    limit(1_000)
    assert not ask(person).is_refused
    assert counted() == [(0, 100)]
    settle(person, 1, (40, 5))
    assert counted() == [(45, 0)]
    settle(person, 1, (40, 5))
    assert counted() == [(45, 0)]
    assert Reservation.objects.count() == 0


def test_what_was_never_called_gives_all_of_it_back(person: User) -> None:
    limit(1_000)
    ask(person)
    usage.release_calls(purpose="title", reference_ids=[1])
    assert counted() == [(0, 100)]
    usage.release_calls(purpose="reply", reference_ids=[1])
    assert counted() == [(0, 0)]


def test_a_call_may_begin_while_anything_is_left_and_not_after(person: User) -> None:
    limit(101)
    assert [ask(person, number).is_refused for number in range(4)] == [False, False, True, True]
    assert counted() == [(0, 200)]


def test_a_refusal_reserves_nothing_of_any_quota(person: User) -> None:
    limit(0, period=Period.MONTH)
    limit(1_000, Subject(QuotaKind.MODEL, model_name="m"))
    assert ask(person).is_refused
    assert counted() == [(0, 0), (0, 0)]
    assert Reservation.objects.count() == 0


def test_a_soft_quota_warns_and_refuses_nothing(person: User) -> None:
    limit(50, is_hard=False)
    assert ask(person, 1).notice == ""
    second = ask(person, 2)
    assert not second.is_refused
    assert second.notice.startswith("You have passed the allowance of 50 tokens for this day.")
    assert counted() == [(0, 200)]


def test_a_refusal_says_what_is_used_up_and_when_it_begins_anew(person: User) -> None:
    limit(30)
    ask(person)
    held = ask(person, 2)
    assert "is reserved by answers that are being written" in held.notice
    assert held.resets_at == NOON + quotas.RESERVED_WAIT
    settle(person, 1, (30, 0))
    refused = ask(person, 2)
    assert refused.notice == (
        "You have used up the allowance of 30 tokens for this day. "
        "It begins anew on 29 November 2026 at 00:00 UTC; try again then."
    )
    assert refused.resets_at == datetime(2026, 11, 29, tzinfo=UTC)


def test_what_is_used_up_says_how_long_to_wait_and_not_what_is_only_reserved(person: User) -> None:
    limit(101, period=Period.HOUR)
    limit(201, period=Period.MONTH)
    assert [ask(person, number).is_refused for number in (1, 2)] == [False, False]
    settle(person, 1, (101, 0))
    refused = ask(person, 3)
    assert refused.notice.startswith("You have used up the allowance of 101 tokens for this hour.")
    assert refused.resets_at == datetime(2026, 11, 28, 13, tzinfo=UTC)


def test_a_day_ends_at_midnight_and_a_call_counts_where_it_was_asked_for(person: User) -> None:
    limit(100)
    late = datetime(2026, 11, 28, 23, 59, 59, tzinfo=UTC)
    assert not ask(person, 1, now=late).is_refused
    assert ask(person, 2, now=late).is_refused
    assert not ask(person, 2, now=late + timedelta(seconds=1)).is_refused
    settle(person, 1, (90, 1))
    assert counted() == [(91, 0), (0, 100)]


@pytest.mark.parametrize(
    ("period", "starts", "ends"),
    [
        (Period.HOUR, "2026-11-28T23:00+00:00", "2026-11-29T00:00+00:00"),
        (Period.DAY, "2026-11-29T00:00+09:00", "2026-11-30T00:00+09:00"),
        (Period.WEEK, "2026-11-23T00:00+09:00", "2026-11-30T00:00+09:00"),
        (Period.MONTH, "2026-11-01T00:00+09:00", "2026-12-01T00:00+09:00"),
    ],
)
def test_periods_follow_the_calendar_of_the_organisation(
    settings: Settings, period: Period, starts: str, ends: str
) -> None:
    settings.USAGE_TIME_ZONE = "Asia/Tokyo"
    bounds = bounds_of(period, datetime(2026, 11, 28, 23, 30, tzinfo=UTC))
    assert bounds == (datetime.fromisoformat(starts), datetime.fromisoformat(ends))


def test_a_day_on_which_clocks_change_has_its_real_length(settings: Settings) -> None:
    settings.USAGE_TIME_ZONE = "Europe/Oslo"
    starts, ends = bounds_of(Period.DAY, datetime(2026, 10, 25, 12, tzinfo=UTC))
    assert ends - starts == timedelta(hours=25)


def test_an_hour_begins_when_the_clocks_of_the_organisation_say_so(settings: Settings) -> None:
    settings.USAGE_TIME_ZONE = "Asia/Kolkata"
    starts, ends = bounds_of(Period.HOUR, datetime(2026, 11, 28, 12, 29, 59, tzinfo=UTC))
    assert starts == datetime.fromisoformat("2026-11-28T17:00+05:30")
    assert ends == datetime(2026, 11, 28, 12, 30, tzinfo=UTC)


def test_the_allowance_of_the_settings_is_everybodys_until_staff_set_another(
    person: User, settings: Settings
) -> None:
    settings.USER_DAILY_TOKENS = 100
    other = UserFactory()
    assert [ask(person, n).is_refused for n in (1, 2)] == [False, True]
    assert not ask(other, 3).is_refused
    limit(1_000, Subject(QuotaKind.PERSON, person.pk))
    assert not ask(person, 4).is_refused
    assert ask(other, 5).is_refused


def test_of_a_persons_own_quotas_the_closest_counts_and_of_groups_the_most_generous(
    person: User,
) -> None:
    first, second = Group.objects.create(name="first"), Group.objects.create(name="second")
    person.groups.set([first, second])
    limit(1)
    limit(500, Subject(QuotaKind.MEMBER, first.pk))
    limit(700, Subject(QuotaKind.MEMBER, second.pk))
    states = quotas.read_states(Spender(user_id=person.pk, model="m"), now=NOON)
    assert [state.amount for state in states] == [700]
    limit(9, Subject(QuotaKind.PERSON, person.pk))
    states = quotas.read_states(Spender(user_id=person.pk, model="m"), now=NOON)
    assert [state.amount for state in states] == [9]


def test_a_group_shares_one_quota_and_so_do_those_who_ask_one_model(person: User) -> None:
    group = Group.objects.create(name="department")
    other, outsider = UserFactory(), UserFactory()
    group.user_set.add(person, other)
    limit(100, Subject(QuotaKind.GROUP, group.pk))
    assert not ask(person, 1).is_refused
    assert ask(other, 2).notice.startswith("What is left of the allowance")
    assert not ask(outsider, 3).is_refused
    limit(100, Subject(QuotaKind.MODEL, model_name="m"))
    assert not ask(outsider, 4).is_refused
    assert ask(UserFactory(), 5).is_refused
    assert not ask(UserFactory(), 6, model="another").is_refused


def test_a_tokens_quota_counts_what_comes_by_it_alone(person: User) -> None:
    token = ApiTokenFactory(user=person)
    limit(100, Subject(QuotaKind.TOKEN, token.pk))
    assert [ask(person, n, token_id=token.pk).is_refused for n in (1, 2)] == [False, True]
    assert not ask(person, 3).is_refused


def test_money_is_reserved_and_settled_by_the_models_price(person: User) -> None:
    wanted = PriceRequest(model_name="m", input_nano=NANO, output_nano=3 * NANO)
    prices.add_price(actor=None, wanted=PriceRequest(**{**_fields(wanted), "valid_from": NOON}))
    limit(NANO, unit=QuotaUnit.MONEY)
    ask(person)
    assert counted() == [(0, 40 * 1_000 + 60 * 3_000)]
    later = prices.price_at(model="m", moment=NOON)
    call = Call(user_id=person.pk, purpose="reply", reference_id=1, model="m", rate=later)
    usage.record_call(
        call, usage=Usage(40, 10, "reported"), outcome="x", first_token_ms=1, duration_ms=1
    )
    assert counted() == [(40 * 1_000 + 10 * 3_000, 0)]


def _fields(wanted: PriceRequest) -> dict[str, object]:
    return {name: getattr(wanted, name) for name in PriceRequest.__slots__}


def test_a_model_without_a_price_is_refused_by_a_hard_quota_of_money(person: User) -> None:
    limit(NANO, unit=QuotaUnit.MONEY)
    refused = ask(person)
    assert refused.notice.startswith("The model m has no price, and your allowance is one of money")
    assert (refused.is_refused, refused.resets_at, counted()) == (True, None, [(0, 0)])
    limit(0, unit=QuotaUnit.TOKENS)
    both = ask(person)
    assert (both.is_unpriced, both.notice, both.resets_at) == (True, refused.notice, None)


def test_a_soft_quota_of_money_lets_a_model_without_a_price_pass(person: User) -> None:
    limit(NANO, unit=QuotaUnit.MONEY, is_hard=False)
    assert not ask(person).is_refused


def test_a_stand_in_without_a_price_is_counted_by_what_was_reserved(person: User) -> None:
    wanted = PriceRequest(model_name="m", input_nano=NANO, output_nano=NANO)
    prices.add_price(actor=None, wanted=PriceRequest(**{**_fields(wanted), "valid_from": NOON}))
    limit(NANO, unit=QuotaUnit.MONEY)
    ask(person)
    settle(person, 1, (1, 1), model="stand-in")
    assert counted() == [(100 * 1_000, 0)]


def test_asking_is_one_statement_and_three_more_once_a_period(
    person: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    limit(1_000)
    limit(1_000, Subject(QuotaKind.MODEL, model_name="m"), unit=QuotaUnit.MONEY)
    with django_assert_num_queries(4):
        ask(person, 1)
    with django_assert_num_queries(1):
        ask(person, 2)
    with django_assert_num_queries(1):
        usage.release_calls(purpose="reply", reference_ids=[2])


def at_once(
    work: Callable[[int], object], *, times: int = 1_000, threads: int = 12
) -> list[object]:
    """Do the work in threads that begin together, each on a connection of its own."""
    ready = threading.Barrier(threads)

    def run(number: int) -> object:
        if number < threads:
            ready.wait(20)
        try:
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, range(times)))


def meanwhile(timing: str, work: str) -> None:
    """Let something else happen whenever a counter is made, up to the test's end."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION pg_temp.meanwhile() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN {work} RETURN NULL; END $$"
        )
        cursor.execute(
            f"CREATE TRIGGER meanwhile {timing} INSERT ON llm_quotacounter FOR EACH ROW "
            "EXECUTE FUNCTION pg_temp.meanwhile()"
        )


def test_a_quota_that_is_set_while_counters_are_made_counts_for_the_call(person: User) -> None:
    limit(1_000)
    meanwhile(
        "AFTER",
        "INSERT INTO llm_quota (kind, model_name, unit, period, amount, is_hard, from_settings,"
        " reason, created_at) VALUES ('model', 'm', 'tokens', 'day', 0, true, false, '', now())"
        " ON CONFLICT DO NOTHING;",
    )
    assert ask(person).is_refused
    assert counted() == [(0, 0), (0, 0)]


def test_no_call_begins_while_a_quota_that_counts_cannot_be_checked(person: User) -> None:
    limit(1_000)
    meanwhile("BEFORE", "")
    with pytest.raises(OperationalError):
        ask(person)
    assert Reservation.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_a_thousand_at_once_pass_a_quota_by_no_more_than_one_reservation() -> None:
    amount, most = 5_050, 100
    people = [UserFactory() for _ in range(4)]
    group = Group.objects.create(name="crowd")
    group.user_set.add(*people)
    shared = limit(amount, Subject(QuotaKind.GROUP, group.pk))
    own = limit(2_000)

    def ask_and_settle(number: int) -> int:
        person, tokens = people[number % len(people)], number % (most + 1)
        with transaction.atomic():
            if ask(person, number).is_refused:
                return 0
        with transaction.atomic():
            settle(person, number, (tokens, 0))
        return tokens

    used = sum(int(str(tokens)) for tokens in at_once(ask_and_settle))
    total = QuotaCounter.objects.get(quota_id=shared)
    assert (total.used, total.reserved) == (used, 0)
    assert amount <= total.used < amount + most
    shares = QuotaCounter.objects.filter(quota_id=own)
    assert sum(share.used for share in shares) == used
    assert {share.reserved for share in shares} == {0}
    assert Reservation.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_nobody_is_let_in_twice_on_the_same_rest() -> None:
    person = UserFactory()
    limit(1_000)

    def only_ask(number: int) -> bool:
        with transaction.atomic():
            return not ask(person, number).is_refused

    assert sum(bool(admitted) for admitted in at_once(only_ask)) == 10
    assert counted() == [(0, 1_000)]


def test_staff_set_change_and_end_a_quota_with_a_reason_that_is_kept(person: User) -> None:
    admin = UserFactory(admin=True)
    subject = Subject(QuotaKind.PERSON, person.pk)
    wanted = Limit(unit=QuotaUnit.TOKENS, period=Period.DAY, amount=10)
    with pytest.raises(ValidationFailedError):
        set_quota(actor=admin, subject=subject, limit=wanted)
    first = set_quota(actor=admin, subject=subject, limit=wanted, reason="Loops all night.")
    more = Limit(unit=QuotaUnit.TOKENS, period=Period.DAY, amount=20)
    again = set_quota(actor=admin, subject=subject, limit=more, reason="He asked nicely.")
    assert first.pk == again.pk
    end_quota(actor=admin, quota_id=first.pk, reason="All is well.")
    with pytest.raises(QuotaNotFoundError):
        end_quota(actor=admin, quota_id=first.pk, reason="All is well.")
    events = AuditEvent.objects.filter(target_type="quota").order_by("pk")
    assert [(event.action, event.reason) for event in events] == [
        ("quota.set", "Loops all night."),
        ("quota.set", "He asked nicely."),
        ("quota.ended", "All is well."),
    ]
    assert [event.data.get("from") for event in events] == [None, 10, None]


def test_an_owner_limits_their_own_token_and_nobody_elses(person: User) -> None:
    own, foreign = ApiTokenFactory(user=person), ApiTokenFactory()
    wanted = Limit(unit=QuotaUnit.MONEY, period=Period.MONTH, amount=5 * NANO)
    made = set_quota(actor=person, subject=Subject(QuotaKind.TOKEN, own.pk), limit=wanted)
    for subject in (
        Subject(QuotaKind.TOKEN, foreign.pk),
        Subject(QuotaKind.PERSON, person.pk),
        EVERYONE,
    ):
        with pytest.raises(ForbiddenError):
            set_quota(actor=person, subject=subject, limit=wanted)
    end_quota(actor=person, quota_id=made.pk)


@pytest.mark.parametrize(
    "subject",
    [
        Subject(QuotaKind.PERSON, 10**9),
        Subject(QuotaKind.GROUP, 0),
        Subject(QuotaKind.TOKEN, 2**70),
        Subject(QuotaKind.MODEL, model_name=" "),
    ],
)
def test_a_quota_needs_a_subject_that_exists(db: None, subject: Subject) -> None:
    with pytest.raises(ValidationFailedError):
        limit(1, subject)
