"""Models of the catalogue, and the page on which one is tried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString

from apps.core.admin_kit.actions import Button, RowAction
from apps.core.admin_kit.decisions import RECORDED, Added, Decision
from apps.core.admin_kit.details import Detail, Fact, Table
from apps.core.admin_kit.display import EMPTY, Tone, badge, milliseconds, number
from apps.core.admin_kit.new_rows import NewRowAdmin
from apps.core.admin_kit.people import has_right
from apps.core.admin_kit.sections import Section
from apps.core.errors import AppError
from apps.llm.admin.catalogue_forms import FallbacksForm, ModelForm, NewModelForm
from apps.llm.admin.common import LIVE, actor_of, may_manage, on_badge, switches
from apps.llm.admin.published import price_facts, take_over_action
from apps.llm.constants import Capability
from apps.llm.models import ChatModel
from apps.llm.services import chat_models, money, trials
from apps.llm.services.usage_figures import VIEW as VIEW_COST


@admin.register(ChatModel)
class ChatModelAdmin(NewRowAdmin[ChatModel]):
    """What may be asked."""

    section = Section.MODELS
    place = 2
    heading = "Models"
    icon = "neurology"
    description = "Models of the providers, and which stands in for which."
    new_label = "New model"
    search_keys = {"model": "pk", "provider": "provider_id"}
    search_advice = "Search by number, or provider:3 for the models of a provider."
    search_help_text = "Number, provider:3"
    list_display = ("label_shown", "code_shown", "provider_shown", "context", "on")
    list_display_links = ("label_shown",)
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ChatModel]:
        """Return the models with their providers."""
        return super().get_queryset(request).select_related("provider")

    @admin.display(description="Model")
    def label_shown(self, row: ChatModel) -> str:
        """Show what people read."""
        return settings.OPENAI_MODEL if row.follows_settings else row.label

    @admin.display(description="Code")
    def code_shown(self, row: ChatModel) -> str:
        """Show what programs name."""
        return settings.OPENAI_MODEL if row.follows_settings else row.code

    @admin.display(description="Provider")
    def provider_shown(self, row: ChatModel) -> SafeString | str:
        """Link to the provider."""
        return self.link_to(row.provider, row.provider.name)

    @admin.display(description="Context")
    def context(self, row: ChatModel) -> str:
        """Show how much it takes."""
        return f"{row.context_tokens:,} tokens" if row.context_tokens else EMPTY

    @admin.display(description="Switched")
    def on(self, row: ChatModel) -> SafeString:
        """Show whether it is switched on."""
        return on_badge(is_on=row.is_enabled)

    def detail(self, request: HttpRequest, row: ChatModel) -> Detail:
        """Show a model with those that stand in for it."""
        follows = [badge("Follows OPENAI_MODEL", Tone.NEUTRAL, "settings")]
        stand_ins = row.fallbacks.select_related("fallback").order_by("position")
        return Detail(
            title=self.label_shown(row),
            badges=[self.on(row), *(follows if row.follows_settings else [])],
            facts=[
                Fact("Code", self.code_shown(row)),
                Fact("At the provider", row.name or self.code_shown(row)),
                Fact("Provider", self.provider_shown(row)),
                Fact("Context", self.context(row)),
                Fact("Longest answer", number(row.max_completion_tokens or None)),
                Fact("Can", ", ".join(Capability(one).label for one in row.capabilities) or EMPTY),
                *price_facts(request, row),
            ],
            tables=[
                Table(
                    "Asked in its place, in order",
                    ("Model", "Code"),
                    [
                        (self.link_to(one.fallback), self.code_shown(one.fallback))
                        for one in stand_ins
                    ],
                    empty="Nothing: where it cannot answer, people are told so.",
                )
            ],
            related=self.lists_of(request, f"model:{row.pk}", "auditevent"),
        )

    def may_add(self, request: HttpRequest) -> bool:
        """Tell whether the viewer manages the catalogue."""
        return may_manage(request)

    def buttons(self, request: HttpRequest, row: ChatModel) -> list[Button]:
        """Return the actions, and the way to the page on which it is tried."""
        tries = [Button("Try it", self.url_of(row.pk, "try"), "play_arrow")]
        return [*(tries if may_manage(request) else []), *super().buttons(request, row)]

    def get_urls(self) -> list[URLPattern]:
        """Return the usual addresses and that of the try."""
        view = self.admin_site.admin_view(self.try_view)
        return [path("<path:object_id>/try/", view, name=self.url_name("try")), *super().get_urls()]

    def try_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Send a prompt to the model and show what comes.

        Raises:
            PermissionDenied: the viewer does not manage the catalogue.
        """
        row = self.row_or_404(request, object_id)
        if not may_manage(request):
            raise PermissionDenied
        prompt = request.POST.get("prompt", "")
        context: dict[str, Any] = {}
        if request.method == "POST":
            try:
                trial = trials.try_model(actor=actor_of(request), model_id=row.pk, prompt=prompt)
            except AppError as error:
                details = " ".join(detail["message"] for detail in error.details or [])
                context = {"problem": details or error.message, "status": error.status_code}
            else:
                context = {"trial": trial, **_trial_words(request, trial)}
        values = {
            **self.admin_site.each_context(request),
            "title": f"Try {self.label_shown(row)}",
            "opts": self.opts,
            "crumbs": [self.crumb(), self.crumb_of(row)],
            "here": "Try it",
            "prompt": prompt,
            "longest": trials.MAX_PROMPT_CHARS,
            **context,
        }
        status = context.get("status", 200)
        return TemplateResponse(request, "admin/llm/try.html", values, status=status)

    def row_actions(self) -> Sequence[RowAction[ChatModel]]:
        """Return what admins do to a model."""

        def switch(request: HttpRequest, row: ChatModel, is_on: bool, reason: str) -> None:  # noqa: FBT001
            chat_models.set_enabled(
                actor=actor_of(request), model_id=row.pk, is_enabled=is_on, reason=reason
            )

        off = "Nobody asks it; where it has fallbacks, those are asked."
        return [
            RowAction(
                name="edit",
                label="Change",
                icon="edit",
                is_allowed=may_manage,
                is_offered=lambda _, row: not row.follows_settings,
                decide=self._edit,
            ),
            RowAction(
                name="fallbacks",
                label="Fallbacks",
                icon="alt_route",
                is_allowed=may_manage,
                is_offered=lambda *_: True,
                decide=self._fallbacks,
            ),
            take_over_action(self.url_of),
            *switches(switch, off=off, back_url=lambda row: self.url_of(row.pk)),
        ]

    def new_row(self, request: HttpRequest) -> Decision:
        """Return the page that asks for a model."""

        def apply(typed: Mapping[str, Any]) -> Added:
            row = chat_models.create_model(
                actor=actor_of(request),
                provider_id=typed["provider"],
                code=typed["code"],
                description=_description(typed),
                reason=typed["reason"],
            )
            return Added(self.url_of(row.pk))

        return Decision(
            title="New model",
            effects=["Assistants may ask it, and other models may fall back to it.", RECORDED],
            submit="Add the model",
            done="The model is added. Try it, then let an assistant ask it.",
            apply=apply,
            back_url=self.list_url(),
            form_class=NewModelForm,
        )

    def _edit(self, request: HttpRequest, row: ChatModel) -> Decision:
        def apply(typed: Mapping[str, Any]) -> None:
            chat_models.change_model(
                actor=actor_of(request),
                model_id=row.pk,
                description=_description(typed),
                reason=typed["reason"],
            )

        names = ("name", "label", "context_tokens", "max_completion_tokens", "capabilities")
        return Decision(
            title=f"Change {row.label}",
            effects=["Answers from now on go by it.", LIVE, RECORDED],
            submit="Change it",
            done="The model is changed.",
            apply=apply,
            back_url=self.url_of(row.pk),
            form_class=ModelForm,
            initial={name: getattr(row, name) for name in names},
        )

    def _fallbacks(self, request: HttpRequest, row: ChatModel) -> Decision:
        def apply(typed: Mapping[str, Any]) -> None:
            chat_models.set_fallbacks(
                actor=actor_of(request),
                model_id=row.pk,
                codes=typed["fallbacks"].split(),
                reason=typed["reason"],
            )

        stand_ins = row.fallbacks.select_related("fallback").order_by("position")
        present = [self.code_shown(one.fallback) for one in stand_ins]
        return Decision(
            title=f"Who stands in for {self.label_shown(row)}",
            effects=[
                "They are asked where it cannot answer, before any text of an answer came.",
                "People's text then goes to another model, maybe of another provider.",
                LIVE,
                RECORDED,
            ],
            submit="Set them",
            done="The fallbacks are set.",
            apply=apply,
            back_url=self.url_of(row.pk),
            form_class=FallbacksForm,
            initial={"fallbacks": "\n".join(present)},
        )


def _trial_words(request: HttpRequest, trial: trials.Trial) -> dict[str, str]:
    """Return how long a try took, and what it cost for those who may see it."""
    sees_cost = trial.usage is not None and has_right(request, VIEW_COST)
    cost = money.say(trial.cost_nano) if sees_cost else ""
    return {"took": milliseconds(trial.duration_ms), "cost": cost}


def _description(typed: Mapping[str, Any]) -> chat_models.Description:
    return chat_models.Description(
        name=typed["name"],
        label=typed["label"],
        context_tokens=typed["context_tokens"],
        max_completion_tokens=typed["max_completion_tokens"],
        capabilities=typed["capabilities"],
    )
