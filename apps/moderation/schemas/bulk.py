"""What programs of staff read and write about one verdict on several cases."""

from __future__ import annotations

from uuid import UUID

from pydantic import Field

from apps.core.api.schemas import InputSchema, OutputSchema
from apps.core.constants import LARGEST_NUMBER
from apps.moderation import constants
from apps.moderation.schemas.cases import RulingIn
from apps.moderation.services.bulk import Pick


class PickIn(InputSchema):
    """A case in the state in which you read it."""

    case_id: int = Field(ge=1, le=LARGEST_NUMBER, examples=[12])
    version: int = Field(ge=1, description="The case's version as you read it.", examples=[3])


class BatchIn(RulingIn):
    """One verdict, the same for several cases."""

    cases: list[PickIn] = Field(min_length=1, max_length=constants.MAX_BULK_CASES)
    typed_count: int | None = Field(
        default=None,
        description=f"How many cases these are; needed above {constants.BULK_CONFIRM_ABOVE}.",
    )

    def picks(self) -> list[Pick]:
        """Return the cases as the service takes them, each once."""
        return list({one.case_id: Pick(one.case_id, one.version) for one in self.cases}.values())


class BatchOut(OutputSchema):
    """What came of a batch."""

    batch_id: UUID = Field(description="To take it back with.")
    done: int
    refused: list[str] = Field(description="Why not what was not done, a sentence for each case.")
