"""Hooks of schemathesis: what only a person can know about the API."""

import os
from typing import Any

import schemathesis

KEPT = dict(pair.split("=") for pair in os.environ.get("PARLEY_FUZZ_KEPT", "").split())
VALID_BUT_REFUSED = "Schema-valid request rejected"
"""The title of schemathesis' finding; the codes below say what no schema can."""
BEYOND_SCHEMAS = {
    "invalid_cursor",
    "context_length_exceeded",
    "invalid_message",
    "precondition_failed",
    "search_refused",
}
KINDS_BEYOND_SCHEMAS = {
    "amount",
    "code_taken",
    "count_not_typed",
    "decides_no_appeals",
    "has_a_part",
    "holds_it_already",
    "key_taken",
    "measure_without_end",
    "message_not_theirs",
    "moment_range",
    "name_length",
    "name_taken",
    "no_target",
    "not_a_decider",
    "not_a_lead",
    "nul",
    "query_too_short",
    "reason_required",
    "reserved",
    "rule_configuration",
    "title_length",
    "too_many_views",
    "unsure_in_bulk",
    "until_past",
    "value_error",
    "warning_without_end",
    "webhook_url",
}
OPENAI_BEYOND_SCHEMAS = {"messages", "stream_options", "response_format.json_schema"}
MODEL = os.environ.get("PARLEY_FUZZ_MODEL")


@schemathesis.hook
def map_body(context: Any, body: Any) -> Any:
    """Ask a model that there is, in most cases: one that there is not is refused at the door."""
    is_prompt = isinstance(body, dict) and "messages" in body
    if is_prompt and isinstance(body.get("model"), str) and len(body["model"]) % 4:
        return {**body, "model": MODEL}
    return body


@schemathesis.hook
def filter_case(context: Any, case: Any) -> bool:
    """Leave out what would remove the caller's own account or token."""
    if case.operation.method.upper() != "DELETE":
        return True
    named = case.path_parameters or {}
    return all(str(named.get(name)) != number for name, number in KEPT.items())


@schemathesis.hook
def filter_failure(context: Any, failure: Any, case: Any, response: Any) -> bool:
    """Leave out refusals of what fits the schema, where no schema can say what is wrong.

    The word `next` is no number of a case: that address answers POST alone.
    """
    if response.status_code == 405 and "next" in (case.path_parameters or {}).values():
        return False
    if failure.title != VALID_BUT_REFUSED:
        return True
    told = response.json()
    if response.request.path_url.startswith("/openai/"):
        error = told["error"]
        is_known = error["param"] in OPENAI_BEYOND_SCHEMAS or "NUL" in error["message"]
        return not (is_known or error["code"] in BEYOND_SCHEMAS)
    kinds = {problem["type"] for problem in told["error"] or []}
    is_known = all(kind in KINDS_BEYOND_SCHEMAS or kind.startswith("password_") for kind in kinds)
    if told["code"] == "validation_failed":
        return not (kinds and is_known)
    return told["code"] not in BEYOND_SCHEMAS
