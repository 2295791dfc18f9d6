"""Measures everything; with --short, compares with the committed figures."""

import argparse
import sys

from bench import plan, report, short
from bench.targets import TARGETS


def main() -> int:
    """Run what the command line asks for; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--short", action="store_true", help="under a minute; fails on a change for the worse"
    )
    parser.add_argument("--report", action="store_true", help="only write table and plots anew")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--targets", default=",".join(TARGETS), help="names, with commas")
    parser.add_argument("--streams", default="1,50,200", help="numbers, with commas")
    parser.add_argument(
        "--try", dest="is_trial", action="store_true", help="print only, write nothing"
    )
    options = parser.parse_args()
    targets = options.targets.split(",")
    if options.report:
        report.write(report.read())
        return 0
    if options.short:
        return short.check()
    streams = [int(number) for number in options.streams.split(",")]
    if options.is_trial:
        plan.try_out(targets, streams=streams, rounds=options.rounds)
        return 0
    runs = plan.measure_all(targets, streams=streams, rounds=options.rounds)
    report.write(report.Report(machine=report.machine(), runs=runs, short=short.take()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
