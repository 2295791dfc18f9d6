"""The variables of Parley's own processes on a development machine."""

import os
from dataclasses import dataclass
from urllib.parse import urlsplit

import environ

from apps.core.development.errors import DevelopmentError
from apps.core.development.model_server import LONGEST_PROMPT_TOKENS, MODEL_NAME
from apps.core.development.state import CHECKOUT, StateFolder

DEFAULT_PORT = 8000
HIGHEST_PORT = 65535


def read_own_settings() -> None:
    """Take `.env` in the checkout into the environment; what is set already wins."""
    path = CHECKOUT / ".env"
    if path.is_file():
        environ.Env.read_env(path)


def web_port() -> int:
    """Return PORT.

    Raises:
        DevelopmentError: It is not a port number.
    """
    text = os.environ.get("PORT") or str(DEFAULT_PORT)
    if text.isdecimal() and 0 < int(text) <= HIGHEST_PORT:
        return int(text)
    raise DevelopmentError(f"PORT is {text!r}. Set it to a number from 1 to {HIGHEST_PORT}.")


@dataclass(frozen=True)
class Wanted:
    """Which embedded parts the environment leaves to us."""

    postgres: bool
    redis: bool
    model: bool


def wanted_parts() -> Wanted:
    """Return the parts that no variable replaces."""
    return Wanted(
        postgres=not os.environ.get("DATABASE_URL"),
        redis=not os.environ.get("REDIS_URL"),
        model=not (os.environ.get("OPENAI_BASE_URL") or os.environ.get("OPENAI_API_KEY")),
    )


def is_demo() -> bool:
    """Whether demo people with known passwords belong here."""
    return os.environ.get("ENVIRONMENT", "development") == "development"


def child_environment(
    state: StateFolder, *, port: int, addresses: dict[str, str]
) -> dict[str, str]:
    """Return the whole environment of web, worker and commands.

    Args:
        state: Where the secret key is kept.
        port: The web process's port.
        addresses: DATABASE_URL, REDIS_URL and OPENAI_BASE_URL of the embedded parts that run.
    """
    public = f"http://localhost:{port}"
    defaults = {
        "ENVIRONMENT": "development",
        "DEBUG": "false",
        "SECRET_KEY": state.remembered().get("secret_key", ""),
        "PORT": str(port),
        "PUBLIC_URL": public,
        "ALLOWED_ORIGINS": f"{public},http://127.0.0.1:{port}",
        "WORKER_DRAIN_SECONDS": "3",
        "PYTHONUNBUFFERED": "1",
    }
    given = {name: value for name, value in os.environ.items() if value}
    result = {**defaults, **given, **addresses}
    if "OPENAI_BASE_URL" in addresses:
        result["OPENAI_API_KEY"] = "local"
        result["OPENAI_MODEL"] = MODEL_NAME
        result.setdefault("MAX_TOKENS", str(LONGEST_PROMPT_TOKENS))
    return result


def model_description(environment: dict[str, str], *, is_local: bool) -> str:
    """Say in a line which model answers."""
    if is_local:
        return f"{MODEL_NAME}, local and small; set OPENAI_API_KEY for a better one"
    host = urlsplit(environment.get("OPENAI_BASE_URL", "")).hostname or "the provider's default"
    return f"{environment.get('OPENAI_MODEL', 'the default model')} at {host}"
