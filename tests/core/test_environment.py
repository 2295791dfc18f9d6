"""A value that cannot be used ends the start with a sentence that names its variable."""

import os
import subprocess
import sys

from apps.core.development.state import CHECKOUT

GOOD = {
    "PATH": os.environ["PATH"],
    "ENVIRONMENT": "development",
    "DATABASE_URL": "postgresql:///parley",
    "REDIS_URL": "redis://localhost/0",
}


def start(**values: str) -> str:
    """Load the settings as a process of the product does, and return what it says at its end."""
    done = subprocess.run(
        [sys.executable, "-c", "from django.conf import settings; print(settings.MAX_TOKENS)"],
        cwd=CHECKOUT,
        env={**GOOD, "DJANGO_SETTINGS_MODULE": "project.settings", **values},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def test_every_unusable_value_is_named_at_once() -> None:
    said = start(
        MAX_TOKENS="abc",
        DEBUG="ture",
        OPENAI_TEMPERATURE="nan",
        LOG_LEVEL="loud",
        ENVIRONMENT="prod",
        EMAIL_URL="nonsense",
        OPENAI_BASE_URL="ftp://models.example",
        REDIS_URL="http://redis.example",
        DATABASE_URL="mysql://parley",
        WORKER_CONCURRENCY="0",
        CONVERSATION_MEMORY_SIZE="-1",
        LLM_TOTAL_TIMEOUT_SECONDS="0",
        RATE_LIMIT_CHAT="30/min",
        USAGE_TIME_ZONE="Mars/Olympus",
    )
    for sentence in (
        "MAX_TOKENS is 'abc': give a whole number",
        "DEBUG is 'ture': give true or false",
        "OPENAI_TEMPERATURE is 'nan': give a number",
        "LOG_LEVEL is 'loud': give one of DEBUG, INFO, WARNING, ERROR, CRITICAL",
        "ENVIRONMENT is 'prod': give one of ",
        "EMAIL_URL must be an address",
        "OPENAI_BASE_URL must be an http:// or https:// address",
        "REDIS_URL must be a redis:// address",
        "DATABASE_URL must be a postgresql:// address",
        "WORKER_CONCURRENCY must be more than 0",
        "CONVERSATION_MEMORY_SIZE is '-1': give a whole number, 0 or more",
        "LLM_TOTAL_TIMEOUT_SECONDS must be more than 0",
        "RATE_LIMIT_CHAT is '30/min': give a limit such as 30/minute",
        "USAGE_TIME_ZONE must be a name",
    ):
        assert f"\n- {sentence}" in said, sentence


def test_a_blank_number_is_as_one_that_is_not_set() -> None:
    assert start(MAX_TOKENS="").splitlines()[-1] == start().splitlines()[-1]


def test_a_blank_number_of_proxies_does_not_count_as_said_when_deployed() -> None:
    assert "\n- NUM_PROXIES must say" in start(ENVIRONMENT="production", NUM_PROXIES="")


def test_a_password_or_a_query_in_the_address_of_the_models_is_named() -> None:
    assert "\n- OPENAI_BASE_URL must be" in start(OPENAI_BASE_URL="https://a:b@models.example/v1")
    assert "\n- OPENAI_BASE_URL must be" in start(OPENAI_BASE_URL="https://models.example/v1?x=1")
