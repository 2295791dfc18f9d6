"""CPU time and memory of whole process trees, from /proc."""

import os
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Process:
    """One line of /proc/PID/stat.

    Attributes:
        pid: its number.
        parent: its parent's.
        seconds: CPU of its own and of children that ended and were waited for.
    """

    pid: int
    parent: int
    seconds: float


def processes() -> dict[int, Process]:
    """Return all processes of the machine that can be read."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        try:
            stat = (entry / "stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        fields = stat.rpartition(")")[2].split()
        ticks = sum(int(value) for value in fields[11:15])
        pid = int(entry.name)
        found[pid] = Process(pid, int(fields[1]), ticks / TICKS)
    return found


def tree(root: int, known: dict[int, Process]) -> list[Process]:
    """Return a process and all that it started, directly or not."""
    members = [known[root]] if root in known else []
    for member in members:
        members.extend(child for child in known.values() if child.parent == member.pid)
    return members


def cpu_seconds(roots: dict[str, int]) -> dict[str, float]:
    """Return the CPU seconds that each named tree has used so far."""
    known = processes()
    return {
        name: sum(member.seconds for member in tree(root, known)) for name, root in roots.items()
    }


def memory_mb(roots: dict[str, int]) -> float:
    """Return the memory of all trees together; pages that processes share count once (PSS)."""
    known = processes()
    kilobytes = 0
    for root in roots.values():
        for member in tree(root, known):
            kilobytes += _pss(member.pid)
    return kilobytes / 1024


def _pss(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
