"""The live board: every answer that is being written, and the buttons that end them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlencode

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from apps.conversations.admin.decisions import actor_of, may_halt
from apps.conversations.services import board
from apps.conversations.services.board import Chosen, Crowd, LiveAnswer, LiveBoard
from apps.core.admin_kit.decisions import RECORDED, Decision, decide
from apps.core.admin_kit.pages import StaffPage
from apps.core.admin_kit.people import has_right
from apps.core.admin_kit.sections import Section
from apps.core.numbers import whole_number
from apps.core.plots import Unit, write
from apps.llm.services import money, pauses

if TYPE_CHECKING:
    from apps.core.admin_kit.site import StaffSite

VIEW_COST = "llm.view_cost"
PARAMETERS = {"user_id": "user", "chat_model_id": "chat_model", "model": "model"}


class LiveBoardPage(StaffPage):
    """What is being answered at the moment."""

    section = Section.MODELS
    place = 1
    name = "live_board"
    title = "Live board"
    icon = "bolt"
    description = "Every answer that is being written, and stopping one, some or all."

    def urls(self) -> list[URLPattern]:
        """Return the addresses of the page, of its moving part and of the page that stops."""
        wrap = self.site.admin_view
        return [
            path("models/live/", wrap(self.show), name=self.name),
            path("models/live/now/", wrap(self.show_now), name=f"{self.name}_now"),
            path("models/live/stop/", wrap(self.stop), name=f"{self.name}_stop"),
        ]

    def is_allowed(self, request: HttpRequest) -> bool:
        """Open it to those who may halt answers."""
        return may_halt(request)

    def show(self, request: HttpRequest) -> HttpResponse:
        """Show the board."""
        return self._render(request, "admin/conversations/board.html")

    def show_now(self, request: HttpRequest) -> HttpResponse:
        """Show the part that moves, which the open page asks for again and again."""
        response = self._render(request, "admin/conversations/board_now.html")
        response["Cache-Control"] = "no-store"
        return response

    def stop(self, request: HttpRequest) -> HttpResponse:
        """Ask for the reason, and end what was chosen."""
        chosen = _chosen(request)
        if not may_halt(request) or (chosen.user_id is None and not _may_stop_all(request)):
            raise PermissionDenied
        return decide(
            request,
            site=self.site,
            decision=self._decision(request, chosen),
            context={"crumbs": [(self.title, self.url())], "here": "Stop answers"},
        )

    def _render(self, request: HttpRequest, template: str) -> HttpResponse:
        if not self.is_allowed(request):
            raise PermissionDenied
        found = board.read_board(viewer=actor_of(request))
        sees_cost, stops_all = has_right(request, VIEW_COST), _may_stop_all(request)
        context = {
            **self.site.each_context(request),
            "title": self.title,
            "rows": [self._row(answer, sees_cost=sees_cost) for answer in found.answers],
            "tiles": _tiles(found, sees_cost=sees_cost),
            "people": [self._crowd(one) for one in found.people],
            "models": [self._crowd(one) for one in found.models],
            "has_more": found.has_more,
            "sees_cost": sees_cost,
            "stops_all": stops_all,
            "stop_url": self._reverse("stop"),
            "now_url": self._reverse("now"),
            "pauses": self._pauses(request) if stops_all else [],
        }
        return TemplateResponse(request, template, context)

    def _row(self, answer: LiveAnswer, *, sees_cost: bool) -> dict[str, Any]:
        return {
            "answer": answer,
            "age": write(answer.seconds, Unit.SECONDS),
            "tokens": f"~{answer.tokens:,}" if answer.tokens else "",
            "cost": f"~{money.say(answer.cost_nano)}" if answer.cost_nano else _no_cost(answer),
            "sees_cost": sees_cost,
            "url": self._of("conversations_reply", answer.reply_id),
            "person_url": self._of("users_user", answer.owner_id),
            "halt_url": reverse(
                f"{self.site.name}:conversations_reply_halt", args=[answer.reply_id]
            )
            + f"?{urlencode({'next': self.url()})}",
        }

    def _crowd(self, crowd: Crowd) -> dict[str, Any]:
        return {
            "name": crowd.name,
            "count": crowd.count,
            "url": f"{self._reverse('stop')}?{urlencode({PARAMETERS[crowd.key]: crowd.value})}",
        }

    def _pauses(self, request: HttpRequest) -> list[dict[str, Any]]:
        return [
            {
                "what": pauses.label_of(pause) or "all models",
                "since": pause.started_at,
                "reason": pause.reason,
                "url": f"{reverse(f'{self.site.name}:llm_pause_lift', args=[pause.pk])}"
                f"?{urlencode({'next': self.url()})}",
            }
            for pause in pauses.open_pauses()[: board.AT_ONCE]
        ]

    def _decision(self, request: HttpRequest, chosen: Chosen) -> Decision:
        actor = actor_of(request)
        count = board.count_live(viewer=actor, chosen=chosen)
        words = "1 answer" if count == 1 else f"{count:,} answers"

        def apply(typed: Mapping[str, Any]) -> str:
            ended = board.halt_many(actor=actor, chosen=chosen, reason=typed["reason"])
            return f"{ended:,} {'answer is' if ended == 1 else 'answers are'} being stopped."

        return Decision(
            title=f"Stop {_whose(chosen)}",
            effects=[
                f"{words} will be stopped: what is written at the moment you confirm, "
                "and what waits.",
                "Their readers keep what was shown and are told that staff stopped it.",
                "New questions are still answered. To keep them back too, pause answers instead.",
                RECORDED,
            ],
            submit="Stop them",
            done="",
            apply=apply,
            back_url=self.url(),
            is_danger=True,
            hidden=[
                (parameter, str(getattr(chosen, name)))
                for name, parameter in PARAMETERS.items()
                if getattr(chosen, name)
            ],
        )

    def _of(self, name: str, pk: int) -> str:
        return reverse(f"{self.site.name}:{name}_change", args=[pk])

    def _reverse(self, part: str) -> str:
        return reverse(f"{self.site.name}:{self.name}_{part}")


def _may_stop_all(request: HttpRequest) -> bool:
    return has_right(request, board.STOP_ALL)


def _chosen(request: HttpRequest) -> Chosen:
    """Read which answers are meant.

    Raises:
        Http404: nobody is called so.
    """
    values = request.POST if request.method == "POST" else request.GET
    user, number = values.get("user", ""), values.get("chat_model", "")
    if user:
        if board.name_of(_number(user)) is None:
            raise Http404
        return Chosen(user_id=_number(user))
    if number:
        if board.model_of(_number(number)) is None:
            raise Http404
        return Chosen(chat_model_id=_number(number))
    return Chosen(model=values.get("model", "")[:120])


def _number(text: str) -> int:
    """Return a number of an address; 0, which nothing has, for anything else."""
    return whole_number(text) or 0


def _whose(chosen: Chosen) -> str:
    if chosen.user_id is not None:
        return f"all answers of {board.name_of(chosen.user_id)}"
    if chosen.chat_model_id is not None:
        return f"all answers of {board.model_of(chosen.chat_model_id)}"
    return f"all answers of {chosen.model}" if chosen.model else "all answers"


def _no_cost(answer: LiveAnswer) -> str:
    return "No price" if answer.cost_nano is None else ""


def _tiles(found: LiveBoard, *, sees_cost: bool) -> list[tuple[str, str, str, str]]:
    tiles = [
        ("Being written", f"{found.written:,}", "answers", "edit_note"),
        ("Waiting", f"{found.waiting:,}", "for a worker or a model", "hourglass"),
        ("People", f"{found.person_count:,}", "who are being answered", "group"),
    ]
    if sees_cost:
        note = f"{found.unpriced:,} without a price" if found.unpriced else "by estimate"
        tiles.append(("Cost so far", money.say(found.cost_nano), note, "payments"))
    return tiles


cast("StaffSite", admin.site).register_page(LiveBoardPage)
