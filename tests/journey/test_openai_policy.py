"""Calls of OpenAI's and LangChain's clients: the policy, ledger, quota and record of the pages."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Any

import openai
import psycopg
import pytest
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from apps.core.development.postgres import PostgresServer
from apps.core.development.state import CHECKOUT
from tests.journey.person import Person, sign_up
from tests.journey.test_openai_clients import address, token
from tests.support.processes import Site, wait_until
from tests.support.upstream_frames import answer_text

ASKED, STREAMED, ANSWERED = "xylograph", "zanzibar", "quagmire"
SET_UP = f"""
from apps.llm.constants import Period, QuotaKind, QuotaUnit
from apps.llm.services.quota_setting import Limit, Subject, set_quota
from tests.moderation.rules.conftest import live_rule
for word, stage, target in (
    ("{ASKED}", "input", "user"),
    ("{STREAMED}", "stream", "answer"),
    ("{ANSWERED}", "output", "answer"),
):
    terms = {{"terms": [word], "match": "word", "fold": True}}
    live_rule(word, stage=stage, applies_to=target, configuration=terms)
limit = Limit(unit=QuotaUnit.TOKENS, period=Period.MONTH, amount=1_000_000)
set_quota(actor=None, subject=Subject(QuotaKind.PERSON, %d), limit=limit)
"""
Ask = Callable[[Person, str, str], Awaitable[tuple[str, str | None]]]
"""Puts a question to a model, and tells text and finish reason."""


@pytest.fixture(scope="module")
def asker(deployed: Site, postgres: PostgresServer) -> Iterator[Person]:
    """Somebody with a quota, where rules look for a word at each of the three stages."""
    deployed.start()
    person = sign_up(deployed)
    subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", SET_UP % person.user_id],
        env=deployed.environment,
        cwd=CHECKOUT,
        check=True,
        timeout=60,
    )
    yield person
    if not postgres.is_running:
        postgres.start()
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute("UPDATE moderation_rule SET mode = 'off' WHERE mode = 'enforce'")


@pytest.fixture
def model(site: Site, asker: Person) -> str:
    """The model to be asked, once the rules are live."""
    with openai.OpenAI(base_url=address(asker), api_key=token(asker), max_retries=0) as client:
        name = next(iter(client.models.list())).id
        until = time.monotonic() + 15
        while time.monotonic() < until:
            try:
                client.chat.completions.create(
                    model=name, messages=said(f"{ASKED} [[stream tokens=1]]")
                )
            except openai.PermissionDeniedError:
                return name
    pytest.fail("no rule looks at what is asked")


@pytest.fixture
def database(postgres: PostgresServer) -> Iterator[psycopg.Connection[Any]]:
    """The deployment's rows."""
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        yield connection


def said(content: str) -> list[Any]:
    return [{"role": "user", "content": content}]


async def by_openai(person: Person, model: str, content: str) -> tuple[str, str | None]:
    with openai.OpenAI(base_url=address(person), api_key=token(person), max_retries=0) as client:
        [choice] = client.chat.completions.create(model=model, messages=said(content)).choices
    return choice.message.content or "", choice.finish_reason


async def by_openai_stream(person: Person, model: str, content: str) -> tuple[str, str | None]:
    with openai.OpenAI(base_url=address(person), api_key=token(person), max_retries=0) as client:
        stream = client.chat.completions.create(model=model, messages=said(content), stream=True)
        choices = [choice for chunk in stream for choice in chunk.choices]
    reasons = [choice.finish_reason for choice in choices if choice.finish_reason]
    assert reasons == [choices[-1].finish_reason], "one reason, and last"
    return "".join(choice.delta.content or "" for choice in choices), reasons[0]


async def by_openai_async(person: Person, model: str, content: str) -> tuple[str, str | None]:
    async with openai.AsyncOpenAI(
        base_url=address(person), api_key=token(person), max_retries=0
    ) as client:
        done = await client.chat.completions.create(model=model, messages=said(content))
    return done.choices[0].message.content or "", done.choices[0].finish_reason


def chat_of(person: Person, model: str) -> ChatOpenAI:
    key = SecretStr(token(person))
    return ChatOpenAI(model=model, base_url=address(person), api_key=key, max_retries=0)


async def by_langchain(person: Person, model: str, content: str) -> tuple[str, str | None]:
    message = chat_of(person, model).invoke(content)
    return str(message.content), message.response_metadata["finish_reason"]


async def by_langchain_stream(person: Person, model: str, content: str) -> tuple[str, str | None]:
    chunks = list(chat_of(person, model).stream(content))
    [reason] = [
        chunk.response_metadata["finish_reason"]
        for chunk in chunks
        if "finish_reason" in chunk.response_metadata
    ]
    return "".join(str(chunk.content) for chunk in chunks), reason


STREAMING: tuple[Ask, ...] = (by_openai_stream, by_langchain_stream)
"""Nobody takes back what a stream has sent before its whole answer was looked at."""
WHOLE_ANSWER = f"{ANSWERED} and more to say about it"
ways = pytest.mark.parametrize(
    "ask",
    [by_openai, by_openai_stream, by_openai_async, by_langchain, by_langchain_stream],
    ids=lambda way: way.__name__,
)


@ways
async def test_every_client_is_told_what_policy_does_at_each_stage(
    asker: Person, model: str, ask: Ask
) -> None:
    assert await ask(asker, model, "[[stream tokens=3]]") == (answer_text(3), "stop")
    assert await ask(asker, model, f"[[stream text={STREAMED}]]") == ("", "content_filter")
    slowly = 10 if ask in STREAMING else 0
    shown, reason = await ask(asker, model, f"[[echo rate={slowly}]]\n{WHOLE_ANSWER}")
    assert reason == "content_filter"
    assert shown.startswith(ANSWERED) and WHOLE_ANSWER.startswith(shown) if slowly else not shown
    with pytest.raises(openai.PermissionDeniedError) as refused:
        await ask(asker, model, f"{ASKED} [[stream tokens=3]]")
    assert refused.value.code == "message_withheld"


@pytest.mark.parametrize("directive", ["[[stream tokens=3]]", f"[[stream text={STREAMED}]]"])
async def test_a_call_leaves_the_same_rows_as_the_same_question_of_a_page(
    asker: Person, model: str, database: psycopg.Connection[Any], directive: str
) -> None:
    with openai.OpenAI(base_url=address(asker), api_key=token(asker), max_retries=0) as client:
        called = client.chat.completions.create(model=model, messages=said(directive))
    async with asker.socket() as socket:
        sent = await socket.say(directive, conversation_id=None)
        await asker.wait_for_end(sent.reply_id, seconds=15)
    call = int(called.id.removeprefix("chatcmpl-"))
    assert traces(database, call) == traces(database, sent.reply_id)
    [line] = traces(database, call)["ledger"]
    assert line[:2] == ("reply", STREAMED if STREAMED in directive else "complete")
    settled = partial(is_settled, database, asker)
    await asyncio.to_thread(wait_until, settled, seconds=15, what="the quota counts the ledger")


def is_settled(database: psycopg.Connection[Any], person: Person) -> bool:
    """Tell whether a person's quota has counted what their ledger says, and holds nothing more."""
    used, reserved, tokens = database.execute(
        "SELECT counter.used, counter.reserved, (SELECT sum(prompt_tokens + completion_tokens)"
        " FROM llm_usagerecord WHERE user_id = %(user)s) FROM llm_quotacounter AS counter"
        " JOIN llm_quota AS quota ON quota.id = counter.quota_id WHERE quota.user_id = %(user)s",
        {"user": person.user_id},
    ).fetchall()[0]
    return bool(reserved == 0 and used == tokens)


def traces(database: psycopg.Connection[Any], reply_id: int) -> dict[str, list[Any]]:
    """Return what the ledger, the cases and the audit record hold of an answer."""
    wanted = {
        "ledger": "SELECT purpose, outcome, model, chat_model_id, completion_tokens, source,"
        " cost_nano, cost_source FROM llm_usagerecord"
        " WHERE purpose = 'reply' AND reference_id = %s",
        "cases": "SELECT source, state, severity, subject_id FROM moderation_case"
        " WHERE message_id = %s",
        "audit": "SELECT event.action, event.actor_id FROM audit_auditevent AS event"
        " JOIN moderation_case AS held ON event.target_type = 'case'"
        " AND event.target_id = held.id WHERE held.message_id = %s ORDER BY event.id",
    }
    return {name: database.execute(query, [reply_id]).fetchall() for name, query in wanted.items()}
