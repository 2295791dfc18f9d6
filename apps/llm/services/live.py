"""The catalogue as a process knows it: plain values that never change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from apps.llm.errors import AssistantUnavailableError


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveProvider:
    """A model server as this process may call it.

    Attributes:
        is_usable: whether it is switched on, and its key can be read.
        max_concurrency: calls at the same time from one process; 0 for no limit.
        max_waiting: calls that may wait for their turn.
        max_wait_seconds: longest wait.
        breaker_closed_at: when an admin closed the breaker last.
        takes_published_prices: whether models without a typed price have a published one.
    """

    id: int
    code: str
    name: str
    base_url: str
    api_key: str = field(default="", repr=False)
    is_usable: bool = True
    max_concurrency: int = 0
    max_waiting: int = 0
    max_wait_seconds: int = 0
    breaker_closed_at: datetime | None = None
    takes_published_prices: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveModel:
    """A model that may be asked.

    Attributes:
        code: what programs and staff call it here.
        name: what the provider calls it.
        label: what people read.
        max_prompt_tokens: how much of a prompt it takes; None where nobody said.
        max_completion_tokens: limit of an answer; None leaves it to the provider.
        takes_temperature: whether a temperature may be sent.
        is_usable: whether it and its provider are switched on.
        fallback_ids: which models are asked next, in order.
    """

    id: int
    provider_id: int
    code: str
    name: str
    label: str
    max_prompt_tokens: int | None
    max_completion_tokens: int | None
    takes_temperature: bool
    is_usable: bool
    fallback_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveVersion:
    """What an assistant asks its model with; the limits are those that hold."""

    id: int
    number: int
    assistant_id: int
    model_id: int
    system_prompt: str
    temperature: float | None
    max_prompt_tokens: int
    max_completion_tokens: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveAssistant:
    """An assistant that is switched on; `group_ids` is None where everybody may use it."""

    id: int
    name: str
    description: str
    is_default: bool
    group_ids: frozenset[int] | None
    version: LiveVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """Everything that may be asked; the default assistant comes first, then by name."""

    revision: str
    providers: Mapping[int, LiveProvider]
    models: Mapping[int, LiveModel]
    assistants: tuple[LiveAssistant, ...]
    versions: Mapping[int, LiveVersion]
    models_by_code: Mapping[str, LiveModel]

    def chain(self, model_id: int) -> tuple[LiveModel, ...]:
        """Return a model and those that are asked in its place, as far as they are usable.

        Raises:
            AssistantUnavailableError: none of them is.
        """
        first = self.models[model_id]
        wanted = [first, *(self.models[pk] for pk in first.fallback_ids)]
        usable = tuple(model for model in wanted if model.is_usable)
        if not usable:
            raise AssistantUnavailableError
        return usable

    def can_answer(self, model: LiveModel) -> bool:
        """Tell whether a model, or one that is asked in its place, is usable."""
        return any(self.models[pk].is_usable for pk in (model.id, *model.fallback_ids))

    @property
    def default(self) -> LiveAssistant:
        """The assistant that answers where nobody chose.

        Raises:
            AssistantUnavailableError: there is none.
        """
        if not self.assistants or not self.assistants[0].is_default:
            raise AssistantUnavailableError
        return self.assistants[0]
