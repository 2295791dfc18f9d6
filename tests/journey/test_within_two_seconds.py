"""What staff decide holds in every process within two seconds.

Staff decide in the admin of one web process. Everything else hangs on another web process and on
the worker, which hear of it by PostgreSQL and Redis alone. Time counts from the answer that the
decision gets, which comes after its commit.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import httpx
import orjson
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from apps.core.development.valkey import ValkeyServer
from tests.journey.person import PASSWORD, Person, Sent, give_role, sign_up
from tests.support.processes import Site
from tests.support.upstream import ScriptedUpstream

SECONDS = 2.0
LONG = "[[stream tokens=5000 rate=50]]"
THE_ANSWER_ENDED = ("", "")
HALTED = ("reply_halted", "A member of staff stopped this answer.")
TOLD = "You sent the same advertisement to forty people."


class Pages:
    """Somebody at the pages of one web process, signed in as a browser would be."""

    def __init__(self, url: str) -> None:
        self.client = httpx.AsyncClient(base_url=url, trust_env=False, timeout=30)

    async def sign_in(self, email: str) -> None:
        """Sign in by the form."""
        await self.client.get("/accounts/login/")
        answer = await self.post("/accounts/login/", login=email, password=PASSWORD)
        assert answer.status_code == 302, complaints(answer.text)

    async def post(self, path: str, **fields: str) -> httpx.Response:
        """Send a form."""
        token = self.client.cookies["csrftoken"]
        return await self.client.post(path, data={**fields, "csrfmiddlewaretoken": token})


@asynccontextmanager
async def pages(url: str, email: str) -> AsyncIterator[Pages]:
    """Open the pages of a web process as somebody."""
    opened = Pages(url)
    async with opened.client:
        await opened.sign_in(email)
        yield opened


@pytest.fixture(scope="module")
def chief(deployed: Site) -> Person:
    """An admin, who suspends people and writes rules."""
    deployed.start()
    person = sign_up(deployed)
    give_role(person, "admin")
    return person


@dataclass(frozen=True, slots=True)
class Open:
    """Everything that somebody has open at once, in one web process."""

    page: Pages
    page_socket: ClientConnection
    program_socket: ClientConnection
    events: httpx.Response
    completion: httpx.Response
    link: str
    reply_id: int


@asynccontextmanager
async def everything_open(person: Person) -> AsyncIterator[Open]:
    """Open a page, its socket, a program's socket, events and a completion, while answers run."""
    url = person.site.web.url
    link = await share_something(person)
    sent = await person.ask(LONG)
    async with AsyncExitStack() as stack:
        page = await stack.enter_async_context(pages(url, person.email))
        names = "; ".join(f"{name}={value}" for name, value in page.client.cookies.items())
        opened = Open(
            page=page,
            page_socket=await stack.enter_async_context(socket(url, {"Cookie": names})),
            program_socket=await stack.enter_async_context(socket(url, person.headers)),
            events=await stack.enter_async_context(events_of(page.client, person, sent)),
            completion=await stack.enter_async_context(completion_of(page.client, person)),
            link=link,
            reply_id=sent.reply_id,
        )
        await until_text_comes(opened, sent)
        yield opened


async def share_something(person: Person) -> str:
    """Share an answer by a link, and return its address in the person's web process."""
    sent = await person.ask("[[stream tokens=3]]")
    await person.wait_for_end(sent.reply_id, seconds=15)
    made = await person.call("POST", f"/conversations/{sent.conversation_id}/shares", {})
    assert made.status_code == 201, made.text
    return httpx.URL(made.json()["data"]["url"]).path


def socket(url: str, headers: dict[str, str]) -> connect:
    """Open the chat socket with a session or a token."""
    address = url.replace("http://", "ws://") + "/ws/chat/"
    return connect(address, additional_headers={**headers, "Origin": url}, proxy=None)


def events_of(client: httpx.AsyncClient, person: Person, sent: Sent) -> Any:
    """Follow an answer by server-sent events."""
    path = f"/api/v1/messages/{sent.reply_id}/events"
    return client.stream("GET", path, headers=person.headers)


def completion_of(client: httpx.AsyncClient, person: Person) -> Any:
    """Ask for an answer as an OpenAI client does."""
    asked = {"model": "scripted", "messages": [{"role": "user", "content": LONG}], "stream": True}
    path = "/openai/v1/chat/completions"
    return client.stream("POST", path, json=asked, headers=person.headers)


async def until_text_comes(opened: Open, sent: Sent) -> None:
    """Return when both sockets and both streams have some of an answer."""
    assert (opened.events.status_code, opened.completion.status_code) == (200, 200)
    for one in (opened.page_socket, opened.program_socket):
        follow = {"type": "reply.follow", "reply_id": sent.reply_id, "cursor": 0}
        await one.send(orjson.dumps(follow).decode())
        while orjson.loads(await one.recv())["type"] != "reply.delta":
            pass


async def last_words_of_socket(one: ClientConnection) -> tuple[str, str, int | None]:
    """Read a socket to its close; return the last event's code and sentence, and the close code."""
    event: dict[str, Any] = {}
    with suppress(ConnectionClosed):
        while True:
            event = orjson.loads(await one.recv())
    return event["code"], event["message"], one.close_code


async def last_words_of_stream(answer: httpx.Response) -> tuple[str, str]:
    """Read a stream to its end, and return the code and the sentence of what came last, if any."""
    lines = [line async for line in answer.aiter_lines() if line.startswith("data: ")]
    data = orjson.loads(lines[-1].removeprefix("data: "))
    data = data.get("error", data)
    return data.get("code", ""), data.get("message", "")


@pytest.mark.parametrize("redis", ["there", pytest.param("away", marks=pytest.mark.fault)])
async def test_a_suspension_ends_all_that_a_person_has_open_and_says_why(
    site: Site, chief: Person, upstream: ScriptedUpstream, valkey: ValkeyServer, redis: str
) -> None:
    person = await asyncio.to_thread(sign_up, site)
    other = await asyncio.to_thread(site.add_web)
    async with everything_open(person) as has, pages(other.url, chief.email) as desk:
        assert (await has.page.client.get("/settings/")).status_code == 200
        assert (await has.page.client.get(has.link)).status_code == 200
        adverts = {**POLICY, "code": f"adverts-{redis}", "title": "Advertising"}
        await decided(desk, "/admin/moderation/policy/new/", **adverts)
        if redis == "away":
            valkey.stop()
        done = await desk.post(
            f"/admin/users/user/{person.user_id}/suspend/",
            policy=adverts["code"],
            reason="Advertising.",
            reason_for_user=TOLD,
        )
        assert done.status_code == 302
        async with asyncio.timeout(SECONDS):
            page, program, events, completion, token, session, link = await asyncio.gather(
                last_words_of_socket(has.page_socket),
                last_words_of_socket(has.program_socket),
                last_words_of_stream(has.events),
                last_words_of_stream(has.completion),
                person.call("GET", "/conversations/"),
                has.page.client.get("/settings/"),
                has.page.client.get(has.link),
            )
        why = ("account_suspended", token.json()["message"])
        assert TOLD in why[1]
        assert (page, program) == ((*why, 4403), (*why, 4403))
        if redis == "there":
            assert (events, completion) == (why, why)
        else:
            assert {events, completion} <= {why, THE_ANSWER_ENDED, HALTED}
        assert (token.status_code, token.json()["code"]) == (403, "account_suspended")
        assert session.headers["location"] == "/accounts/login/?next=/settings/"
        assert link.status_code == 404
        refused = await has.page.post("/accounts/login/", login=person.email, password=PASSWORD)
        assert TOLD in refused.text
        await desk.post(f"/admin/conversations/reply/{has.reply_id}/halt/", reason="Tests.")
    assert await asyncio.to_thread(upstream.wait_until, lambda book: book.running == 0)


POLICY = {
    "code": "tests",
    "title": "Tests",
    "text_for_users": "Do not say these words.",
    "severity": "1",
    "strike_points": "0",
    "sla_minutes": "60",
    "reason": "Tests.",
}
WORD = "tidewrack"


async def write_rule(desk: Pages, **fields: str) -> str:
    """Write a rule that looks for one word, and return the address of its page."""
    plan = {"policy_code": "tests", "terms": WORD, "match": "word", **fields}
    written = await desk.post("/admin/moderation/rule/new/keyword/", **plan)
    assert written.status_code == 302, complaints(written.text)
    return written.headers["location"].removesuffix("change/")


def complaints(page: str) -> list[str]:
    """Return what a form says about its fields."""
    return re.findall(r'<p class="staff-field-error"[^>]*>([^<]*)', page)


async def decided(desk: Pages, address: str, **fields: str) -> float:
    """Send the form of a decision, and return the moment of its answer."""
    answer = await desk.post(address, **fields)
    assert answer.status_code == 302, complaints(answer.text)
    return time.monotonic()


async def holds_within_two_seconds(
    since: float, outcome: Callable[[], Awaitable[object]], wanted: object
) -> None:
    """Try at once and again; whatever begins two seconds after must have the outcome."""
    while True:
        began = time.monotonic()
        found = await outcome()
        if found == wanted:
            return
        assert began - since < SECONDS, f"{found} and not {wanted} after two seconds"


async def test_a_rule_acts_in_processes_that_run_already_and_stops_acting_when_it_is_off(
    site: Site, chief: Person
) -> None:
    person = await asyncio.to_thread(sign_up, site)
    other = await asyncio.to_thread(site.add_web)

    async def of_the_worker() -> object:
        sent = await person.ask(f"[[echo]]\nnot a {WORD}")
        return (await person.wait_for_end(sent.reply_id, seconds=15))["reply"]["state"]

    async def of_the_web() -> object:
        made = await person.call("POST", "/conversations/", {})
        path = f"/conversations/{made.json()['data']['id']}/messages"
        return (await person.call("POST", path, {"content": WORD})).status_code

    assert (await of_the_worker(), await of_the_web()) == ("complete", 202)
    async with pages(other.url, chief.email) as desk:
        await decided(desk, "/admin/moderation/policy/new/", **POLICY)
        answers = await write_rule(desk, name="Answers", stage="stream", applies_to="answer")
        moment = await decided(desk, f"{answers}enforce/", override_reason="Tests.")
        await holds_within_two_seconds(moment, of_the_worker, "withheld")
        moment = await decided(desk, f"{answers}mode/", mode="off")
        await holds_within_two_seconds(moment, of_the_worker, "complete")
        messages = await write_rule(desk, name="Messages", stage="input", applies_to="user")
        moment = await decided(desk, f"{messages}enforce/", override_reason="Tests.")
        await holds_within_two_seconds(moment, of_the_web, 403)
        moment = await decided(desk, f"{messages}mode/", mode="off")
        await holds_within_two_seconds(moment, of_the_web, 202)
