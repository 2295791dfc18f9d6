"""What holds for every operation of the API."""

import json
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from ninja.operation import AsyncOperation, Operation
from pydantic import BaseModel

from apps.core.api.application import ParleyAPI
from apps.core.api.auth import BearerToken
from apps.core.api.counting import Counter
from apps.core.api.document import operations as operations_of
from apps.core.management.commands.export_openapi import SNAPSHOTS, document_text
from project.api import api, openai_api
from tests.guards.sources import ROOT

OPEN_TO_ALL = {
    ("POST", "/auth/tokens"): "the first token is made with address and password",
    ("POST", "/users/"): "sign-up",
}

ENDS = {"maximum", "exclusiveMaximum", "enum", "const"}
NOT_WRAPPED = [
    ["text/event-stream"],
    ["text/markdown", "application/json"],
    ["application/zip"],
    ["text/csv", "application/json"],
    ["text/csv"],
]


def operations(of: ParleyAPI) -> Iterator[tuple[str, str, Operation]]:
    for router in of._get_bound_routers():
        for path, view in router.path_operations.items():
            for operation in view.operations:
                for method in operation.methods:
                    yield method, f"{router.prefix}{path}", operation


ALL = list(operations(api))
IDS = [f"{method} {path}" for method, path, _ in ALL]
WITH_OPENAI = [*ALL, *operations(openai_api)]
WITH_OPENAI_IDS = [f"{method} {path}" for method, path, _ in WITH_OPENAI]


@pytest.mark.parametrize(("method", "path", "operation"), WITH_OPENAI, ids=WITH_OPENAI_IDS)
def test_every_operation_asks_for_a_token_or_says_why_not(
    method: str, path: str, operation: Operation
) -> None:
    if (method, path) in OPEN_TO_ALL:
        assert [type(callback) for callback in operation.auth_callbacks] == [Counter]
        return
    assert [type(callback) for callback in operation.auth_callbacks] == [BearerToken]


def test_no_exception_is_stale() -> None:
    assert set(OPEN_TO_ALL) <= {(method, path) for method, path, _ in ALL}


@pytest.mark.parametrize(("method", "path", "operation"), WITH_OPENAI, ids=WITH_OPENAI_IDS)
def test_every_operation_runs_on_the_event_loop(
    method: str, path: str, operation: Operation
) -> None:
    assert isinstance(operation, AsyncOperation)


@pytest.mark.parametrize(("method", "path", "operation"), ALL, ids=IDS)
def test_every_operation_answers_the_envelope_or_a_stream(
    method: str, path: str, operation: Operation
) -> None:
    for status, model in operation.response_models.items():
        if model is None:
            extra = (operation.openapi_extra or {})["responses"][status]["content"]
            assert list(extra) in NOT_WRAPPED
            continue
        shape = model.model_fields["response"].annotation
        expected = "Envelope[" if status < 400 else "ErrorEnvelope"
        assert shape.__name__.startswith(expected), status


@pytest.mark.parametrize(("method", "path", "operation"), WITH_OPENAI, ids=WITH_OPENAI_IDS)
def test_every_operation_declares_what_any_may_answer(
    method: str, path: str, operation: Operation
) -> None:
    declared = set(operation.response_models)
    assert {400, 429, 500, 503} <= declared
    assert (method, path) in OPEN_TO_ALL or {401, 403} <= declared


@pytest.mark.parametrize(("method", "path", "operation"), WITH_OPENAI, ids=WITH_OPENAI_IDS)
def test_every_operation_is_described(method: str, path: str, operation: Operation) -> None:
    assert operation.summary
    assert operation.tags


def test_operation_ids_are_unique() -> None:
    ids = [operation.operation_id for _, _, operation in WITH_OPENAI]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("name", SNAPSHOTS)
def test_the_document_is_the_committed_one(name: str) -> None:
    committed = (ROOT / SNAPSHOTS[name]).read_bytes()
    assert document_text(name) == committed, "The API changed. Look at it, then run: make openapi"


@pytest.mark.parametrize("name", SNAPSHOTS)
def test_every_body_refuses_what_it_does_not_know(name: str) -> None:
    document = json.loads(document_text(name))
    schemas = document["components"]["schemas"]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            for content in operation.get("requestBody", {}).get("content", {}).values():
                schema = content["schema"]["$ref"].rpartition("/")[2]
                assert schemas[schema].get("additionalProperties") is False, f"{method} {path}"


def parts_of(schema: Any, schemas: dict[str, Any], seen: set[str]) -> Iterator[dict[str, Any]]:
    """Yield a schema and all that it is made of, each named one once."""
    if isinstance(schema, list):
        for one in schema:
            yield from parts_of(one, schemas, seen)
    elif isinstance(schema, dict):
        yield schema
        name = str(schema.get("$ref", "")).rpartition("/")[2]
        if name and name not in seen:
            seen.add(name)
            yield from parts_of(schemas[name], schemas, seen)
        for key, inner in schema.items():
            if key not in ("example", "examples"):
                yield from parts_of(inner, schemas, seen)


@pytest.mark.parametrize("name", SNAPSHOTS)
def test_every_whole_number_that_is_taken_has_an_end(name: str) -> None:
    """One with more digits than any of ours is refused, which the document has to say."""
    document = json.loads(document_text(name))
    for path, method, operation in operations_of(document):
        taken = [operation.get("parameters", []), operation.get("requestBody", {})]
        for part in parts_of(taken, document["components"]["schemas"], set()):
            is_open = part.get("type") == "integer" and ENDS.isdisjoint(part)
            assert not is_open, f"{method} {path}: {part}"


def test_no_two_shapes_share_a_name_in_the_document() -> None:
    pending: list[type[BaseModel]] = [BaseModel]
    found: dict[str, set[str]] = {}
    while pending:
        shape = pending.pop()
        pending.extend(shape.__subclasses__())
        if shape.__module__.startswith("apps.") and "[" not in shape.__name__:
            found.setdefault(shape.__name__, set()).add(shape.__module__)
    assert {name: where for name, where in found.items() if len(where) > 1} == {}


@pytest.mark.parametrize("name", SNAPSHOTS)
def test_every_example_fits_its_schema(name: str) -> None:
    document = json.loads(document_text(name))
    pairs: dict[tuple[str, str], str] = {}
    for path, method, operation in operations_of(document):
        named = [operation.get("requestBody", {}), *operation["responses"].values()]
        for content in (part.get("content", {}).get("application/json") for part in named):
            if content is None:
                continue
            values = [content["example"]] if "example" in content else []
            for reference in content.get("examples", {}).values():
                example = reference["$ref"].rpartition("/")[2]
                values.append(document["components"]["examples"][example]["value"])
            assert values, f"{method} {path} shows no example"
            for value in values:
                pairs.setdefault(
                    (json.dumps(content["schema"]), json.dumps(value)), f"{method} {path}"
                )
    assert _misfits(document, pairs) == []


def _misfits(document: dict[str, Any], pairs: dict[tuple[str, str], str]) -> list[str]:
    """Return what is wrong with values beside their schemas; each schema is compiled once."""
    validators: dict[str, jsonschema_rs.Validator] = {}
    problems = []
    for (schema, value), where in pairs.items():
        if schema not in validators:
            whole = {**json.loads(schema), "components": document["components"]}
            validators[schema] = jsonschema_rs.validator_for(whole, validate_formats=True)
        errors = validators[schema].iter_errors(json.loads(value))
        problems.extend(f"{where}: {error}" for error in errors)
    return problems
