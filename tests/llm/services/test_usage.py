"""record_call writes one line of the ledger."""

import pytest

from apps.llm.gateway.contract import Usage
from apps.llm.models import UsageRecord
from apps.llm.services.usage import record_call
from tests.factories import UserFactory


@pytest.mark.django_db
def test_writes_one_line() -> None:
    user = UserFactory()
    record_call(
        user_id=user.pk,
        purpose="reply",
        reference_id=12,
        model="scripted",
        usage=Usage(7, 3, "estimated"),
        outcome="upstream_cut",
        first_token_ms=None,
        duration_ms=80,
    )
    line = UsageRecord.objects.get()
    assert (line.user_id, line.purpose, line.reference_id) == (user.pk, "reply", 12)
    assert (line.prompt_tokens, line.completion_tokens, line.source) == (7, 3, "estimated")
    assert (line.outcome, line.first_token_ms, line.duration_ms) == ("upstream_cut", None, 80)
