"""Which addresses of the settings cannot be used, in sentences that name their variables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from apps.core.addresses import is_origin, is_plain_address


def unusable_addresses(
    *,
    servers: Mapping[str, str],
    providers: Mapping[str, tuple[str, str]],
    origins: Mapping[str, Sequence[str]],
) -> list[str]:
    """Return a sentence for each address that cannot be used.

    Args:
        servers: address of a server by its variable.
        providers: address and key of a provider by its name.
        origins: what is to be origins as browsers name them, by variable.
    """
    plain = "must be an http:// or https:// address without password or query"
    problems = [f"{name} {plain}" for name, url in servers.items() if not is_plain_address(url)]
    problems += [
        f"LLM_URL_{name} {plain}: the one that LLM_KEY_{name} is for"
        for name, (url, _) in providers.items()
        if not is_plain_address(url)
    ]
    problems += [
        f"{name} must hold origins such as https://partner.example, not {origin!r}"
        for name, found in origins.items()
        for origin in found
        if not is_origin(origin)
    ]
    return problems
