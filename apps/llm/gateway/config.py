"""The gateway's settings: where the model server is and what it may cost in time and bytes."""

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from apps.core.addresses import is_plain_address

MAX_EVENT_BYTES = 262_144
MAX_RESPONSE_BYTES = 16_777_216
MAX_ANSWER_CHARS = 400_000
MAX_RETRY_AFTER_SECONDS = 3_600
RETRY_AFTER_WORTH_WAITING_SECONDS = 5.0
KEEP_ALIVE_SECONDS = 30.0
DNS_CACHE_SECONDS = 60
RETRY_RESERVE = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayConfig:
    """Everything that a gateway needs to know.

    Attributes:
        base_url: address of the OpenAI-compatible server, up to and including its version part.
        api_key: bearer key of the server; empty for servers without one.
        user_key: secret that turns a user's id into the pseudonym that the server sees.
        connect_timeout_seconds: deadline of one connection attempt, name look-up included.
        first_token_timeout_seconds: deadline of the first text, counted from the call's start.
        idle_timeout_seconds: longest silence in mid-answer; comments do not end a silence.
        total_timeout_seconds: deadline of the whole call, retries included.
        batch_window_seconds: how long text is collected before it is handed on.
        max_retries: tries after the first one; only before anything of an answer arrived.
        retry_reserve: further tries that all calls together may use beyond a tenth of the calls.
        max_event_bytes: largest single event.
        max_response_bytes: largest response as it comes over the wire.
        max_answer_chars: longest answer.
    """

    base_url: str
    api_key: str = field(default="", repr=False)
    user_key: bytes = field(default=b"", repr=False)
    connect_timeout_seconds: float = 10.0
    first_token_timeout_seconds: float = 60.0
    idle_timeout_seconds: float = 30.0
    total_timeout_seconds: float = 600.0
    batch_window_seconds: float = 0.09
    max_retries: int = 1
    retry_reserve: int = RETRY_RESERVE
    max_event_bytes: int = MAX_EVENT_BYTES
    max_response_bytes: int = MAX_RESPONSE_BYTES
    max_answer_chars: int = MAX_ANSWER_CHARS

    def __post_init__(self) -> None:
        if not is_plain_address(self.base_url):
            raise ImproperlyConfigured(
                "The address of a model server must be http:// or https://, without user name, "
                "password, query or fragment; its key is configured by itself."
            )

    @property
    def is_openai(self) -> bool:
        """Whether the server is OpenAI's own, which names one parameter differently."""
        host = urlsplit(self.base_url).hostname or ""
        return host == "api.openai.com" or host.endswith(".api.openai.com")

    def pseudonym(self, user_id: int) -> str:
        """Return what the model server sees instead of a user's id."""
        digest = hmac.new(self.user_key, str(user_id).encode(), hashlib.sha256)
        return digest.hexdigest()[:32]


class GatewaySettings(Protocol):
    """The settings that a gateway reads."""

    SECRET_KEY: str
    OPENAI_BASE_URL: str
    OPENAI_API_KEY: str
    LLM_CONNECT_TIMEOUT_SECONDS: float
    LLM_FIRST_TOKEN_TIMEOUT_SECONDS: float
    LLM_IDLE_TIMEOUT_SECONDS: float
    LLM_TOTAL_TIMEOUT_SECONDS: float
    LLM_BATCH_WINDOW_MS: int
    LLM_MAX_RETRIES: int


def read_config(settings: GatewaySettings) -> GatewayConfig:
    """Return the configuration that Django's settings describe.

    Raises:
        ImproperlyConfigured: the server's address cannot be used.
    """
    return GatewayConfig(
        base_url=settings.OPENAI_BASE_URL.rstrip("/"),
        api_key=settings.OPENAI_API_KEY,
        user_key=hashlib.sha256(b"llm.user:" + settings.SECRET_KEY.encode()).digest(),
        connect_timeout_seconds=settings.LLM_CONNECT_TIMEOUT_SECONDS,
        first_token_timeout_seconds=settings.LLM_FIRST_TOKEN_TIMEOUT_SECONDS,
        idle_timeout_seconds=settings.LLM_IDLE_TIMEOUT_SECONDS,
        total_timeout_seconds=settings.LLM_TOTAL_TIMEOUT_SECONDS,
        batch_window_seconds=settings.LLM_BATCH_WINDOW_MS / 1000,
        max_retries=settings.LLM_MAX_RETRIES,
    )
