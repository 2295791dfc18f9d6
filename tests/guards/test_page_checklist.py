"""Every line of what a person expects of the pages has its test."""

import re

from tests.guards.sources import read

ROW = re.compile(r"^\| (\d+) \| .+ \| (`[^|]+`) \|$", re.MULTILINE)
LINES = 45


def test_every_line_of_the_checklist_names_tests_that_exist() -> None:
    rows = ROW.findall(read("tests/browser/README.md"))
    assert [int(line) for line, _ in rows] == list(range(1, LINES + 1))
    missing = [
        f"{line}: {test}"
        for line, tests in rows
        for module, test in re.findall(r"`(\w+)::(\w+)`", tests)
        if f"def {test}(" not in read(f"tests/browser/{module}.py")
        or line not in re.findall(r"\d+", test)
    ]
    assert missing == []
