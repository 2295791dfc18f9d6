from __future__ import annotations

from pydantic import Field

from apps.conversations.services.choosing import Offered
from apps.core.api.schemas import OutputSchema


class AssistantOut(OutputSchema):
    """Whom a person may choose to talk with."""

    id: int
    name: str
    description: str
    is_default: bool = Field(description="Answers where nobody chose.")
    version: int = Field(description="Number of its present instructions.")
    model_id: int


class ModelOut(OutputSchema):
    """A model; programs name its code at `/openai/v1`."""

    id: int
    code: str
    label: str
    max_prompt_tokens: int | None = Field(description="How much of a prompt it takes, if known.")


class OfferedOut(OutputSchema):
    """What a person may use, the default first."""

    assistants: list[AssistantOut]
    models: list[ModelOut]

    @classmethod
    def of(cls, offered: Offered) -> OfferedOut:
        """Return what is offered in the API's words."""
        return cls.model_construct(
            assistants=[
                AssistantOut.model_construct(
                    id=one.id,
                    name=one.name,
                    description=one.description,
                    is_default=one.is_default,
                    version=one.version.number,
                    model_id=one.version.model_id,
                )
                for one in offered.assistants
            ],
            models=[
                ModelOut.model_construct(
                    id=model.id,
                    code=model.code,
                    label=model.label,
                    max_prompt_tokens=model.max_prompt_tokens,
                )
                for model in offered.models
            ],
        )
