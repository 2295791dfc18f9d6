"""Builds the messages of a call within its token budget. Imports LangChain: load it lazily."""

from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
    SystemMessage,
    convert_to_messages,
    trim_messages,
)
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder

from apps.llm.gateway.contract import GenerationRequest, PromptMessage
from apps.llm.gateway.estimates import DATA_BLOCK, size_of_prompt, written_as_data

_PROMPT = ChatPromptTemplate.from_messages(
    [("system", "{system_prompt}"), MessagesPlaceholder("history"), ("human", "{question}")]
)
_PROMPT_WITHOUT_SYSTEM = ChatPromptTemplate.from_messages(
    [MessagesPlaceholder("history"), ("human", "{question}")]
)


def build_messages(request: GenerationRequest) -> list[BaseMessage]:
    """Return system prompt, as much of the newest history as fits, and the question."""
    if request.prompt is not None:
        return convert_to_messages(request.prompt["messages"])
    question = _question(request)
    fixed: list[BaseMessage] = [HumanMessage(question)]
    if request.system_prompt:
        fixed.append(SystemMessage(request.system_prompt))
    budget = request.max_prompt_tokens - _tokens_of(fixed)
    history = _fit([_message(earlier) for earlier in request.history], budget)
    prompt = _PROMPT if request.system_prompt else _PROMPT_WITHOUT_SYSTEM
    return prompt.format_messages(
        system_prompt=request.system_prompt, history=history, question=question
    )


def _question(request: GenerationRequest) -> str:
    """Put the context before the question, as data that cannot close its own block."""
    if not request.context:
        return request.question
    data = written_as_data(request.context)
    return DATA_BLOCK.format(data=data, question=request.question)


def _message(earlier: PromptMessage) -> BaseMessage:
    kind = HumanMessage if earlier.role == "user" else AIMessage
    return kind(earlier.content)


def _fit(history: list[BaseMessage], budget: int) -> list[BaseMessage]:
    if not history or budget <= 0:
        return []
    return trim_messages(
        history,
        max_tokens=budget,
        strategy="last",
        token_counter=_tokens_of,
        start_on="human",
    )


def _tokens_of(messages: list[BaseMessage]) -> int:
    return size_of_prompt(str(message.content) for message in messages).tokens
