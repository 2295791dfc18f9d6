"""One run: a work through one target, with what it cost and what the viewers saw."""

import asyncio
import gc
import itertools
import time
from dataclasses import asdict, dataclass, field

from bench import cpu
from bench.model import Model
from bench.targets.base import Target
from bench.viewers import Viewer
from bench.work import (
    HELD_FIRST_TEXT_MS,
    HELD_LATENESS_MS,
    Seen,
    Work,
    answer_pieces,
    lateness_ms,
    percentile,
)

SETTLE_SECONDS = 0.5
_numbers = itertools.count(1)


@dataclass(slots=True, kw_only=True)
class Figures:
    """The figures of one run.

    Attributes:
        target: what was measured.
        streams: viewers.
        tokens: of each answer.
        wrong: viewers whose text was not exact, or whose answer had no good end.
        problems: the first of them, in a word.
        cpu_us: CPU microseconds a delivered token, by process tree of the target.
        model_us: the same of the scripted model.
        viewers_us: the same of the load generator.
        first_ms: percentiles 50 and 99 of the time to the first text.
        late_ms: percentiles 50 and 99 of lateness over all tokens.
        memory_mb: of the target in the middle of the run; 0 where not taken.
        seconds: from the first message to the last end.
    """

    target: str
    streams: int
    tokens: int
    wrong: int
    problems: list[str]
    cpu_us: dict[str, float]
    model_us: float
    viewers_us: float
    first_ms: tuple[float, float]
    late_ms: tuple[float, float]
    memory_mb: float
    seconds: float
    round: int = 0
    load: float = field(default=0.0)

    @property
    def total_us(self) -> float:
        """CPU microseconds a token of the whole target."""
        return sum(self.cpu_us.values())

    @property
    def ms_per_turn(self) -> float:
        """CPU milliseconds of a whole turn."""
        return self.total_us * self.tokens / 1000

    @property
    def is_held(self) -> bool:
        """Whether every text was exact and came in time."""
        return (
            not self.wrong
            and self.late_ms[1] < HELD_LATENESS_MS
            and self.first_ms[1] < HELD_FIRST_TEXT_MS
        )

    def as_json(self) -> dict[str, object]:
        """Return the figures as plain values."""
        return asdict(self)


async def warm_up(target: Target, work: Work) -> None:
    """Have the target load what it loads at its first turns; nothing is counted."""
    await _play(target, work)


async def measure(target: Target, model: Model, work: Work, *, with_memory: bool) -> Figures:
    """Play a work and return its figures."""
    played = await _play(target, work, model_pid=model.pid, with_memory=with_memory)
    asked_at = model.asked_at()
    expected = "".join(answer_pieces(work.tokens))
    wrong = [_problem(seen, expected) for seen in played.seen]
    problems = [problem for problem in wrong if problem]
    late = [
        value
        for seen in played.seen
        if seen.message in asked_at
        for value in lateness_ms(seen, asked_at=asked_at[seen.message], work=work)
    ]
    first = [seen.first_text_ms for seen in played.seen if seen.first_text_ms is not None]
    delivered = sum(text_tokens(seen) for seen in played.seen) or 1
    to_us = 1e6 / delivered
    costs = {name: seconds * to_us for name, seconds in played.cpu.items()}
    return Figures(
        target=target.name,
        streams=work.streams,
        tokens=work.tokens,
        wrong=len(problems),
        problems=sorted(set(problems))[:3],
        model_us=costs.pop("_model", 0.0),
        viewers_us=costs.pop("_viewers"),
        cpu_us=costs,
        first_ms=(percentile(first, 50), percentile(first, 99)),
        late_ms=(percentile(late, 50), percentile(late, 99)),
        memory_mb=played.memory_mb,
        seconds=played.seconds,
    )


def text_tokens(seen: Seen) -> int:
    """Return how many tokens of text a viewer received."""
    return seen.text.count(" ")


def _problem(seen: Seen, expected: str) -> str:
    if seen.problem:
        return seen.problem
    return "" if seen.text == expected else "the text differs"


@dataclass(slots=True)
class _Played:
    seen: list[Seen]
    cpu: dict[str, float]
    memory_mb: float
    seconds: float


async def _play(
    target: Target, work: Work, *, model_pid: int | None = None, with_memory: bool = False
) -> _Played:
    doors = target.doors(work.streams)
    viewers = [Viewer(door, f"Question number {next(_numbers)}, please.") for door in doors]
    for viewer in viewers:
        await viewer.open()
    await asyncio.sleep(SETTLE_SECONDS)
    roots = {name: pid for name, pid in target.roots().items() if pid}
    if model_pid is not None and target.name != "floor":
        roots["_model"] = model_pid
    gc.collect()
    gc.disable()
    before, own, began = cpu.cpu_seconds(roots), time.process_time(), time.monotonic()
    asking = [
        asyncio.create_task(_ask(viewer, work.spread * index / work.streams))
        for index, viewer in enumerate(viewers)
    ]
    memory = 0.0
    if with_memory:
        await asyncio.sleep(work.spread + work.tokens / work.rate / 2)
        memory = cpu.memory_mb({n: p for n, p in roots.items() if not n.startswith("_")})
    await asyncio.wait(asking, timeout=work.deadline_seconds)
    seconds = time.monotonic() - began
    await asyncio.sleep(SETTLE_SECONDS)
    after = cpu.cpu_seconds(roots)
    used = {name: after[name] - before[name] for name in roots}
    used["_viewers"] = time.process_time() - own
    gc.enable()
    for task in asking:
        task.cancel()
    for viewer in viewers:
        viewer.close()
    return _Played([viewer.read() for viewer in viewers], used, memory, seconds)


async def _ask(viewer: Viewer, delay: float) -> None:
    await asyncio.sleep(delay)
    await viewer.ask()
