"""Which models a request is put to, and how it is put to each of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from apps.llm.errors import AssistantUnavailableError
from apps.llm.gateway.contract import GenerationRequest
from apps.llm.services.live import Catalogue, LiveModel


def models_for(known: Catalogue, request: GenerationRequest) -> tuple[LiveModel, ...]:
    """Return which models are asked for a request, one after the other.

    A name that the catalogue does not know is asked for at the default model's provider.

    One that would leave out what a program asks for does not stand in for another one.

    Raises:
        AssistantUnavailableError: none of them is switched on and takes what is asked.
    """
    asked = request.prompt["parameters"] if request.prompt is not None else {}
    return that_take(_chain(known, request), asked)


def that_take(models: Iterable[LiveModel], parameters: Mapping[str, Any]) -> tuple[LiveModel, ...]:
    """Return those of some models that take all that a program asks for.

    Raises:
        AssistantUnavailableError: none does.
    """
    found = tuple(model for model in models if takes(model, parameters))
    if not found:
        raise AssistantUnavailableError
    return found


def takes(model: LiveModel, parameters: Mapping[str, Any]) -> bool:
    """Tell whether a model takes all that a program asks for; 1 is every model's temperature."""
    return model.takes_temperature or parameters.get("temperature", 1) == 1


def _chain(known: Catalogue, request: GenerationRequest) -> tuple[LiveModel, ...]:
    if request.chat_model_id is not None and request.chat_model_id in known.models:
        return known.chain(request.chat_model_id)
    named = known.models_by_code.get(request.model)
    if named is not None:
        return known.chain(named.id)
    default = known.chain(known.default.version.model_id)
    return (replace(default[0], name=request.model),) if request.model else default


def fit(request: GenerationRequest, model: LiveModel) -> GenerationRequest:
    """Return a request in the words and within the limits of a model.

    What a quota holds for the answer is a limit as well; it stays named as such only where it is
    the closest.
    """
    named = request.prompt["parameters"].get("max_tokens") if request.prompt is not None else None
    wanted = (request.max_completion_tokens, model.max_completion_tokens, named)
    limit = min((one for one in wanted if one), default=None)
    reserved = request.reserved
    held = reserved.answer_tokens if reserved is not None else None
    if reserved is not None and held is not None and limit is not None and limit <= held:
        reserved, held = replace(reserved, answer_tokens=None), None
    room = model.max_prompt_tokens or request.max_prompt_tokens
    return replace(
        request,
        model=model.name,
        chat_model_id=model.id,
        temperature=request.temperature if model.takes_temperature else None,
        max_prompt_tokens=min(request.max_prompt_tokens, room),
        max_completion_tokens=limit if held is None else held,
        prompt=_fit_prompt(request.prompt, model),
        reserved=reserved,
    )


def _fit_prompt(prompt: Mapping[str, Any] | None, model: LiveModel) -> Mapping[str, Any] | None:
    """Leave out what a model does not take, and the limit, which is the request's own by now."""
    if prompt is None:
        return None
    left_out = {"max_tokens"} if model.takes_temperature else {"max_tokens", "temperature"}
    kept = {key: value for key, value in prompt["parameters"].items() if key not in left_out}
    return {**prompt, "parameters": kept}
