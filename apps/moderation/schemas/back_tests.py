"""What programs of staff read and write about back-tests of rules."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from pydantic import Field

from apps.core.api.schemas import InputSchema, OutputSchema
from apps.core.constants import LARGEST_NUMBER
from apps.moderation import constants
from apps.moderation.models import BackTest
from apps.moderation.schemas.rules import RuleShareOut
from apps.moderation.services.rules import back_tests
from apps.moderation.services.rules.back_test_samples import Report


class BackTestIn(InputSchema):
    """Which version to try on how many of the newest stored messages."""

    version_id: int = Field(ge=1, le=LARGEST_NUMBER, examples=[7])
    messages: int = Field(default=back_tests.MESSAGES, ge=1, le=back_tests.MAX_MESSAGES)


class BackTestOut(OutputSchema):
    """How far a back-test has come, and what it found."""

    id: int
    version_id: int
    compared_with_id: int | None
    state: constants.BackTestState
    total: int
    scanned: int
    matched: int
    matched_before: int = Field(description="What the live version matches.")
    created_at: datetime
    finished_at: datetime | None


class BackTestReportOut(OutputSchema):
    """A back-test with its figures against what people decided and labelled."""

    back_test: BackTestOut
    rate: RuleShareOut
    precision: RuleShareOut
    recall: RuleShareOut
    precision_before: RuleShareOut
    recall_before: RuleShareOut
    labelled: RuleShareOut
    to_label: int
    only_tried: int
    only_compared: int
    seconds: float

    @classmethod
    def of(cls, back_test: BackTest, report: Report) -> Self:
        """Return a back-test with its report."""
        shares = {
            name: RuleShareOut.of(getattr(report, name))
            for name in ("rate", "precision", "recall", "precision_before", "recall_before")
        }
        return cls(
            back_test=BackTestOut.model_validate(back_test),
            labelled=RuleShareOut.of(report.labelled),
            to_label=report.to_label,
            only_tried=report.only_tried,
            only_compared=report.only_compared,
            seconds=report.seconds,
            **shares,
        )


class MatchOut(OutputSchema):
    """A message of the sample: where the version matches it, and its label; never its text."""

    id: int
    message_id: int
    start: int | None
    end: int | None
    by_tried: bool
    by_compared: bool
    is_violation: bool | None


class PassageOut(OutputSchema):
    """A passage to label: what stands before the match, the match, and after it."""

    match_id: int
    number: int = Field(description="Its place in the sample.")
    of: int
    before: str
    passage: str
    after: str


class LabelIn(InputSchema):
    """Whether a matched message is a violation; null takes the label back."""

    is_violation: bool | None = Field(examples=[True])
