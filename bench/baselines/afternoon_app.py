"""What one writes in an afternoon: FastAPI, ChatOpenAI, PostgreSQL that keeps the chat."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
from fastapi import Depends, FastAPI, Header, HTTPException
from fastapi.responses import StreamingResponse
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from langchain_openai import ChatOpenAI
from psycopg_pool import AsyncConnectionPool
from pydantic import BaseModel

TABLES = """
CREATE TABLE IF NOT EXISTS person (id serial PRIMARY KEY, token text UNIQUE NOT NULL);
CREATE TABLE IF NOT EXISTS conversation (
    id serial PRIMARY KEY, person_id int NOT NULL REFERENCES person, title text NOT NULL DEFAULT ''
);
CREATE TABLE IF NOT EXISTS message (
    id serial PRIMARY KEY, conversation_id int NOT NULL REFERENCES conversation,
    role text NOT NULL, content text NOT NULL, created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS message_conversation ON message (conversation_id, id);
"""
HISTORY = """
SELECT role, content FROM message WHERE conversation_id = %s ORDER BY id DESC LIMIT 20
"""
ADD = "INSERT INTO message (conversation_id, role, content) VALUES (%s, %s, %s)"

pool = AsyncConnectionPool(os.environ["DATABASE_URL"], min_size=2, max_size=10, open=False)
model = ChatOpenAI(
    model="scripted",
    base_url=os.environ["OPENAI_BASE_URL"],
    api_key="unused",
    streaming=True,
    stream_usage=True,
    temperature=0.7,
)


class Question(BaseModel):
    """What somebody asks."""

    conversation_id: int
    message: str


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Open the pool and make the tables."""
    await pool.open()
    async with pool.connection() as connection:
        await connection.execute(TABLES)
    yield
    await pool.close()


app = FastAPI(lifespan=lifespan)


async def current_person(authorization: str = Header()) -> int:
    """Return who calls, by token."""
    async with pool.connection() as connection:
        token = authorization.removeprefix("Bearer ")
        found = await connection.execute("SELECT id FROM person WHERE token = %s", [token])
        row = await found.fetchone()
    if row is None:
        raise HTTPException(401)
    return int(row[0])


async def load_messages(person: int, question: Question) -> list[BaseMessage]:
    """Store the question and return the conversation up to it."""
    async with pool.connection() as connection:
        owned = await connection.execute(
            "SELECT 1 FROM conversation WHERE id = %s AND person_id = %s",
            [question.conversation_id, person],
        )
        if await owned.fetchone() is None:
            raise HTTPException(404)
        await connection.execute(ADD, [question.conversation_id, "user", question.message])
        rows = await (await connection.execute(HISTORY, [question.conversation_id])).fetchall()
    history = [
        (HumanMessage if role == "user" else AIMessage)(content) for role, content in reversed(rows)
    ]
    return [SystemMessage("You are a helpful AI assistant."), *history]


@app.post("/chat")
async def chat(question: Question, person: int = Depends(current_person)) -> StreamingResponse:
    """Stream an answer as server-sent events and keep it."""
    messages = await load_messages(person, question)

    async def events() -> AsyncIterator[bytes]:
        text = ""
        async for chunk in model.astream(messages):
            if chunk.content:
                text += str(chunk.content)
                yield b"data: " + orjson.dumps({"text": chunk.content}) + b"\n\n"
        async with pool.connection() as connection:
            await connection.execute(ADD, [question.conversation_id, "assistant", text])
        yield b'data: {"done":true}\n\n'

    return StreamingResponse(events(), media_type="text/event-stream")
