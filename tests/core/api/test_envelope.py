from typing import Any

import orjson
import pytest
from django.test import AsyncClient
from pydantic import TypeAdapter
from pytest_django import Settings

from apps.core.api.application import ParleyAPI
from apps.core.api.schemas import Envelope, ErrorEnvelope
from tests.core.api.conftest import SECRET, ThingOut

pytestmark = pytest.mark.usefixtures("things")
ERROR = TypeAdapter(ErrorEnvelope)
JSON = "application/json"


async def get(path: str, **headers: str) -> Any:
    return await AsyncClient(raise_request_exception=False).get(f"/api/v1/{path}", headers=headers)


async def post(path: str, body: bytes, content_type: str = JSON) -> Any:
    client = AsyncClient(raise_request_exception=False)
    return await client.post(f"/api/v1/{path}", body, content_type=content_type)


async def test_success_is_the_envelope_with_only_the_declared_fields() -> None:
    answered = await get("things/7", **{"X-Correlation-ID": "my-request-1"})
    assert answered.status_code == 200
    assert answered.json() == {
        "success": True,
        "status_code": 200,
        "request": {
            "method": "GET",
            "url": "/api/v1/things/7",
            "correlation_id": "my-request-1",
            "ip": "127.0.0.1",
        },
        "message": "Here it is.",
        "data": {"id": 7, "name": "thing"},
    }
    TypeAdapter(Envelope[ThingOut]).validate_json(answered.content)
    assert answered.headers["RateLimit-Policy"] == '"api";q=600;w=60'


async def test_the_status_is_the_declared_one() -> None:
    answered = await post("things", b'{"name": "x"}')
    assert (answered.status_code, answered.json()["status_code"]) == (201, 201)


@pytest.mark.parametrize(
    ("path", "status", "code", "name", "message"),
    [
        ("things/1", 409, "conflict", "ConflictError", "Not now."),
        ("things/2", 404, "not_found", "NotFoundError", None),
        ("things/3", 503, "service_unavailable", "ServiceUnavailableError", None),
        ("things/4", 500, "internal_error", "InternalError", None),
        ("things/5", 500, "internal_error", "InternalError", None),
        ("things/x", 404, "not_found", "NotFoundError", None),
        ("nothing", 404, "not_found", "NotFoundError", None),
        ("", 404, "not_found", "NotFoundError", None),
        ("things", 405, "method_not_allowed", "MethodNotAllowedError", None),
        ("pages?limit=101", 400, "validation_failed", "ValidationFailedError", None),
        ("pages?cursor=%00", 400, "validation_failed", "ValidationFailedError", None),
    ],
)
async def test_failure_is_the_envelope_too(
    path: str, status: int, code: str, name: str, message: str | None
) -> None:
    answered = await get(path)
    envelope = ERROR.validate_json(answered.content)
    assert (answered.status_code, envelope.status_code) == (status, status)
    assert (envelope.code, envelope.name) == (code, name)
    assert message in (None, envelope.message)
    assert set(answered.json()) == {
        "success",
        "status_code",
        "request",
        "name",
        "code",
        "message",
        "error",
        "data",
    }
    assert SECRET not in answered.content.decode()


async def test_a_wrong_method_names_the_right_ones() -> None:
    assert (await get("things")).headers["Allow"] == "OPTIONS, POST"


async def test_head_is_get_without_its_body() -> None:
    client = AsyncClient(raise_request_exception=False)
    read, head = await client.get("/api/v1/things/7"), await client.head("/api/v1/things/7")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Type"] == JSON
    assert head.headers["ETag"] == read.headers["ETag"]
    missing = await client.head("/api/v1/things/2")
    assert (missing.status_code, missing.content) == (404, b"")
    wrong = await client.head("/api/v1/things")
    assert (wrong.status_code, wrong.headers["Allow"]) == (405, "OPTIONS, POST")


async def test_head_begins_no_stream() -> None:
    head = await AsyncClient().head("/api/v1/stream")
    assert (head.status_code, head.streaming, head.content) == (200, False, b"")
    assert head.headers["Content-Type"] == "text/event-stream"


async def test_options_tells_the_methods() -> None:
    client = AsyncClient(raise_request_exception=False)
    answered = await client.options("/api/v1/things/7")
    assert (answered.status_code, answered.content) == (204, b"")
    assert answered.headers["Allow"] == "GET, HEAD, OPTIONS"
    unknown = await client.options("/api/v1/nothing")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "not_found")


async def test_what_has_not_changed_is_not_sent_again() -> None:
    tag = (await get("things/7")).headers["ETag"]
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = await get("things/7", **{"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    assert (await get("things/7", **{"If-None-Match": '"other"'})).status_code == 200
    assert "ETag" not in (await get("things/1")).headers


async def test_an_error_may_say_when_to_come_again() -> None:
    answered = await get("things/1")
    assert answered.headers["Retry-After"] == "3"
    assert answered.headers["RateLimit-Policy"] == '"api";q=600;w=60'


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b"{", JSON, 400, "validation_failed"),
        (b"", JSON, 400, "validation_failed"),
        (b"[]", JSON, 400, "validation_failed"),
        (b'{"name": "\\ud800"}', JSON, 400, "validation_failed"),
        (b'{"name": "a\\u0000b"}', JSON, 400, "validation_failed"),
        (b'{"name": NaN}', JSON, 400, "validation_failed"),
        (b"\xff", JSON, 400, "validation_failed"),
        (b"[" * 100_000, JSON, 400, "validation_failed"),
        (b'{"name": ' + b"[" * 200 + b"]" * 200 + b"}", JSON, 400, "validation_failed"),
        (b'{"name": "x", "name": "y"}', JSON, 400, "validation_failed"),
        (b'{"name": "x", "n\\u0061me": "y"}', JSON, 400, "validation_failed"),
        (b'{"name": 1e400}', JSON, 400, "validation_failed"),
        (b'{"name": ' + b"9" * 5000 + b"}", JSON, 400, "validation_failed"),
        (b'\xef\xbb\xbf{"name": "x"}', JSON, 400, "validation_failed"),
        ('{"name": "x"}'.encode("utf-16"), JSON, 400, "validation_failed"),
        (b'{"name": "x"}', f"{JSON}; charset=utf-16", 415, "unsupported_media_type"),
        (b'{"name": "x"}', "application/json-patch+json", 415, "unsupported_media_type"),
        (b'{"name": "x", "role": "admin"}', JSON, 400, "validation_failed"),
        (b'{"name": "x"}', "text/plain", 415, "unsupported_media_type"),
        (b"name=x", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
        (b'{"name": "' + b"x" * 1_100_000 + b'"}', JSON, 413, "payload_too_large"),
    ],
)
async def test_a_body_that_nothing_reads_is_refused_in_the_envelope(
    body: bytes, content_type: str, status: int, code: str
) -> None:
    answered = await post("things", body, content_type)
    assert answered.status_code == status
    assert ERROR.validate_json(answered.content).code == code


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"name": [' + b"[" * 200 + b"]" * 200 + b"]}", "too_deep"),
        (b'{"name": {"a": 1, "b": {"a": 2, "a": 3}}}', "duplicate_name"),
    ],
)
async def test_what_two_parsers_would_read_differently_is_named(body: bytes, kind: str) -> None:
    answered = await post("things", body)
    assert [problem["type"] for problem in answered.json()["error"]] == [kind]


async def test_colons_and_brackets_inside_texts_are_only_text() -> None:
    text = '[{"a":1,"a":2}] \\ ' * 200
    answered = await post("things", orjson.dumps({"name": text}))
    assert answered.json()["data"]["name"] == text


async def test_a_body_that_is_compressed_is_not_read() -> None:
    answered = await AsyncClient().post(
        "/api/v1/things", b"\x1f\x8b", content_type=JSON, headers={"Content-Encoding": "gzip"}
    )
    assert (answered.status_code, answered.json()["code"]) == (415, "unsupported_media_type")


async def test_nul_is_called_nul_and_not_unreadable_json() -> None:
    answered = await post("things", b'{"name": "a\\u0000b"}')
    problem = {"field": "body", "message": "Text may not hold NUL", "type": "nul"}
    assert answered.json()["error"] == [problem]


async def test_a_text_about_nul_is_no_nul() -> None:
    answered = await post("things", b'{"name": "a \\\\u0000 b"}')
    assert answered.json()["data"]["name"] == "a \\u0000 b"


async def test_a_refused_field_is_named() -> None:
    answered = await post("things", b'{"role": "admin"}')
    assert answered.json()["error"] == [
        {"field": "name", "message": "This field is needed. Add it.", "type": "missing"},
        {
            "field": "role",
            "message": "This field is not known here. Leave it out.",
            "type": "extra_forbidden",
        },
    ]


async def test_deployed_it_names_no_address(settings: Settings) -> None:
    settings.IS_DEPLOYED = True
    for path in ("things/7", "things/4", "nothing"):
        assert set((await get(path)).json()["request"]) == {"method", "url", "correlation_id"}


async def test_when_debugging_it_shows_where_and_still_the_envelope(settings: Settings) -> None:
    settings.DEBUG = True
    broken = (await get("things/4")).json()
    assert broken["trace"][0] == "ZeroDivisionError"
    assert SECRET not in orjson.dumps(broken).decode()
    unknown = await get("nothing")
    assert ERROR.validate_json(unknown.content).code == "not_found"


async def test_an_operation_may_have_a_limit_of_its_own(settings: Settings) -> None:
    settings.RATE_LIMIT_SIGNUP = "1/hour"
    first, second = await post("rare", b""), await post("rare", b"")
    assert (first.status_code, second.status_code) == (200, 429)
    assert first.headers["RateLimit-Policy"] == '"api";q=600;w=60, "signup";q=1;w=3600'
    assert first.headers["RateLimit"].partition(", ")[2].startswith('"signup";r=0;t=')
    assert second.headers["Retry-After"] == "3600"
    assert second.headers["RateLimit"].endswith(', "signup";r=0;t=3600')
    assert ERROR.validate_json(second.content).code == "rate_limited"


async def test_an_error_of_an_openai_compatible_route_has_openais_form() -> None:
    client = AsyncClient(raise_request_exception=False)
    failed = await client.get("/openai/v1/fail")
    assert failed.status_code == 409
    assert failed.json() == {
        "error": {
            "message": "This changed meanwhile. Load it again and retry.",
            "type": "invalid_request_error",
            "param": None,
            "code": "conflict",
        }
    }
    unknown = await client.get("/openai/v1/nothing")
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "endpoint_not_offered")


def test_the_document_tells_the_truth(things: ParleyAPI) -> None:
    document = things.get_openapi_schema()
    read = document["paths"]["/api/v1/things/{number}"]["get"]
    assert (read["summary"], read["description"]) == ("Read a thing", "It has a name.")
    assert {status: schema_name(answer) for status, answer in read["responses"].items()} == {
        200: "Envelope_ThingOut_",
        304: "",
        400: "ErrorEnvelope",
        404: "ErrorEnvelope",
        409: "ErrorEnvelope",
        429: "ErrorEnvelope",
        500: "ErrorEnvelope",
        503: "ErrorEnvelope",
    }
    stream = document["paths"]["/api/v1/stream"]["get"]["responses"][200]
    assert list(stream["content"]) == ["text/event-stream"]


def schema_name(answer: dict[str, Any]) -> str:
    if "content" not in answer:
        return ""
    reference: str = answer["content"]["application/json"]["schema"]["$ref"]
    return reference.rpartition("/")[2]
