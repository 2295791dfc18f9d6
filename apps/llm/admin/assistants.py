"""Assistants: what they ask with, in versions that stay, and who may use them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from apps.core.admin_kit.actions import RowAction
from apps.core.admin_kit.decisions import RECORDED, Added, Decision
from apps.core.admin_kit.details import Detail, Fact, Table, Text
from apps.core.admin_kit.display import EMPTY, Tone, badge, moment, number, preview
from apps.core.admin_kit.new_rows import NewRowAdmin
from apps.core.admin_kit.sections import Section
from apps.llm.admin.catalogue_forms import NewAssistantForm, PresentationForm, VersionForm
from apps.llm.admin.common import LIVE, actor_of, may_manage, on_badge, switches
from apps.llm.constants import Audience
from apps.llm.models import Assistant, AssistantVersion
from apps.llm.services import assistants

VERSIONS_SHOWN = 20
AT_ONCE = "People may choose it at once."


@admin.register(Assistant)
class AssistantAdmin(NewRowAdmin[Assistant]):
    """Whom people may choose to talk with."""

    section = Section.MODELS
    place = 3
    is_jumped_to = True
    icon = "smart_toy"
    description = "Instructions, model and limits, in versions; who may use them."
    new_label = "New assistant"
    search_keys = {"assistant": "pk"}
    search_help_text = "Number"
    list_display = ("name", "model_shown", "version_shown", "audience_shown", "on", "default_shown")
    list_display_links = ("name",)
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Assistant]:
        """Return the assistants with their versions and models."""
        return super().get_queryset(request).select_related("current__chat_model")

    @admin.display(description="Model")
    def model_shown(self, row: Assistant) -> SafeString | str:
        """Link to the model."""
        return (
            EMPTY
            if row.current is None
            else self.link_to(row.current.chat_model, row.current.chat_model.label)
        )

    @admin.display(description="Version")
    def version_shown(self, row: Assistant) -> str:
        """Show the number of the present version."""
        return EMPTY if row.current is None else f"{row.current.number}"

    @admin.display(description="Audience")
    def audience_shown(self, row: Assistant) -> str:
        """Show who may use it."""
        return row.get_audience_display()

    @admin.display(description="Switched")
    def on(self, row: Assistant) -> SafeString:
        """Show whether it is offered."""
        return on_badge(is_on=row.is_enabled)

    @admin.display(description="Default")
    def default_shown(self, row: Assistant) -> SafeString | str:
        """Show whether it answers where nobody chose."""
        return badge("Default", Tone.LIVE, "star") if row.is_default else ""

    def detail(self, request: HttpRequest, row: Assistant) -> Detail:
        """Show an assistant with its former versions."""
        version = row.current
        follows = badge("Follows the settings", Tone.NEUTRAL, "settings")
        groups = ", ".join(row.groups.order_by("name").values_list("name", flat=True))
        return Detail(
            title=row.name,
            badges=[
                self.on(row),
                *([self.default_shown(row)] if row.is_default else []),
                *([follows] if row.follows_settings else []),
            ],
            facts=[
                Fact("What people read", row.description or EMPTY),
                Fact("For", groups if row.audience == Audience.GROUPS else "Everybody"),
                Fact("Model", self.model_shown(row)),
                Fact("Version", self.version_shown(row)),
                *(_limits(version) if version is not None else []),
            ],
            texts=[Text("Instructions", version.system_prompt if version else "")],
            tables=[_versions(row)],
            related=self.lists_of(request, f"assistant:{row.pk}", "auditevent"),
        )

    def may_add(self, request: HttpRequest) -> bool:
        """Tell whether the viewer manages the catalogue."""
        return may_manage(request)

    def row_actions(self) -> Sequence[RowAction[Assistant]]:
        """Return what admins do to an assistant."""

        def switch(request: HttpRequest, row: Assistant, is_on: bool, reason: str) -> None:  # noqa: FBT001
            assistants.set_enabled(
                actor=actor_of(request), assistant_id=row.pk, is_enabled=is_on, reason=reason
            )

        off = "Nobody is offered it; where it answered, the default assistant does."
        return [
            RowAction(
                name="version",
                label="New version",
                icon="edit_note",
                is_allowed=may_manage,
                is_offered=lambda _, row: not row.follows_settings,
                decide=self._version,
            ),
            RowAction(
                name="edit",
                label="Name and audience",
                icon="edit",
                is_allowed=may_manage,
                is_offered=lambda *_: True,
                decide=self._edit,
            ),
            RowAction(
                name="default",
                label="Make it the default",
                icon="star",
                is_allowed=may_manage,
                is_offered=lambda _, row: not row.is_default,
                decide=self._default,
            ),
            *switches(
                switch,
                off=off,
                back_url=lambda row: self.url_of(row.pk),
                is_offered=lambda row: not row.is_default,
            ),
        ]

    def new_row(self, request: HttpRequest) -> Decision:
        """Return the page that asks for an assistant."""

        def apply(typed: Mapping[str, Any]) -> Added:
            row = assistants.create_assistant(
                actor=actor_of(request),
                presentation=_presentation(typed),
                instructions=_instructions(typed),
                reason=typed["reason"],
            )
            return Added(self.url_of(row.pk))

        return Decision(
            title="New assistant",
            effects=[AT_ONCE, RECORDED],
            submit="Make the assistant",
            done="The assistant is made.",
            apply=apply,
            back_url=self.list_url(),
            form_class=NewAssistantForm,
        )

    def _version(self, request: HttpRequest, row: Assistant) -> Decision:
        def apply(typed: Mapping[str, Any]) -> None:
            assistants.write_version(
                actor=actor_of(request),
                assistant_id=row.pk,
                instructions=_instructions(typed),
                reason=typed["reason"],
            )

        version = row.current
        names = ("system_prompt", "temperature", "max_prompt_tokens", "max_completion_tokens")
        initial = {name: getattr(version, name) for name in names} if version else {}
        return Decision(
            title=f"New version of {row.name}",
            effects=["Answers that were written keep naming their version.", LIVE, RECORDED],
            submit="Write the version",
            done="The version is written.",
            apply=apply,
            back_url=self.url_of(row.pk),
            form_class=VersionForm,
            initial={**initial, "chat_model": version.chat_model_id if version else None},
        )

    def _edit(self, request: HttpRequest, row: Assistant) -> Decision:
        def apply(typed: Mapping[str, Any]) -> None:
            assistants.change_assistant(
                actor=actor_of(request),
                assistant_id=row.pk,
                presentation=_presentation(typed),
                reason=typed["reason"],
            )

        return Decision(
            title=f"Name and audience of {row.name}",
            effects=["Who may not use it any more is answered by the default one.", LIVE, RECORDED],
            submit="Change it",
            done="The assistant is changed.",
            apply=apply,
            back_url=self.url_of(row.pk),
            form_class=PresentationForm,
            initial={
                "name": row.name,
                "description": row.description,
                "groups": list(row.groups.values_list("pk", flat=True)),
            },
        )

    def _default(self, request: HttpRequest, row: Assistant) -> Decision:
        def apply(typed: Mapping[str, Any]) -> None:
            assistants.make_default(
                actor=actor_of(request), assistant_id=row.pk, reason=typed["reason"]
            )

        return Decision(
            title=f"Make {row.name} the default",
            effects=["It answers wherever nobody chose another one.", LIVE, RECORDED],
            submit="Make it the default",
            done="It is the default assistant.",
            apply=apply,
            back_url=self.url_of(row.pk),
        )


def _presentation(typed: Mapping[str, Any]) -> assistants.Presentation:
    return assistants.Presentation(
        name=typed["name"], description=typed["description"], group_ids=typed["groups"]
    )


def _instructions(typed: Mapping[str, Any]) -> assistants.Instructions:
    return assistants.Instructions(
        chat_model_id=typed["chat_model"],
        system_prompt=typed["system_prompt"],
        temperature=typed["temperature"],
        max_prompt_tokens=typed["max_prompt_tokens"],
        max_completion_tokens=typed["max_completion_tokens"],
    )


def _limits(version: AssistantVersion) -> list[Fact]:
    given = version.temperature
    return [
        Fact("Temperature", EMPTY if given is None else f"{given:g}"),
        Fact("Longest prompt", number(version.max_prompt_tokens or None), "tokens"),
        Fact("Longest answer", number(version.max_completion_tokens or None), "tokens"),
    ]


def _versions(row: Assistant) -> Table:
    found = row.versions.select_related("chat_model").order_by("-number")[:VERSIONS_SHOWN]
    return Table(
        "Versions",
        ("Version", "Written", "Model", "Instructions", ""),
        [
            (
                f"{one.number}",
                moment(one.created_at),
                one.chat_model.label,
                preview(one.system_prompt) or EMPTY,
                badge("Live", Tone.LIVE) if one.pk == row.current_id else "",
            )
            for one in found
        ],
    )
