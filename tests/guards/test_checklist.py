"""The table of the staff checklist names tests that exist, for every one of its lines."""

import ast
import re
from pathlib import Path

TESTS = Path(__file__).parent.parent
TABLE = TESTS / "moderation" / "README.md"
LINES = 37


def named() -> dict[int, set[str]]:
    """Return the tests that the table names, by line of the checklist."""
    rows = re.findall(r"^\| (\d+) \|.*\| (.*) \|$", TABLE.read_text(encoding="utf-8"), re.MULTILINE)
    return {int(line): set(re.findall(r"`(test_\w+)`", tests)) for line, tests in rows}


def existing() -> set[str]:
    """Return the names of all tests."""
    return {
        node.name
        for path in TESTS.rglob("test_*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def test_every_line_of_the_staff_checklist_has_a_test() -> None:
    table = named()
    assert list(table) == list(range(1, LINES + 1))
    assert all(table.values())
    assert set.union(*table.values()) - existing() == set()
