"""The gateway talks to the configured server and to nobody else, and shows its key to nobody."""

import json
import logging
import subprocess
import sys

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from apps.llm.gateway.chat_model import WireChatModel
from apps.llm.gateway.config import GatewayConfig, read_config
from apps.llm.gateway.factory import build_gateway
from apps.llm.gateway.wire import ModelServer
from tests.llm.conftest import API_KEY, collect, make_config, make_request, open_gateway
from tests.support.upstream import ScriptedUpstream
from tests.support.upstream_frames import answer_text

CHEAP_MODULES = [
    "apps.llm.errors",
    "apps.llm.gateway",
    "apps.llm.gateway.config",
    "apps.llm.gateway.contract",
    "apps.llm.gateway.factory",
]


async def test_ignores_proxies_and_tracing_of_the_environment(
    upstream: ScriptedUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ScriptedUpstream() as stranger:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "OPENAI_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{stranger.port}")
        for name in ("OPENAI_BASE_URL", "OPENAI_API_BASE", "LANGSMITH_ENDPOINT"):
            monkeypatch.setenv(name, stranger.base_url)
        for name in ("LANGSMITH_TRACING", "LANGCHAIN_TRACING_V2", "LANGSMITH_GATEWAY"):
            monkeypatch.setenv(name, "true")
        monkeypatch.setenv("LANGSMITH_API_KEY", "lsv2_stray")
        async with open_gateway(upstream.base_url) as gateway:
            seen = await collect(gateway, make_request("[[stream tokens=3]]"))
        assert seen.text == answer_text(3)
        assert stranger.book.total_connections == 0


async def test_sends_the_key_and_asks_for_plain_bytes(upstream: ScriptedUpstream) -> None:
    async with open_gateway(upstream.base_url) as gateway:
        await collect(gateway, make_request())
    headers = upstream.requests[0].headers
    assert headers["authorization"] == f"Bearer {API_KEY}"
    assert headers["accept-encoding"] == "identity"
    assert headers["accept"] == "text/event-stream"
    assert "cookie" not in headers


async def test_sends_no_key_where_there_is_none(upstream: ScriptedUpstream) -> None:
    gateway = build_gateway(GatewayConfig(base_url=upstream.base_url))
    await collect(gateway, make_request())
    await gateway.aclose()
    assert "authorization" not in upstream.requests[0].headers


def test_shows_the_key_in_no_representation() -> None:
    config = make_config("http://127.0.0.1:1/v1")
    server = ModelServer(config)
    model = WireChatModel(server)
    shown = [repr(config), str(config), repr(server), repr(model), str(model), repr(model.asdict())]
    assert not any(API_KEY in text for text in shown)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "model.example/v1",
        "ftp://model.example/v1",
        "file:///etc/passwd",
        "https://",
        "https://name:password@model.example/v1",
        "https://model.example/v1?key=1",
        "https://model.example/v1#part",
    ],
)
def test_refuses_an_address_that_cannot_be_used_safely(address: str) -> None:
    with pytest.raises(ImproperlyConfigured):
        GatewayConfig(base_url=address)


@pytest.mark.parametrize(
    ("address", "is_openai"),
    [
        ("https://api.openai.com/v1", True),
        ("https://eu.api.openai.com/v1", True),
        ("https://api.openai.com.evil.example/v1", False),
        ("http://127.0.0.1:8080/v1", False),
    ],
)
def test_knows_the_server_that_names_a_parameter_differently(address: str, is_openai: bool) -> None:
    assert GatewayConfig(base_url=address).is_openai is is_openai


async def test_the_chat_model_is_a_langchain_model_on_our_wire(upstream: ScriptedUpstream) -> None:
    server = ModelServer(make_config(upstream.base_url))
    model = WireChatModel(server)
    message = await model.ainvoke("[[stream tokens=3]]", model="scripted")
    await server.aclose()
    assert message.content == answer_text(3)
    assert message.response_metadata["finish_reason"] == "stop"
    assert message.usage_metadata == {
        "input_tokens": 7,
        "output_tokens": 3,
        "total_tokens": 10,
        "input_token_details": {"cache_read": 0},
    }
    with pytest.raises(NotImplementedError):
        model.invoke("hi")
    with pytest.raises(NotImplementedError):
        next(model.stream("hi"))


async def test_an_answer_holds_no_object_for_each_piece_of_its_text(
    upstream: ScriptedUpstream,
) -> None:
    server = ModelServer(make_config(upstream.base_url))
    texts, chunks = [], []
    async for chunk in WireChatModel(server).astream(
        "[[stream tokens=50 rate=200]]", model="scripted"
    ):
        texts.append(chunk.content)
        chunks.append(chunk)
    await server.aclose()
    assert "".join(map(str, texts)) == answer_text(50)
    assert len(texts) > 10
    assert len({id(chunk) for chunk in chunks}) == 2


async def test_logs_the_call_without_a_word_of_it(
    upstream: ScriptedUpstream, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with open_gateway(upstream.base_url) as gateway:
        await collect(gateway, make_request("PRIVATE [[stream tokens=3]]", system_prompt="PRIVATE"))
    own = [record for record in caplog.records if record.name == "apps.llm.gateway"]
    assert [record.getMessage() for record in own] == ["LLM_CALL_STARTED", "LLM_CALL_FINISHED"]
    fields = own[1].fields
    assert fields["prompt_tokens"] == 7
    assert fields["completion_tokens"] == 3
    assert fields["finish_reason"] == "stop"
    assert fields["user_id"] == 41
    assert fields["call_correlation_id"] == "correlation-of-the-test"
    told = " ".join(f"{record.getMessage()} {vars(record)}" for record in caplog.records)
    assert "PRIVATE" not in told
    assert "word1" not in told
    assert API_KEY not in told


def test_reads_its_deadlines_from_the_settings() -> None:
    config = read_config(settings)
    assert config.connect_timeout_seconds == settings.LLM_CONNECT_TIMEOUT_SECONDS
    assert config.batch_window_seconds == settings.LLM_BATCH_WINDOW_MS / 1000
    assert config.pseudonym(1) == read_config(settings).pseudonym(1)
    assert settings.SECRET_KEY not in repr(config)


def test_importing_the_door_loads_no_langchain() -> None:
    program = (
        f"import importlib, json, sys\n"
        f"for name in {CHEAP_MODULES!r}: importlib.import_module(name)\n"
        f"print(json.dumps([m for m in sys.modules if m.split('.')[0] in "
        f"('langchain', 'langchain_core', 'langchain_openai', 'openai', 'aiohttp')]))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert json.loads(run.stdout) == []


def test_warming_loads_all_that_a_call_needs_with_tracing_off() -> None:
    program = (
        "import json, os, sys\n"
        "os.environ['LANGSMITH_TRACING'] = os.environ['LANGCHAIN_TRACING_V2'] = 'true'\n"
        "from apps.llm.gateway.factory import warm\n"
        "warm()\n"
        "from langchain_core.callbacks import AsyncCallbackManager\n"
        "manager = AsyncCallbackManager.configure()\n"
        "print(json.dumps([len(manager.handlers), 'aiohttp' in sys.modules]))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert json.loads(run.stdout) == [0, True]
