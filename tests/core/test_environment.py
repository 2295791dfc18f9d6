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


def test_values_that_would_switch_policy_off_are_named() -> None:
    said = start(
        RULE_DEMOTE_PRECISION="80",
        RULE_GATE_PRECISION="80",
        OPENAI_TEMPERATURE="70",
        MODERATION_COLLAPSE_SEVERITY="9",
        MODERATION_BASE_URL="mod.example.org",
        GUARDRAILS="apps.moderation.policy_guardrail.PolicyGuardRail,apps.moderatoin.x.Y",
        LLM_KEY_MISTRAL="abc",
        CORS_ALLOWED_ORIGINS="partner.example,https://one.example/",
        ALLOWED_ORIGINS="https://chat.example/path",
        SECRET_KEY_FALLBACKS="short",
        ENVIRONMENT="production",
        LLM_KEY_GOOD="abc",
        LLM_URL_GOOD="https://good.example/v1",
    )
    for sentence in (
        "RULE_DEMOTE_PRECISION is 80: give a number from 0 to 1",
        "RULE_GATE_PRECISION is 80: give a number from 0 to 1",
        "OPENAI_TEMPERATURE is 70: give a number from 0 to 2",
        "MODERATION_COLLAPSE_SEVERITY is '9': give one of 1, 2, 3, 4",
        "MODERATION_BASE_URL must be an http:// or https:// address",
        "GUARDRAILS names apps.moderation.policy_guardrail.PolicyGuardRail, which is not there",
        "GUARDRAILS names apps.moderatoin.x.Y, which is not there",
        "LLM_URL_MISTRAL must be an http:// or https:// address",
        "CORS_ALLOWED_ORIGINS must hold origins such as https://partner.example",
        "ALLOWED_ORIGINS must hold origins such as https://partner.example",
        "SECRET_KEY_FALLBACKS must hold former secret keys, each of at least 50 characters",
    ):
        assert f"\n- {sentence}" in said, sentence
    assert said.count("CORS_ALLOWED_ORIGINS must") == 2
    assert "LLM_URL_GOOD" not in said
