"""The ledger: one line for each call to a model."""

from __future__ import annotations

from apps.llm.gateway.contract import Purpose, Usage
from apps.llm.statements import ADD_LINE


def record_call(  # noqa: PLR0913  a line of the ledger has that many columns
    *,
    user_id: int,
    purpose: Purpose,
    reference_id: int,
    model: str,
    usage: Usage,
    outcome: str,
    first_token_ms: int | None,
    duration_ms: int,
) -> None:
    """Write one line of the ledger, inside the transaction that stores what the call was for.

    Args:
        user_id: whose call it was.
        purpose: what it was for.
        reference_id: the reply or conversation it was for.
        model: the model that was asked.
        usage: tokens, reported or estimated.
        outcome: the end state, or the code of what went wrong.
        first_token_ms: milliseconds to the first text; None where none came.
        duration_ms: milliseconds of the whole call.
    """
    ADD_LINE.run(
        user_id=user_id,
        purpose=purpose,
        reference_id=reference_id,
        model=model,
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        source=usage.source,
        outcome=outcome[:40],
        first_token_ms=first_token_ms,
        duration_ms=duration_ms,
    )
