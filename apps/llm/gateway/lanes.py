"""The queue before a model server: so many calls at a time, and people in turn."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque

from apps.llm.errors import UpstreamBusyError


class Place:
    """One call's place: waiting, let through until it leaves, or turned away."""

    def __init__(self, lane: Lane, owner: int) -> None:
        self.owner = owner
        self._lane = lane
        self.through: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def is_through(self) -> bool:
        """Whether the call may go out."""
        return self.through.done() and not self.through.cancelled()

    @property
    def is_turned_away(self) -> bool:
        """Whether it had to make way for somebody who had fewer calls waiting."""
        return self.through.cancelled()

    @property
    def ahead(self) -> int:
        """How many calls come before this one; 0 where it may go out."""
        return 0 if self.is_through else self._lane.ahead_of(self)

    async def is_let_through(self, *, seconds: float) -> bool:
        """Wait until the call may go out, but no longer than this; tells whether it may."""
        await asyncio.wait({self.through}, timeout=seconds)
        return self.is_through

    def leave(self) -> None:
        """Give the place to the next call; once is enough, more does no harm."""
        self._lane.leave(self)


class Lane:
    """Lets a bounded number of calls through; whoever waits is taken in turn, person by person.

    A hundred calls of one person so delay another person's by one call, and not by a hundred. Where
    as many wait as may, whoever has most of them makes way for who has fewer: a person's calls that
    fill the queue keep nobody out of it.
    """

    def __init__(self, *, limit: int, max_waiting: int) -> None:
        """Prepare an empty lane.

        Args:
            limit: calls at the same time; 0 for no limit.
            max_waiting: calls that may wait.
        """
        self._limit, self._max_waiting = limit, max_waiting
        self._through: set[Place] = set()
        self._people: OrderedDict[int, deque[Place]] = OrderedDict()

    @property
    def running(self) -> int:
        """How many calls are through."""
        return len(self._through)

    @property
    def waiting(self) -> int:
        """How many calls wait."""
        return sum(map(len, self._people.values()))

    def reshape(self, *, limit: int, max_waiting: int) -> None:
        """Take other bounds; whoever waits and fits now is let through."""
        self._limit, self._max_waiting = limit, max_waiting
        self._let_through()

    def enter(self, owner: int) -> Place:
        """Take a place for a person's call.

        Raises:
            UpstreamBusyError: as many wait as may, and nobody has more of them than the person.
        """
        if not self._has_room() and self.waiting >= self._max_waiting:
            self._make_way(owner)
        place = Place(self, owner)
        self._people.setdefault(owner, deque()).append(place)
        self._let_through()
        return place

    def leave(self, place: Place) -> None:
        """Take a call out, wherever it is."""
        self._through.discard(place)
        own = self._people.get(place.owner)
        if own is not None and place in own:
            own.remove(place)
            if not own:
                del self._people[place.owner]
        self._let_through()

    def ahead_of(self, place: Place) -> int:
        """Return how many calls come before one that waits."""
        own = self._people[place.owner]
        round_of_it = own.index(place)
        ahead, is_before = round_of_it, True
        for owner, places in self._people.items():
            if owner == place.owner:
                is_before = False
            else:
                ahead += min(len(places), round_of_it + is_before)
        return ahead

    def _make_way(self, owner: int) -> None:
        """Turn away the last call of whoever has most, if they have more than the newcomer then."""
        crowd = max(self._people.values(), key=len, default=deque[Place]())
        if len(crowd) <= len(self._people.get(owner, ())) + 1:
            raise UpstreamBusyError
        crowd.pop().through.cancel()

    def _has_room(self) -> bool:
        return self._limit == 0 or len(self._through) < self._limit

    def _let_through(self) -> None:
        while self._people and self._has_room():
            owner, places = next(iter(self._people.items()))
            place = places.popleft()
            if places:
                self._people.move_to_end(owner)
            else:
                del self._people[owner]
            self._through.add(place)
            if not place.through.done():
                place.through.set_result(None)
