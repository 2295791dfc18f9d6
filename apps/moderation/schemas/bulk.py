"""What programs of staff read and write about one verdict on several cases."""

from __future__ import annotations

from typing import Self
from uuid import UUID

from pydantic import Field

from apps.core.api.schemas import InputSchema, OutputSchema
from apps.core.constants import LARGEST_NUMBER
from apps.moderation import constants
from apps.moderation.schemas.cases import RulingIn
from apps.moderation.services.desk.bulk import Batch, Pick, Sample


class PickIn(InputSchema):
    """A case in the state in which you read it."""

    case_id: int = Field(ge=1, le=LARGEST_NUMBER, examples=[12])
    version: int = Field(
        ge=1, le=LARGEST_NUMBER, description="The case's version as you read it.", examples=[3]
    )


class PicksIn(InputSchema):
    """Several cases, each in the state in which you read it."""

    cases: list[PickIn] = Field(min_length=1, max_length=constants.MAX_BULK_CASES)

    def picks(self) -> list[Pick]:
        """Return the cases as the service takes them, each once."""
        return list({one.case_id: Pick(one.case_id, one.version) for one in self.cases}.values())


class BatchIn(RulingIn, PicksIn):
    """One verdict, the same for several cases."""

    typed_count: int | None = Field(
        default=None,
        le=LARGEST_NUMBER,
        description=f"How many cases these are; needed above {constants.BULK_CONFIRM_ABOVE}.",
    )


class BatchSampleOut(OutputSchema):
    """A case of a batch, to look at before deciding."""

    case_id: int
    severity: constants.Severity
    subject_id: int
    text: str

    @classmethod
    def of(cls, sample: Sample) -> Self:
        """Return a case with its text as it is judged."""
        case = sample.case
        return cls(
            case_id=case.pk,
            severity=constants.Severity(case.severity),
            subject_id=case.subject_id,
            text=sample.text,
        )


class BatchPreviewOut(OutputSchema):
    """What a batch would be about; cases that are not there, or about you, are left out."""

    count: int
    people: int
    severe: int = Field(description="Cases of the two highest severities.")
    must_be_typed: bool = Field(description="Whether `typed_count` is needed.")
    samples: list[BatchSampleOut] = Field(description="Five at most, the severest first.")

    @classmethod
    def of(cls, batch: Batch) -> Self:
        """Return what a batch would be about."""
        return cls(
            count=batch.count,
            people=batch.people,
            severe=batch.severe,
            must_be_typed=batch.must_be_typed,
            samples=[BatchSampleOut.of(one) for one in batch.samples],
        )


class BatchOut(OutputSchema):
    """What came of a batch."""

    batch_id: UUID = Field(description="To take it back with.")
    done: int
    refused: list[str] = Field(description="Why not what was not done, a sentence for each case.")
