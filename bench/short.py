"""The short form: Parley beside the bare pass-through, against the committed ratio."""

import statistics
from contextlib import ExitStack

from bench import report
from bench.plan import opened, play, serving
from bench.run import Figures
from bench.work import Work

WORK = Work(streams=50, tokens=100)
ROUNDS = 3
BASELINE, OURS = "passthrough", "parley-websocket"
ALLOWED_WORSENING = 1.15


def take() -> report.ShortRatio:
    """Measure both in turn and return the ratio."""
    rounds: list[tuple[Figures, Figures]] = []
    with opened([BASELINE, OURS]) as (model, (baseline, ours)), ExitStack() as stack:
        for target in (baseline, ours):
            stack.enter_context(serving(target, model))
        for number in range(ROUNDS):
            first = play(baseline, model, WORK, round_number=number)
            rounds.append((first, play(ours, model, WORK, round_number=number)))
    ratios = [second.total_us / first.total_us for first, second in rounds]
    problems = [
        f"{one.target}: {problem}" for pair in rounds for one in pair for problem in one.problems
    ]
    median = statistics.median(second.total_us for _, second in rounds) / statistics.median(
        first.total_us for first, _ in rounds
    )
    return report.ShortRatio(median, (min(ratios), max(ratios)), problems)


def check() -> int:
    """Compare with the committed figures; returns 1 when something became worse."""
    found, known = take(), report.read().short
    print(
        f"\nParley costs {found.ratio:.2f} times the bare pass-through "
        f"({found.spread[0]:.2f} to {found.spread[1]:.2f}); committed: {known.ratio:.2f}."
    )
    if found.problems:
        print(f"A text was not exact. {'; '.join(sorted(set(found.problems)))}")
        return 1
    if found.ratio > known.ratio * ALLOWED_WORSENING:
        print(
            "That is over 15 % more than committed. Run it again on a quiet machine; if it stays, "
            "find what the change costs, or take new figures with make bench and say why."
        )
        return 1
    return 0
