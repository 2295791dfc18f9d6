"""Providers: address, key and limits, how they fare, and the button that closes a breaker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString

from apps.core.admin_kit.actions import RowAction
from apps.core.admin_kit.decisions import RECORDED, Added, Decision
from apps.core.admin_kit.details import Detail, Fact
from apps.core.admin_kit.display import Tone, badge, moment
from apps.core.admin_kit.new_rows import NewRowAdmin
from apps.core.admin_kit.sections import Section
from apps.core.admin_kit.viewing import current_request
from apps.llm.admin.catalogue_forms import (
    FollowingProviderForm,
    KeyForm,
    NewProviderForm,
    ProviderForm,
)
from apps.llm.admin.common import LIVE, actor_of, may_manage, on_badge, switches
from apps.llm.admin.provider_health import health_table, worst_badge
from apps.llm.admin.published import provider_actions, provider_fact
from apps.llm.constants import KeySource
from apps.llm.models import Provider
from apps.llm.services import compiling, health, providers
from apps.llm.services.health import Health

MOST_TOLD = 200
KEY_FORGOTTEN = "The provider is changed and its key forgotten. Give it the key of the new address."


@admin.register(Provider)
class ProviderAdmin(NewRowAdmin[Provider]):
    """The model servers that may be called."""

    section = Section.MODELS
    place = 1
    icon = "dns"
    description = "Model servers, their keys and limits, and how they fare."
    new_label = "New provider"
    search_keys = {"provider": "pk"}
    search_help_text = "Number"
    list_display = ("name", "code", "address", "key_shown", "on", "fares")
    list_display_links = ("name",)
    ordering = ("-id",)

    @admin.display(description="Address")
    def address(self, row: Provider) -> str:
        """Show the address."""
        return compiling.url_of(row)

    @admin.display(description="Key")
    def key_shown(self, row: Provider) -> str:
        """Show where the key comes from, and never the key."""
        if row.follows_settings:
            return "OPENAI_API_KEY"
        named = f"LLM_KEY_{row.key_variable}"
        return named if row.key_variable else row.get_key_source_display()

    @admin.display(description="Switched")
    def on(self, row: Provider) -> SafeString:
        """Show whether it is switched on."""
        return on_badge(is_on=row.is_enabled)

    @admin.display(description="Now")
    def fares(self, row: Provider) -> SafeString | str:
        """Show the worst that a process tells."""
        return worst_badge(_told_on_this_page().get(row.pk, []))

    def detail(self, request: HttpRequest, row: Provider) -> Detail:
        """Show a provider and how the processes fare with it."""
        is_lost = not compiling.has_readable_key(row)
        lost = badge("Its key cannot be read", Tone.DANGER, "key_off")
        limit = f"{row.max_concurrency:,}" if row.max_concurrency else "No limit"
        return Detail(
            title=row.name,
            badges=[self.on(row), *([lost] if is_lost else [])],
            facts=[
                Fact("Code", row.code),
                Fact("Address", self.address(row), self._origin(row)),
                Fact("Key", self.key_shown(row), "write-only"),
                Fact("Calls at a time", limit, "for each process"),
                Fact("May wait", f"{row.max_waiting:,}", f"{row.max_wait_seconds} s at most"),
                provider_fact(row),
                Fact("Breaker closed by hand", moment(row.breaker_closed_at)),
                Fact("Changed", moment(row.updated_at)),
            ],
            tables=[health_table(health.read_health([row.pk]).get(row.pk, []))],
            related=self.lists_of(request, f"provider:{row.pk}", "chatmodel", "auditevent"),
        )

    def _origin(self, row: Provider) -> str:
        return "follows OPENAI_BASE_URL" if row.follows_settings else ""

    def may_add(self, request: HttpRequest) -> bool:
        """Tell whether the viewer manages the catalogue."""
        return may_manage(request)

    def row_actions(self) -> Sequence[RowAction[Provider]]:
        """Return what admins do to a provider."""

        def switch(request: HttpRequest, row: Provider, is_on: bool, reason: str) -> None:  # noqa: FBT001
            providers.set_enabled(
                actor=actor_of(request), provider_id=row.pk, is_enabled=is_on, reason=reason
            )

        off = "Nobody asks its models; where they have fallbacks, those are asked."
        return [
            RowAction(
                name="edit",
                label="Change",
                icon="edit",
                is_allowed=may_manage,
                is_offered=lambda *_: True,
                decide=self._edit,
            ),
            RowAction(
                name="key",
                label="Set the key",
                icon="key",
                is_allowed=may_manage,
                is_offered=lambda _, row: not row.follows_settings,
                decide=self._key,
            ),
            RowAction(
                name="breaker",
                label="Ask it again now",
                icon="restart_alt",
                is_allowed=may_manage,
                is_offered=lambda *_: True,
                decide=self._close,
            ),
            *provider_actions(self.url_of),
            *switches(switch, off=off, back_url=lambda row: self.url_of(row.pk)),
        ]

    def new_row(self, request: HttpRequest) -> Decision:
        """Return the page that asks for a provider."""

        def apply(typed: Mapping[str, Any]) -> Added:
            row = providers.create_provider(
                actor=actor_of(request),
                code=typed["code"],
                name=typed["name"],
                base_url=typed["base_url"],
                limits=_limits(typed),
                reason=typed["reason"],
            )
            return Added(self.url_of(row.pk))

        return Decision(
            title="New provider",
            effects=["What people write is sent to this server where its models answer.", RECORDED],
            submit="Add the provider",
            done="The provider is added. Give it a key, then a model.",
            apply=apply,
            back_url=self.list_url(),
            form_class=NewProviderForm,
        )

    def _edit(self, request: HttpRequest, row: Provider) -> Decision:
        def apply(typed: Mapping[str, Any]) -> Added | None:
            changed = providers.change_provider(
                actor=actor_of(request),
                provider_id=row.pk,
                name=typed["name"],
                base_url=typed.get("base_url", ""),
                limits=_limits(typed),
                reason=typed["reason"],
            )
            is_keyless = changed.key_source == KeySource.NONE != row.key_source
            return Added(self.url_of(row.pk, "key"), KEY_FORGOTTEN) if is_keyless else None

        names = ("name", "base_url", "max_concurrency", "max_waiting", "max_wait_seconds")
        moved = "Another address forgets the key: it was given for the present one."
        return Decision(
            title=f"Change {row.name}",
            effects=[*([] if row.follows_settings else [moved]), LIVE, RECORDED],
            submit="Change it",
            done="The provider is changed.",
            apply=apply,
            back_url=self.url_of(row.pk),
            form_class=FollowingProviderForm if row.follows_settings else ProviderForm,
            initial={name: getattr(row, name) for name in names},
        )

    def _key(self, request: HttpRequest, row: Provider) -> Decision:
        def apply(typed: Mapping[str, Any]) -> None:
            providers.set_key(
                actor=actor_of(request),
                provider_id=row.pk,
                key=typed["key"],
                variable=typed["variable"],
                reason=typed["reason"],
            )

        return Decision(
            title=f"Set the key of {row.name}",
            effects=[
                f"It is sent to {row.base_url} and nowhere else.",
                "The former key is forgotten; with both fields empty there is none.",
                LIVE,
                RECORDED,
            ],
            submit="Set the key",
            done="The key is set.",
            apply=apply,
            back_url=self.url_of(row.pk),
            form_class=KeyForm,
        )

    def _close(self, request: HttpRequest, row: Provider) -> Decision:
        def apply(typed: Mapping[str, Any]) -> None:
            providers.close_breaker(
                actor=actor_of(request), provider_id=row.pk, reason=typed["reason"]
            )

        return Decision(
            title=f"Ask {row.name} again now",
            effects=["Every process closes its breaker and forgets a wait it was asked for.", LIVE],
            submit="Ask it again",
            done="It is asked again.",
            apply=apply,
            back_url=self.url_of(row.pk),
        )


def _told_on_this_page() -> dict[int, list[Health]]:
    """Return what is told of all providers; read once for each page that is drawn."""
    request: Any = current_request()
    if not hasattr(request, "told_of_providers"):
        numbers = list(Provider.objects.order_by("-pk").values_list("pk", flat=True)[:MOST_TOLD])
        request.told_of_providers = health.read_health(numbers)
    told: dict[int, list[Health]] = request.told_of_providers
    return told


def _limits(typed: Mapping[str, Any]) -> providers.Limits:
    return providers.Limits(
        max_concurrency=typed["max_concurrency"],
        max_waiting=typed["max_waiting"],
        max_wait_seconds=typed["max_wait_seconds"],
    )
