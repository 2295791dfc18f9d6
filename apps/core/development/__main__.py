"""The command line of the development machine: `python -m apps.core.development`."""

import argparse
import json
import sys

from apps.core.development.command import run_beside, run_throwaway
from apps.core.development.console import Console
from apps.core.development.environment import read_own_settings
from apps.core.development.errors import DevelopmentError
from apps.core.development.state import StateFolder, find_state_folder
from apps.core.development.supervisor import Supervisor

PARTS = ("postgres", "redis", "model", "web", "worker")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m apps.core.development", description="Run Parley and its parts here."
    )
    commands = parser.add_subparsers(dest="action", required=True)
    commands.add_parser("run", help="start everything, keep it running, stop it on Ctrl-C")
    beside = commands.add_parser("exec", help="run a command on the database of `run`")
    beside.add_argument("--throwaway", action="store_true", help="on empty servers instead")
    beside.add_argument("command", nargs=argparse.REMAINDER)
    commands.add_parser("status", help="show the processes of `run`")
    for action, meaning in (("stop", "keep a part stopped"), ("start", "start it again")):
        held = commands.add_parser(action, help=f"{meaning}, while `run` is running")
        held.add_argument("part", choices=PARTS)
    return parser


def _show_status(state: StateFolder, console: Console) -> int:
    if not state.is_locked():
        console.line(f"Nothing runs on {state.path}. Start it with make run.")
        return 1
    for path in sorted((state.path / "run").glob("*.pid")):
        known = json.loads(path.read_text(encoding="utf-8"))
        console.line(f"  {path.stem:<10} process {known['pid']}")
    return 0


def _hold(state: StateFolder, console: Console, *, part: str, is_stopped: bool) -> int:
    if not state.is_locked():
        console.line(f"Nothing runs on {state.path}. Start it with make run.")
        return 1
    mark = state.hold_file(part)
    if is_stopped:
        mark.touch()
    else:
        mark.unlink(missing_ok=True)
    return 0


def _run(state: StateFolder, console: Console) -> int:
    console.line(f"Parley, with its data in {state.path}")
    with state.locked():
        left = state.end_leftovers()
        if left:
            console.warning(f"Stopped what an earlier start left running: {', '.join(left)}.")
        Supervisor(state, console).run()
    return 0


def main(arguments: list[str]) -> int:
    """Carry out one command.

    Returns:
        The exit code.
    """
    options = _parser().parse_args(arguments)
    console = Console()
    try:
        read_own_settings()
        state = find_state_folder()
        state.make()
        match options.action:
            case "run":
                return _run(state, console)
            case "exec":
                command = [part for part in options.command if part != "--"]
                if options.throwaway:
                    return run_throwaway(console, command)
                return run_beside(state, console, command)
            case "status":
                return _show_status(state, console)
        is_stopped = options.action == "stop"
        return _hold(state, console, part=options.part, is_stopped=is_stopped)
    except DevelopmentError as error:
        console.failure(str(error))
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
