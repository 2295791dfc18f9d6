"""Which runs are made, in which order."""

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

import uvloop

from bench.model import Model
from bench.run import Figures, measure, warm_up
from bench.targets import TARGETS
from bench.targets.base import Target
from bench.work import Work

LADDER = (100, 200, 300, 400, 600, 800)
TURNS = Work(streams=200, tokens=1, rate=1000.0, spread=4.0)
WARM = Work(streams=3, tokens=20, rate=50.0, spread=0.1)


@contextmanager
def opened(names: Sequence[str]) -> Iterator[tuple[Model, list[Target]]]:
    """Make targets and their model; at the end all are stopped and thrown away."""
    model = Model()
    with ExitStack() as stack:
        stack.callback(model.stop)
        targets = []
        for name in names:
            target = TARGETS[name](model)
            stack.callback(target.throw_away)
            stack.callback(target.stop)
            targets.append(target)
        yield model, targets


@contextmanager
def serving(target: Target, model: Model) -> Iterator[None]:
    """Start a target and warm it up; stop it at the end."""
    model.start(WARM)
    target.start()
    try:
        uvloop.run(warm_up(target, WARM))
        yield
    finally:
        target.stop()


def play(
    target: Target, model: Model, work: Work, *, round_number: int = 0, with_memory: bool = False
) -> Figures:
    """Make one run on a serving target and print it."""
    model.start(work)
    load = os.getloadavg()[0]
    figures = uvloop.run(measure(target, model, work, with_memory=with_memory))
    figures.round, figures.load = round_number, load
    print(describe(figures), flush=True)
    return figures


def describe(figures: Figures) -> str:
    """Return a run in a line."""
    parts = " ".join(f"{name} {value:.1f}" for name, value in figures.cpu_us.items())
    wrong = f" WRONG {figures.wrong}: {', '.join(figures.problems)}" if figures.wrong else ""
    return (
        f"{figures.target:17} {figures.streams:4} x {figures.tokens:3}: "
        f"{figures.total_us:7.1f} us/token ({parts}), {figures.ms_per_turn:5.1f} ms/turn, "
        f"first {figures.first_ms[0]:.0f}/{figures.first_ms[1]:.0f} ms, "
        f"late {figures.late_ms[0]:.0f}/{figures.late_ms[1]:.0f} ms, "
        f"model {figures.model_us:.1f}, viewers {figures.viewers_us:.1f}, "
        f"load {figures.load:.1f}{wrong}"
    )


def measure_all(names: Sequence[str], *, streams: Sequence[int], rounds: int) -> list[Figures]:
    """Measure cost, turns and the number of streams held."""
    runs: list[Figures] = []
    with opened(names) as (model, targets):
        for number in range(rounds):
            turn = number % len(targets)
            for target in [*targets[turn:], *targets[:turn]]:
                runs.extend(_round(target, model, streams, number))
        for target in targets:
            runs.extend(_climb(target, model, runs, rounds))
    return runs


def _round(target: Target, model: Model, streams: Sequence[int], number: int) -> list[Figures]:
    works = [Work(streams=count) for count in streams] + [TURNS]
    with serving(target, model):
        return [
            play(target, model, work, round_number=number, with_memory=work is not TURNS)
            for work in works
        ]


def _climb(target: Target, model: Model, runs: list[Figures], rounds: int) -> list[Figures]:
    """Ask for more streams until they are not held, twice for each number."""
    steps: list[Figures] = []
    with serving(target, model):
        for count in LADDER:
            work = Work(streams=count)
            if any(run.target == target.name and run.streams == count for run in runs):
                continue
            tries = []
            while len(tries) < 2 and not any(one.is_held for one in tries):
                tries.append(play(target, model, work, round_number=rounds + len(tries)))
            steps.extend(tries)
            if not any(one.is_held for one in tries):
                break
    return steps


def try_out(names: Sequence[str], *, streams: Sequence[int], rounds: int) -> None:
    """Make and print the runs of a change that is being tried."""
    with opened(names) as (model, targets):
        for number in range(rounds):
            for target in targets:
                with serving(target, model):
                    for count in streams:
                        work = TURNS if count == 0 else Work(streams=count)
                        play(target, model, work, round_number=number)
