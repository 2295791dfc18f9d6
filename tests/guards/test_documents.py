"""What the documents say is what the code does."""

import ast
import re
from collections import Counter

import pytest

from apps.conversations.events import EVENT_TYPES
from apps.core.errors import AppError
from project.api import api
from tests.guards.sources import ROOT, import_everything, read

PROTOCOL = read("docs/protocol.md")
READERS = {
    "str",
    "choice",
    "count",
    "seconds",
    "rate",
    "int",
    "bool",
    "float",
    "share",
    "within",
    "list",
}
NEXT_STEP = re.compile(r"^(Note|Open|Read|Send|Sign|Write) |^[A-Z].*[.;] \w")
SAY_NO_NEXT_STEP = {
    "account_suspended": "the reason that the person is given follows it",
    "email_taken": "the words of the specification",
    "invalid_credentials": "the words of the specification",
    "user_not_found": "the words of the specification",
}


def own_codes() -> dict[str, type[AppError]]:
    import_everything()
    pending, found = [AppError], []
    while pending:
        error = pending.pop()
        pending.extend(error.__subclasses__())
        if error.__module__.startswith("apps.") and "code" in vars(error):
            found.append(error)
    doubled = [code for code, times in Counter(e.code for e in found).items() if times > 1]
    assert doubled == []
    return {error.code: error for error in found}


def test_every_error_code_is_unique_and_documented_with_its_status() -> None:
    documented = dict(re.findall(r"^\| `([a-z_]+)` \| (\d{3}) \|", PROTOCOL, re.MULTILINE))
    assert documented == {code: str(error.status_code) for code, error in own_codes().items()}


def test_error_codes_are_words() -> None:
    assert [code for code in own_codes() if not re.fullmatch(r"[a-z]+(_[a-z]+)*", code)] == []


def test_messages_for_people_say_what_to_do_next() -> None:
    silent = {
        code for code, error in own_codes().items() if not NEXT_STEP.search(error.default_message)
    }
    assert silent == set(SAY_NO_NEXT_STEP)


def test_every_event_is_documented_with_its_fields() -> None:
    for event in EVENT_TYPES:
        tag = str(event.__struct_config__.tag)  # type: ignore[attr-defined]
        row = re.search(rf"^\| `{re.escape(tag)}` \| (.*) \|", PROTOCOL, re.MULTILINE)
        assert row is not None, tag
        documented = set(re.findall(r"`([a-z_]+)`", row.group(1)))
        assert set(event.__struct_fields__) <= documented, tag


def test_every_route_is_documented() -> None:
    for path, methods in api.get_openapi_schema()["paths"].items():
        for method in methods:
            line = f"`{method.upper()} {path.removeprefix('/api/v1/')}`"
            assert line in PROTOCOL, line


def variables() -> list[str]:
    found = set()
    for node in ast.walk(ast.parse(read("project/settings.py"))):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == "env"
            and node.func.attr in READERS
            and node.args
            and isinstance(node.args[0], ast.Constant)
        ):
            found.add(str(node.args[0].value))
    return sorted(found)


@pytest.mark.parametrize("name", variables())
def test_every_setting_is_in_the_example_and_in_the_documents(name: str) -> None:
    assert re.search(rf"^#? ?{name}=", read(".env.example"), re.MULTILINE)
    assert f"`{name}`" in read("docs/configuration.md")


def test_every_record_of_a_decision_has_its_own_number_its_title_and_its_date() -> None:
    records = sorted((ROOT / "docs/decisions").glob("*.md"))
    heads = {
        record.name: re.match(
            r"# (\d{4}): [^\n]+\n\nDate: \d{4}-\d\d-\d\d\. Status: \w+",
            record.read_text(encoding="utf-8"),
        )
        for record in records
    }
    numbers = {name: head and head[1] for name, head in heads.items()}
    assert numbers == {name: name[:4] for name in heads}
    assert len(set(numbers.values())) == len(records)
