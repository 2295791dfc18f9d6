"""Providers, as admins manage them; a key goes in and never comes out."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.audit.constants import AuditAction
from apps.core.problems import field_problem
from apps.core.rights import Actor
from apps.llm.constants import MAX_KEY_CHARS, MAX_NAME_CHARS, MAX_URL_CHARS, KeySource
from apps.llm.errors import FollowsSettingsError, ProviderNotFoundError
from apps.llm.gateway.config import GatewayConfig
from apps.llm.models import Provider
from apps.llm.services import keys, published_prices
from apps.llm.services.managing import Data, begin, clean_text, record, save_change, switch

MAX_CALLS = 10_000
MAX_SECONDS = 600
_CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_KEY = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much of a provider one process uses at a time, and how many may wait for how long."""

    max_concurrency: int
    max_waiting: int
    max_wait_seconds: int


@transaction.atomic
def create_provider(
    *, actor: Actor, code: str, name: str, base_url: str, limits: Limits, reason: str
) -> Provider:
    """Let Parley call another model server; it has no key yet.

    Raises:
        ForbiddenError: the actor does not manage the catalogue.
        ValidationFailedError: a part does not fit, or the code is taken.
    """
    reason = begin(actor, reason)
    if not _CODE.fullmatch(code):
        raise field_problem("code", "Use small letters, digits, - and _.", "code")
    _check(limits)
    provider = Provider(code=code, base_url=clean_url(base_url), **_values(name, limits))
    try:
        with transaction.atomic():
            provider.save(force_insert=True)
    except IntegrityError as error:
        raise field_problem("code", "Another provider has this code.", "code_taken") from error
    data: Data = {"code": code, "base_url": provider.base_url}
    record(actor, AuditAction.PROVIDER_CREATED, provider, reason=reason, data=data)
    return provider


@transaction.atomic
def change_provider(
    *, actor: Actor, provider_id: int, name: str, base_url: str, limits: Limits, reason: str
) -> Provider:
    """Change name, address and limits; another address forgets the key, which was for the former.

    Raises:
        ForbiddenError: the actor does not manage the catalogue.
        ProviderNotFoundError: there is no such provider.
        FollowsSettingsError: its address is a setting of the environment.
        ValidationFailedError: a part does not fit.
    """
    reason = begin(actor, reason)
    provider = _locked(provider_id)
    _check(limits)
    has_moved = False
    if provider.follows_settings:
        if base_url.strip():
            raise FollowsSettingsError
    else:
        url = clean_url(base_url)
        has_moved, provider.base_url = url != provider.base_url, url
    had_key = provider.key_source != KeySource.NONE
    if has_moved:
        _forget_key(provider)
        published_prices.forget(provider=provider)
    data: Data = {"base_url": provider.base_url, "key_forgotten": has_moved and had_key}
    changes = {**_values(name, limits), "base_url": provider.base_url, **_key_of(provider)}
    change = AuditAction.PROVIDER_CHANGED
    save_change(actor, change, provider, reason=reason, changes=changes, data=data)
    return provider


@transaction.atomic
def set_key(
    *, actor: Actor, provider_id: int, key: str = "", variable: str = "", reason: str
) -> Provider:
    """Give a provider a key, or the name of one in the environment; with neither it has none.

    A key is sealed for the provider's present address. Nothing ever shows it again.

    Raises:
        ForbiddenError: the actor does not manage the catalogue.
        ProviderNotFoundError: there is no such provider.
        FollowsSettingsError: its key is a setting of the environment.
        ValidationFailedError: both were given, or one that cannot be used.
    """
    reason = begin(actor, reason)
    provider = _locked(provider_id)
    if provider.follows_settings:
        raise FollowsSettingsError
    key, variable = key.strip(), variable.strip()
    if key and variable:
        raise field_problem("key", "Give a key or a variable, not both.", "two_keys")
    _forget_key(provider)
    if key:
        if len(key) > MAX_KEY_CHARS or not _KEY.fullmatch(key):
            raise field_problem("key", "A key has no blanks or line breaks.", "key_unusable")
        provider.key_source = KeySource.STORED
        provider.sealed_key = keys.seal(key=key, url=provider.base_url)
    elif variable:
        _ensure_known(variable, provider.base_url)
        provider.key_source, provider.key_variable = KeySource.VARIABLE, variable
    data: Data = {"source": provider.key_source, "variable": provider.key_variable}
    change, changes = AuditAction.PROVIDER_KEY_CHANGED, _key_of(provider)
    save_change(actor, change, provider, reason=reason, changes=changes, data=data)
    return provider


@transaction.atomic
def set_enabled(*, actor: Actor, provider_id: int, is_enabled: bool, reason: str) -> None:
    """Switch a provider on or off; off, its models are asked by nobody and their fallbacks are.

    Raises:
        ForbiddenError: the actor does not manage the catalogue.
        ProviderNotFoundError: there is no such provider.
        ValidationFailedError: no reason was given.
    """
    reason, provider = begin(actor, reason), _locked(provider_id)
    change = AuditAction.PROVIDER_CHANGED
    switch(actor, change, provider, is_enabled=is_enabled, reason=reason)


@transaction.atomic
def set_published_prices(*, actor: Actor, provider_id: int, is_taken: bool, reason: str) -> None:
    """Let models of a provider have published prices where staff typed none, or refuse them.

    Raises:
        ForbiddenError: the actor does not manage the catalogue.
        ProviderNotFoundError: there is no such provider.
        ValidationFailedError: no reason was given.
    """
    reason = begin(actor, reason)
    provider = _locked(provider_id)
    if not is_taken:
        published_prices.forget(provider=provider)
    change, taken = AuditAction.PROVIDER_CHANGED, {"takes_published_prices": is_taken}
    save_change(actor, change, provider, reason=reason, changes=taken, data={**taken})


@transaction.atomic
def close_breaker(*, actor: Actor, provider_id: int, reason: str) -> None:
    """Have every process ask a provider again that was left alone, within two seconds.

    Raises:
        ForbiddenError: the actor does not manage the catalogue.
        ProviderNotFoundError: there is no such provider.
        ValidationFailedError: no reason was given.
    """
    reason, provider = begin(actor, reason), _locked(provider_id)
    changes = {"breaker_closed_at": timezone.now()}
    change = AuditAction.PROVIDER_BREAKER_CLOSED
    save_change(actor, change, provider, reason=reason, changes=changes)


def clean_url(text: str) -> str:
    """Return the address of a model server in the form that is kept.

    Raises:
        ValidationFailedError: it is no http address, or holds a name, password or query.
    """
    url = clean_text(text, field="base_url", longest=MAX_URL_CHARS).rstrip("/")
    try:
        GatewayConfig(base_url=url)
    except (ImproperlyConfigured, ValueError) as error:
        advice = "Give an http:// or https:// address without a name, password or query."
        raise field_problem("base_url", advice, "base_url") from error
    if any(ord(character) <= 32 or ord(character) > 126 for character in url):
        raise field_problem("base_url", "Use plain ASCII without blanks.", "base_url")
    return url


def _values(name: str, limits: Limits) -> dict[str, object]:
    return {
        "name": clean_text(name, field="name", longest=MAX_NAME_CHARS),
        "max_concurrency": limits.max_concurrency,
        "max_waiting": limits.max_waiting,
        "max_wait_seconds": limits.max_wait_seconds,
    }


def _check(limits: Limits) -> None:
    for field, value, most in (
        ("max_concurrency", limits.max_concurrency, MAX_CALLS),
        ("max_waiting", limits.max_waiting, MAX_CALLS),
        ("max_wait_seconds", limits.max_wait_seconds, MAX_SECONDS),
    ):
        if not 0 <= value <= most:
            raise field_problem(field, f"Give a number from 0 to {most:,}.", "range")


def _ensure_known(variable: str, url: str) -> None:
    try:
        keys.key_of_environment(variable, url=url)
    except keys.KeyUnreadableError:
        advice = f"Set LLM_KEY_{variable}, and LLM_URL_{variable} to this provider's address."
        raise field_problem("variable", advice, "variable_unknown") from None


def _key_of(provider: Provider) -> dict[str, object]:
    names = ("key_source", "key_variable", "sealed_key")
    return {name: getattr(provider, name) for name in names}


def _forget_key(provider: Provider) -> None:
    provider.key_source, provider.key_variable, provider.sealed_key = KeySource.NONE, "", ""


def _locked(provider_id: int) -> Provider:
    provider = Provider.objects.select_for_update().filter(pk=provider_id).first()
    if provider is None:
        raise ProviderNotFoundError
    return provider
