"""Finishing the OpenAPI document: examples, links between operations, the limits of numbers."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from apps.core.api.endpoints import JSON
from apps.core.api.responses import SHOULD_RETRY, openai_error
from apps.core.constants import LARGEST_NUMBER
from apps.core.error_handling import ErrorDescription
from apps.core.errors import AppError

Schema = dict[str, Any]
CORRELATION_ID = "3f2b8c1d9e4a4f5b8a7c6d5e4f3a2b1c"
FORMATS = {
    "date-time": "2026-01-31T09:30:00Z",
    "date": "2026-01-31",
    "uuid": "0b9f3c52-8d3e-4a55-9a6e-0d5a7c1e2f34",
}
EXAMPLE = re.compile(r"#/components/examples/(\w+)")
HEADERS = {
    "X-Correlation-ID": ("string", "The same id as in events and log lines."),
    "ETag": ("string", "The state of the data, for `If-Match` and `If-None-Match`."),
    "RateLimit": ("string", "What is left of each limit that counted the request."),
    "RateLimit-Policy": ("string", "Those limits."),
    "Retry-After": ("integer", "Seconds until the next request may come."),
}
RATE_HEADERS = {
    f"x-ratelimit-{word}-{unit}": ("string", f"{meaning} of the narrowest limit of {unit}.")
    for unit in ("requests", "tokens")
    for word, meaning in (
        ("limit", "All"),
        ("remaining", "What is left"),
        ("reset", "When all is free again, such as `6m0s`,"),
    )
}
RETRY_HEADER = {SHOULD_RETRY: ("string", "`false`: do not send the same again by yourself.")}
OPENAI_HEADERS = RATE_HEADERS | RETRY_HEADER
SHAPES: dict[str, Any] = {"boolean": False, "null": None, "object": {}, "string": "Some words."}
KINDS: dict[str, type | tuple[type, ...]] = {
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "string": str,
    "array": list,
    "object": dict,
}


def finish(document: Schema, words: Mapping[str, Any], *, is_openai: bool = False) -> Schema:
    """Complete a document in place, and return it.

    Args:
        document: as django-ninja writes it.
        words: values by the name of a field, from which examples are made.
        is_openai: whether its routes answer in OpenAI's form, without our envelope.
    """
    components = document["components"]
    example_of = _openai_error_example if is_openai else _error_example
    named = set(EXAMPLE.findall(str(document)))
    components["examples"] = {
        code: {"summary": error.default_message, "value": example_of(error)}
        for code, error in sorted(_errors().items())
        if code in named
    }
    components["headers"] = {
        name: {"description": text, "schema": {"type": kind}}
        for name, (kind, text) in (HEADERS | OPENAI_HEADERS if is_openai else HEADERS).items()
    }
    sampler = Sampler(components["schemas"], words)
    gives = {}
    for path, method, operation in operations(document):
        _limit_numbers(operation)
        _settle_parameters(operation)
        _add_examples(path, method, operation, sampler)
        _describe_headers(operation, is_openai=is_openai)
        gives[operation["operationId"]] = operation.pop("x-gives", {})
    _add_links(document, gives)
    return document


def operations(document: Schema) -> Iterator[tuple[str, str, Schema]]:
    """Yield path, method and description of every operation."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


class Sampler:
    """Makes an example of a schema: what the field says, what its name says, or the least."""

    def __init__(self, schemas: Mapping[str, Schema], words: Mapping[str, Any]) -> None:
        self.schemas = schemas
        self.words = words

    def sample(self, schema: Schema, name: str = "", *, is_request: bool = False) -> Any:  # noqa: ANN401
        """Return a value that fits the schema."""
        if "$ref" in schema:
            schema = self.schemas[schema["$ref"].rpartition("/")[2]] | {
                key: value for key, value in schema.items() if key != "$ref"
            }
        if "const" in schema:
            return schema["const"]
        if schema.get("examples"):
            return schema["examples"][0]
        if name in self.words and _fits(self.words[name], schema):
            return self.words[name]
        if "enum" in schema:
            return schema["enum"][0]
        if "anyOf" in schema:
            return self.sample(schema["anyOf"][0], name, is_request=is_request)
        return self._by_type(schema, name, is_request=is_request)

    def _by_type(self, schema: Schema, name: str, *, is_request: bool) -> Any:  # noqa: ANN401
        kind = schema.get("type")
        if "properties" in schema:
            return self._object(schema, is_request=is_request)
        if kind == "array":
            items = schema.get("prefixItems") or [schema.get("items", {})]
            return [self.sample(item, name, is_request=is_request) for item in items]
        if kind in ("integer", "number"):
            return schema.get("minimum", 1)
        if schema.get("format") in FORMATS:
            return FORMATS[schema["format"]]
        return SHAPES.get(str(kind))

    def _object(self, schema: Schema, *, is_request: bool) -> Schema:
        required = schema.get("required", [])
        return {
            name: self.sample(part, name, is_request=is_request)
            for name, part in schema["properties"].items()
            if not is_request or name in required or part.get("examples")
        }


def _fits(value: object, schema: Schema) -> bool:
    """Tell whether a word may stand for a field, by its type."""
    if "anyOf" in schema:
        return any(_fits(value, part) for part in schema["anyOf"])
    kind = KINDS.get(schema.get("type", ""))
    if kind is None or "enum" in schema or "format" in schema:
        return "enum" in schema and value in schema["enum"]
    return isinstance(value, kind)


def _named(schema: Schema) -> Schema:
    """Return the schema of a body by its name alone, also where the body may be left out."""
    parts: list[Schema] = schema.get("allOf", [])
    return parts[0] if len(parts) == 1 else schema


def _add_examples(path: str, method: str, operation: Schema, sampler: Sampler) -> None:
    content = operation.get("requestBody", {}).get("content", {}).get(JSON)
    if content is not None:
        content["schema"] = _named(content["schema"])
        content["example"] = sampler.sample(content["schema"], is_request=True)
    for status, answer in operation["responses"].items():
        content = answer.get("content", {}).get(JSON)
        if content is None or int(status) >= 400:
            continue
        example = sampler.sample(content["schema"])
        if "status_code" in example:
            example["status_code"] = int(status)
            example["message"] = answer["description"]
            example["request"] = _request(method.upper(), path)
        content["example"] = example


def _describe_headers(operation: Schema, *, is_openai: bool) -> None:
    limits = ("RateLimit", "RateLimit-Policy", *(RATE_HEADERS if is_openai else ()))
    retry = tuple(RETRY_HEADER) if is_openai else ()
    for status, answer in operation["responses"].items():
        if int(status) < 400:
            known = answer.get("headers", {})
            answer["headers"] = {**_references("X-Correlation-ID", *limits), **known}
        elif int(status) == 429:
            answer["headers"] = _references("Retry-After", *limits, *retry)
        elif int(status) == 503:
            answer["headers"] = _references("Retry-After", *retry)
        elif retry:
            answer["headers"] = _references(*retry)


def _references(*names: str) -> Schema:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _limit_numbers(operation: Schema) -> None:
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "path" and parameter["schema"].get("type") == "integer":
            parameter["schema"] |= {"minimum": 1, "maximum": LARGEST_NUMBER}


def _settle_parameters(operation: Schema) -> None:
    """Leave out null where only text can be sent, and show an example as OpenAPI wants it."""
    for parameter in operation.get("parameters", []):
        if isinstance(parameter.get("examples"), list):
            parameter["example"] = parameter.pop("examples")[0]
        schema = parameter["schema"]
        kinds = [kind for kind in schema.get("anyOf", []) if kind.get("type") != "null"]
        if kinds:
            del schema["anyOf"]
            parameter["schema"] = (
                {**kinds[0], **schema} if len(kinds) == 1 else {**schema, "anyOf": kinds}
            )


def _add_links(document: Schema, gives: Mapping[str, Mapping[str, str]]) -> None:
    """Link every answer that holds a number to the operations that take it."""
    takers: dict[str, list[str]] = {}
    for _, _, operation in operations(document):
        for parameter in operation.get("parameters", []):
            if parameter["in"] == "path":
                takers.setdefault(parameter["name"], []).append(operation["operationId"])
    for _, _, operation in operations(document):
        links = {
            f"{taker}_by_{name}": {
                "operationId": taker,
                "parameters": {name: f"$response.body#/data{pointer}"},
            }
            for name, pointer in gives[operation["operationId"]].items()
            for taker in takers.get(name, [])
        }
        for status, answer in operation["responses"].items():
            if links and int(status) < 300 and JSON in answer.get("content", {}):
                answer["links"] = links


def _errors() -> dict[str, type[AppError]]:
    pending: list[type[AppError]] = [AppError]
    found: dict[str, type[AppError]] = {}
    while pending:
        error = pending.pop()
        found.setdefault(error.code, error)
        pending.extend(error.__subclasses__())
    return found


def _error_example(error: type[AppError]) -> Schema:
    return {
        "success": False,
        "status_code": error.status_code,
        "request": _request("POST", "/api/v1/conversations/7/messages"),
        "name": error.__name__,
        "code": error.code,
        "message": error.default_message,
        "error": None,
        "data": None,
    }


def _openai_error_example(error: type[AppError]) -> Schema:
    described = ErrorDescription(
        error.status_code, error.code, error.__name__, error.default_message
    )
    return openai_error(described)


def _request(method: str, path: str) -> Schema:
    url = path
    for name in ("{conversation_id}", "{message_id}", "{user_id}"):
        url = url.replace(name, "7")
    return {"ip": "203.0.113.7", "method": method, "url": url, "correlation_id": CORRELATION_ID}
