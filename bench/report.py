"""Writes bench/results: the figures, a table, plots."""

import platform
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from bench import plots
from bench.plan import TURNS
from bench.run import Figures
from bench.targets import TARGETS

RESULTS = Path(__file__).resolve().parent / "results"
FIGURES = RESULTS / "figures.json"
TABLE = RESULTS / "table.md"


class ShortRatio(msgspec.Struct, frozen=True):
    """What the short form found.

    Attributes:
        ratio: CPU a token of Parley over that of the pass-through, medians.
        spread: the smallest and the largest ratio of a round.
        problems: what was wrong with a text, in words.
    """

    ratio: float
    spread: tuple[float, float]
    problems: list[str]


@dataclass(slots=True)
class Report:
    """All that was measured at one time.

    Attributes:
        machine: where and when.
        runs: every run.
        short: the ratio that `make bench-short` compares with.
    """

    machine: dict[str, str]
    runs: list[Figures]
    short: ShortRatio


def machine() -> dict[str, str]:
    """Describe the machine."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {
        "taken": datetime.now(UTC).date().isoformat(),
        "processor": f"{len(names)} x {names[0] if names else platform.processor()}",
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "python": platform.python_version(),
    }


def read() -> Report:
    """Return the committed figures."""
    return msgspec.json.decode(FIGURES.read_bytes(), type=Report)


def write(report: Report) -> None:
    """Write figures, table and plots."""
    RESULTS.mkdir(exist_ok=True)
    data = msgspec.json.format(msgspec.json.encode(report), indent=1)
    FIGURES.write_bytes(data + b"\n")
    text = "\n".join([*_head(report), *_cost_table(report.runs), "", *_other_table(report.runs)])
    TABLE.write_text(text + "\n", encoding="utf-8")
    plots.write(report.runs, RESULTS)
    print(text)


def known_targets(runs: Sequence[Figures]) -> list[str]:
    """Return the targets of these runs in our order."""
    return [name for name in TARGETS if any(run.target == name for run in runs)]


def select(runs: Sequence[Figures], target: str, streams: int, tokens: int = 400) -> list[Figures]:
    """Return the runs of one target and work."""
    return [
        run for run in runs if (run.target, run.streams, run.tokens) == (target, streams, tokens)
    ]


def held(runs: Sequence[Figures], target: str) -> str:
    """Return how many streams a target held, in at least half of its runs."""
    counts = sorted({r.streams for r in runs if r.target == target and r.tokens > 1})
    good = 0
    for count in counts:
        tries = select(runs, target, count)
        if sum(one.is_held for one in tries) * 2 < len(tries):
            return str(good)
        good = count
    return f"{good} or more"


def _head(report: Report) -> list[str]:
    where = report.machine
    place = f"{where['processor']}, {where['system']}, Python {where['python']}"
    spread = "Medians; in brackets the smallest and the largest of all rounds."
    return [f"Taken {where['taken']} on {place}. {spread}", ""]


def _spread(values: Sequence[float], digits: int = 0) -> str:
    if not values:
        return ""
    low, high = min(values), max(values)
    return f"{statistics.median(values):.{digits}f} ({low:.{digits}f}-{high:.{digits}f})"


def _cost_table(runs: Sequence[Figures]) -> list[str]:
    counts = sorted({run.streams for run in runs if run.tokens > 1 and run.streams in (50, 200)})
    heads = [f"CPU us/token, {count} streams" for count in counts]
    lines = [
        f"| target | keeps the chat | {' | '.join(heads)} | CPU ms a turn | streams held |",
        "| --- | --- |" + " --- |" * (len(heads) + 2),
    ]
    for target in known_targets(runs):
        kind = TARGETS[target]
        cells = [_spread([run.total_us for run in select(runs, target, count)]) for count in counts]
        turns = [run.ms_per_turn for run in select(runs, target, TURNS.streams, TURNS.tokens)]
        cells += [_spread(turns, 1), held(runs, target)]
        keeps = "yes" if kind.keeps else "no"
        lines.append(f"| {kind.title} | {keeps} | {' | '.join(cells)} |")
    return lines


def _other_table(runs: Sequence[Figures]) -> list[str]:
    lines = [
        "| target | first text ms, 1 stream | 50 streams p50 / p99 "
        "| lateness p99 ms, 50; 200 streams | MB, 1 stream | MB a further stream "
        "| by process, us/token at 50 streams |",
        "| --- |" + " --- |" * 6,
    ]
    for target in known_targets(runs):
        one, fifty, many = (select(runs, target, count) for count in (1, 50, 200))
        small, large = _memory(one), _memory(many)
        parts = {name for run in fifty for name in run.cpu_us}
        shares = ", ".join(
            f"{name} {statistics.median(run.cpu_us[name] for run in fifty):.0f}"
            for name in sorted(parts)
        )
        cells = [
            f"{_median([run.first_ms[0] for run in one]):.0f}",
            " / ".join(f"{_median([run.first_ms[at] for run in fifty]):.0f}" for at in (0, 1)),
            "; ".join(f"{_median([run.late_ms[1] for run in some]):.0f}" for some in (fifty, many)),
            f"{small:.0f}",
            f"{max(large - small, 0) / 199:.2f}",
            shares,
        ]
        lines.append(f"| {TARGETS[target].title} | {' | '.join(cells)} |")
    return lines


def _memory(runs: Sequence[Figures]) -> float:
    return _median([run.memory_mb for run in runs if run.memory_mb])


def _median(values: Sequence[float]) -> float:
    return statistics.median(values) if values else 0.0
