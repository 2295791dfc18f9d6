"""The queue before a provider: so many at a time, and people in turn."""

import pytest

from apps.llm.errors import UpstreamBusyError
from apps.llm.gateway.lanes import Lane, Place

ANN, BOB, CAT = 1, 2, 3


def owners(places: list[Place]) -> list[int]:
    return [place.owner for place in places if place.is_through]


async def test_without_a_limit_nobody_waits() -> None:
    lane = Lane(limit=0, max_waiting=0)
    assert all(lane.enter(ANN).is_through for _ in range(500))
    assert (lane.running, lane.waiting) == (500, 0)


async def test_a_hundred_calls_of_one_person_delay_another_one_by_one_call() -> None:
    lane = Lane(limit=1, max_waiting=1_000)
    running = lane.enter(ANN)
    crowd = [lane.enter(ANN) for _ in range(100)]
    other = lane.enter(BOB)
    assert (other.ahead, crowd[0].ahead, crowd[1].ahead) == (1, 0, 2)
    running.leave()
    assert crowd[0].is_through
    crowd[0].leave()
    assert other.is_through
    assert owners(crowd) == [ANN]
    other.leave()
    assert crowd[1].is_through


async def test_people_are_taken_in_turn() -> None:
    lane = Lane(limit=1, max_waiting=100)
    running = lane.enter(CAT)
    places = [lane.enter(owner) for owner in (ANN, ANN, ANN, BOB, BOB, CAT)]
    order = []
    for _ in places:
        ahead = {place: place.ahead for place in places if not place.is_through}
        running.leave()
        running = next(place for place in ahead if place.is_through)
        assert ahead[running] == 0
        order.append(running.owner)
    assert order == [ANN, BOB, CAT, ANN, BOB, ANN]


async def test_who_leaves_while_waiting_is_passed_over() -> None:
    lane = Lane(limit=1, max_waiting=10)
    running = lane.enter(ANN)
    gone, stays = lane.enter(BOB), lane.enter(CAT)
    gone.leave()
    gone.leave()
    assert lane.waiting == 1
    running.leave()
    assert stays.is_through
    assert not gone.is_through


async def test_no_more_wait_than_may() -> None:
    lane = Lane(limit=1, max_waiting=1)
    lane.enter(ANN)
    lane.enter(ANN)
    with pytest.raises(UpstreamBusyError):
        lane.enter(BOB)
    assert lane.waiting == 1


async def test_who_fills_the_queue_makes_way_for_another_until_both_have_as_many() -> None:
    lane = Lane(limit=1, max_waiting=6)
    running = lane.enter(ANN)
    crowd = [lane.enter(ANN) for _ in range(6)]
    with pytest.raises(UpstreamBusyError):
        lane.enter(ANN)
    others = [lane.enter(BOB) for _ in range(3)]
    with pytest.raises(UpstreamBusyError):
        lane.enter(BOB)
    assert [place.is_turned_away for place in crowd] == [False] * 3 + [True] * 3
    assert not any(place.is_through for place in crowd)
    assert lane.waiting == 6
    for place in crowd[3:]:
        place.leave()
    running.leave()
    assert crowd[0].is_through
    crowd[0].leave()
    assert others[0].is_through


async def test_of_many_people_the_one_with_most_makes_way() -> None:
    lane = Lane(limit=1, max_waiting=5)
    lane.enter(CAT)
    places = [lane.enter(owner) for owner in (ANN, ANN, BOB, BOB, BOB)]
    newcomer = lane.enter(CAT)
    assert [place.owner for place in places if place.is_turned_away] == [BOB]
    assert places[4].is_turned_away
    assert not await newcomer.is_let_through(seconds=0)


async def test_a_higher_limit_lets_more_through_at_once() -> None:
    lane = Lane(limit=1, max_waiting=10)
    places = [lane.enter(owner) for owner in (ANN, BOB, CAT)]
    lane.reshape(limit=2, max_waiting=10)
    assert owners(places) == [ANN, BOB]
    lane.reshape(limit=0, max_waiting=10)
    assert owners(places) == [ANN, BOB, CAT]


async def test_waiting_ends_with_the_turn_or_with_the_time() -> None:
    lane = Lane(limit=1, max_waiting=10)
    running, waiting = lane.enter(ANN), lane.enter(BOB)
    assert not await waiting.is_let_through(seconds=0.001)
    running.leave()
    assert await waiting.is_let_through(seconds=60)
