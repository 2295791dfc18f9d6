"""The plots of bench/results."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from bench.targets import TARGETS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from matplotlib.axes import Axes

    from bench.run import Figures

PARTS = ("model", "web", "worker", "postgres", "redis")
COLOURS = ("#a0aeaa", "#0b6b5d", "#63d2bb", "#d98e04", "#b4442f")
HELD_MS = 250


def write(runs: Sequence[Figures], folder: Path) -> None:
    """Write the plots of these runs."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    plt.rcParams.update({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False})
    figure, axes = plt.subplots(1, 2, figsize=(10, 3.4), layout="constrained", sharey=True)
    for axis, count in zip(axes, (50, 200), strict=True):
        _costs(axis, runs, count)
    axes[0].legend(frameon=False, loc="lower right")
    figure.savefig(folder / "cpu-per-token.png", dpi=140)
    figure, axis = plt.subplots(figsize=(7, 3.6), layout="constrained")
    _lateness(axis, runs)
    figure.savefig(folder / "lateness.png", dpi=140)
    plt.close("all")


def _costs(axis: Axes, runs: Sequence[Figures], count: int) -> None:
    chosen = [run for run in runs if run.streams == count and run.tokens > 1]
    names = [name for name in TARGETS if any(run.target == name for run in chosen)][::-1]
    lefts = [0.0] * len(names)
    for part, colour in zip(PARTS, COLOURS, strict=True):
        widths = [
            statistics.median(run.cpu_us.get(part, 0.0) for run in chosen if run.target == name)
            for name in names
        ]
        axis.barh(names, widths, left=lefts, color=colour, label=part)
        lefts = [left + width for left, width in zip(lefts, widths, strict=True)]
    for position, name in enumerate(names):
        totals = [run.total_us for run in chosen if run.target == name]
        axis.plot([min(totals), max(totals)], [position, position], color="#161c1b", linewidth=1)
        axis.annotate(f" {statistics.median(totals):.0f}", (max(totals), position), va="center")
    axis.set_title(f"{count} streams")
    axis.set_xlabel("CPU microseconds a token, whole process tree")


def _lateness(axis: Axes, runs: Sequence[Figures]) -> None:
    for name in TARGETS:
        points: dict[int, list[float]] = {}
        for run in runs:
            if run.target == name and run.tokens > 1 and not run.wrong:
                points.setdefault(run.streams, []).append(run.late_ms[1])
        if points:
            counts = sorted(points)
            medians = [statistics.median(points[count]) for count in counts]
            axis.plot(counts, medians, marker="o", markersize=3, label=TARGETS[name].title)
    axis.axhline(HELD_MS, color="#b4442f", linewidth=1, linestyle="--")
    axis.set_yscale("log")
    axis.set_xlabel("streams at once")
    axis.set_ylabel("lateness p99, ms (held: under 250)")
    axis.legend(frameon=False, fontsize=7)
