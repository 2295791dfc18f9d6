"""The breaker, with the time passed in: when it opens, whom it lets try, and what closes it."""

import pytest

from apps.llm.gateway.breaker import (
    CUT_TOGETHER_SECONDS,
    FAILURES_TO_OPEN,
    MAX_OPEN_SECONDS,
    MAX_PAUSE_SECONDS,
    OPEN_SECONDS,
    TRIAL_SECONDS,
    Attempt,
    Breaker,
    BreakerState,
)
from apps.llm.gateway.budget import RetryBudget


def begin(breaker: Breaker, now: float) -> Attempt:
    attempt = breaker.begin(now)
    assert attempt is not None
    return attempt


@pytest.fixture
def opened() -> Breaker:
    """A breaker that opened at the time 0."""
    breaker = Breaker()
    for _ in range(FAILURES_TO_OPEN):
        breaker.failed(begin(breaker, 0.0), 0.0)
    return breaker


def test_it_opens_after_failures_in_a_row_and_not_before() -> None:
    breaker = Breaker()
    for _ in range(FAILURES_TO_OPEN - 1):
        breaker.failed(begin(breaker, 0.0), 0.0)
    breaker.succeeded(begin(breaker, 0.0))
    for _ in range(FAILURES_TO_OPEN - 1):
        breaker.failed(begin(breaker, 0.0), 0.0)
    assert breaker.state(0.0) == BreakerState.CLOSED
    breaker.failed(begin(breaker, 0.0), 0.0)
    assert breaker.state(0.0) == BreakerState.OPEN
    assert breaker.begin(OPEN_SECONDS - 0.1) is None
    assert breaker.seconds_left(OPEN_SECONDS - 1) == 1.0


def test_one_call_at_a_time_tries_whether_the_server_is_back(opened: Breaker) -> None:
    assert opened.state(OPEN_SECONDS) == BreakerState.HALF_OPEN
    trial = begin(opened, OPEN_SECONDS)
    assert trial.is_trial
    assert opened.begin(OPEN_SECONDS) is None
    opened.succeeded(trial)
    assert opened.state(OPEN_SECONDS) == BreakerState.CLOSED
    assert not begin(opened, OPEN_SECONDS).is_trial


def test_each_trial_that_fails_doubles_the_time_up_to_a_cap(opened: Breaker) -> None:
    now, waits = 0.0, []
    for _ in range(6):
        now += opened.seconds_left(now)
        opened.failed(begin(opened, now), now)
        waits.append(opened.seconds_left(now))
    assert waits == [20.0, 40.0, 80.0, MAX_OPEN_SECONDS, MAX_OPEN_SECONDS, MAX_OPEN_SECONDS]


def test_a_trial_that_nobody_waits_for_lets_another_one_try(opened: Breaker) -> None:
    opened.given_up(begin(opened, OPEN_SECONDS))
    assert begin(opened, OPEN_SECONDS).is_trial


def test_a_trial_of_which_nothing_is_heard_again_keeps_nobody_out_for_good(
    opened: Breaker,
) -> None:
    begin(opened, OPEN_SECONDS)
    assert opened.begin(OPEN_SECONDS + TRIAL_SECONDS - 1) is None
    assert begin(opened, OPEN_SECONDS + TRIAL_SECONDS).is_trial
    assert opened.begin(OPEN_SECONDS + TRIAL_SECONDS) is None


def test_only_a_whole_answer_ends_a_row_of_answers_that_break_in_the_middle() -> None:
    breaker = Breaker()
    for moment in range(FAILURES_TO_OPEN):
        assert breaker.state(moment) == BreakerState.CLOSED
        breaker.began(begin(breaker, moment))
        breaker.cut(moment)
    assert breaker.state(FAILURES_TO_OPEN) == BreakerState.OPEN


def test_answers_that_break_at_one_moment_are_one_failure() -> None:
    breaker = Breaker()
    for _ in range(2 * FAILURES_TO_OPEN):
        breaker.cut(50.0)
    assert breaker.state(50.0) == BreakerState.CLOSED
    for moment in range(FAILURES_TO_OPEN - 1):
        breaker.cut(50.0 + (moment + 1) * CUT_TOGETHER_SECONDS)
    assert breaker.state(54.0) == BreakerState.OPEN


def test_a_trial_that_begins_to_answer_lets_others_out_and_the_next_failure_opens_again(
    opened: Breaker,
) -> None:
    trial = begin(opened, OPEN_SECONDS)
    opened.began(trial)
    assert opened.state(OPEN_SECONDS) == BreakerState.CLOSED
    opened.cut(OPEN_SECONDS)
    assert opened.seconds_left(OPEN_SECONDS) == 2 * OPEN_SECONDS
    again = begin(opened, 3 * OPEN_SECONDS)
    opened.began(again)
    opened.succeeded(again)
    for _ in range(FAILURES_TO_OPEN - 1):
        opened.failed(begin(opened, 100.0), 100.0)
    assert opened.state(100.0) == BreakerState.CLOSED
    opened.failed(begin(opened, 100.0), 100.0)
    assert opened.seconds_left(100.0) == OPEN_SECONDS


def test_calls_from_before_it_opened_neither_close_nor_prolong_it(opened: Breaker) -> None:
    before = Attempt(is_trial=False)
    opened.succeeded(before)
    opened.failed(before, 5.0)
    assert opened.state(5.0) == BreakerState.OPEN
    assert opened.open_until == OPEN_SECONDS


def test_a_server_that_asks_to_wait_is_left_alone_for_so_long_within_a_cap() -> None:
    breaker = Breaker()
    breaker.asked_to_wait(begin(breaker, 100.0), 100.0, 30.0)
    assert breaker.pause_left(110.0) == 20.0
    assert breaker.pause_left(131.0) == 0.0
    assert breaker.state(110.0) == BreakerState.CLOSED
    breaker.asked_to_wait(begin(breaker, 200.0), 200.0, 3_600.0)
    assert breaker.pause_left(200.0) == MAX_PAUSE_SECONDS


def test_a_server_that_is_busy_without_a_time_counts_as_failing() -> None:
    breaker = Breaker()
    for _ in range(FAILURES_TO_OPEN):
        breaker.asked_to_wait(begin(breaker, 0.0), 0.0, None)
    assert breaker.state(0.0) == BreakerState.OPEN


def test_an_admin_closes_it_at_once(opened: Breaker) -> None:
    opened.close()
    assert opened.state(0.0) == BreakerState.CLOSED
    assert opened.seconds_left(0.0) == opened.pause_left(0.0) == 0.0


def test_further_tries_are_a_reserve_and_a_tenth_of_the_calls() -> None:
    budget = RetryBudget(3)
    assert [budget.take() for _ in range(4)] == [True, True, True, False]
    for _ in range(9):
        budget.note_call()
    assert not budget.take()
    budget.note_call()
    budget.note_call()
    assert budget.take()
