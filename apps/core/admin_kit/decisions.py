"""Decisions of staff: a page says what will happen, a reason is given, one service does it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString

from apps.core.constants import MAX_REASON_CHARS
from apps.core.errors import AppError

NEXT_PARAMETER = "next"
RECORDED = "Your name and the reason are kept in the audit record."
"""What every page of a decision says at the end of what will happen."""
Typed = Mapping[str, Any]


class ReasonForm(forms.Form):
    """Why something is done, for the record."""

    reason = forms.CharField(
        max_length=MAX_REASON_CHARS,
        label="Reason",
        help_text="Kept in the audit record with your name. Other staff read it.",
        widget=forms.Textarea(attrs={"rows": 3, "autofocus": True}),
        error_messages={"required": "Give a reason. It is kept with the record."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        """Begin in the first field, which is not the reason where more is asked.

        A choice that is made already is passed over; one that is not asks for `autofocus` itself.
        """
        super().__init__(*args, **kwargs)
        first = next(iter(self.fields.values())).widget
        if isinstance(first, forms.TextInput | forms.Textarea) or "autofocus" in first.attrs:
            self.fields["reason"].widget.attrs.pop("autofocus", None)
            first.attrs["autofocus"] = True


@dataclass(frozen=True, slots=True)
class Quote:
    """One of several texts that a decision is about.

    Attributes:
        label: what it is.
        text: how it begins, shown as plain text.
        note: why nothing becomes of it; text, or safe markup made by `display`.
    """

    label: str
    text: str
    note: SafeString | str = ""


@dataclass(frozen=True, slots=True)
class Added:
    """One goes on elsewhere than where one came from, such as on the page of what was made.

    Attributes:
        url: where.
        done: what is said there; the decision's own words by default.
    """

    url: str
    done: str = ""


@dataclass(frozen=True, slots=True)
class Partly:
    """Not all of several was done: a warning says what was, and why the rest was not."""

    done: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownOnce:
    """A secret that a decision made, shown on the page that follows and nowhere again.

    Attributes:
        title: what was made.
        label: what the secret is.
        secret: the secret itself.
        advice: what to do with it, a sentence each.
        next_url: where the page goes on.
    """

    title: str
    label: str
    secret: str
    advice: Sequence[str]
    next_url: str


@dataclass(frozen=True, kw_only=True)
class Decision:
    """One thing that may be done to one row, in the words of the page that asks for it.

    Attributes:
        title: what is asked.
        effects: what will happen, one sentence each.
        submit: what the button says.
        done: what is said afterwards.
        apply: calls the service with what was typed; may return other words for `done`, a secret
            to show once, or where to go on.
        back_url: where the page returns to.
        form_class: what has to be typed.
        initial: what is typed already.
        quote: the text it is about, shown as plain text.
        quote_label: what that text is.
        quotes: the texts it is about, where they are several.
        is_danger: whether the button is drawn as one that takes something away.
        hidden: further values that the form carries.
    """

    title: str
    effects: Sequence[str]
    submit: str
    done: str
    apply: Callable[[Typed], str | ShownOnce | Added | Partly | None]
    back_url: str
    form_class: type[forms.Form] = ReasonForm
    initial: Mapping[str, Any] | None = None
    quote: str = ""
    quote_label: str = ""
    quotes: Sequence[Quote] = ()
    is_danger: bool = False
    hidden: Sequence[tuple[str, str]] = ()


def decide(
    request: HttpRequest,
    *,
    site: AdminSite,
    decision: Decision,
    context: Mapping[str, Any] | None = None,
    is_submitted: bool | None = None,
) -> HttpResponse:
    """Show the page of a decision, or carry it out.

    A service that refuses is answered by the same page with its sentence, its status and everything
    that was typed; nothing has changed then.

    Args:
        request: GET shows, POST does.
        site: whose frame the page has.
        decision: what it is about.
        context: what the template needs besides.
        is_submitted: whether the form was sent, where that differs from POST.
    """
    is_post = request.method == "POST" if is_submitted is None else is_submitted
    form = decision.form_class(
        request.POST if is_post else None, initial=dict(decision.initial or {})
    )
    problem, status = "", 200
    if is_post and form.is_valid():
        try:
            done = decision.apply(form.cleaned_data) or decision.done
        except AppError as error:
            problem, status = _explain(error, form), error.status_code
        except ValidationError as error:
            problem, status = " ".join(error.messages), 400
        else:
            if isinstance(done, ShownOnce):
                return _show_once(request, site, done, context)
            return _go_on(request, decision, done)
    elif is_post:
        status = 400
    values = {
        **site.each_context(request),
        "title": decision.title,
        "decision": decision,
        "form": form,
        "problem": problem,
        "back_url": return_url(request, decision.back_url),
        "next": request.POST.get(NEXT_PARAMETER) or request.GET.get(NEXT_PARAMETER) or "",
        **(context or {}),
    }
    return TemplateResponse(request, "admin/decision.html", values, status=status)


def _go_on(request: HttpRequest, decision: Decision, done: str | Added | Partly) -> HttpResponse:
    """Say that it is done, where one goes on: at what was added, or where one came from."""
    if isinstance(done, Added):
        messages.success(request, done.done or decision.done)
        return HttpResponseRedirect(done.url)
    if isinstance(done, Partly):
        messages.warning(request, done.done)
    else:
        messages.success(request, done)
    return HttpResponseRedirect(return_url(request, decision.back_url))


def _show_once(
    request: HttpRequest, site: AdminSite, made: ShownOnce, context: Mapping[str, Any] | None
) -> HttpResponse:
    """Show a secret on a page that no browser keeps."""
    values = {**site.each_context(request), "title": made.title, "made": made, **(context or {})}
    headers = {"Cache-Control": "no-store"}
    return TemplateResponse(request, "admin/shown_once.html", values, headers=headers)


def _explain(error: AppError, form: forms.Form) -> str:
    """Put what a service says about a field beside it, and return the sentence for the page."""
    for detail in error.details or []:
        if detail["field"] in form.fields:
            form.add_error(detail["field"], detail["message"])
    return "Some of this does not fit." if form.errors else error.message


def return_url(request: HttpRequest, fallback: str) -> str:
    """Return where the person came from, if that is an address of ours, or the fallback."""
    target = request.POST.get(NEXT_PARAMETER) or request.GET.get(NEXT_PARAMETER) or ""
    is_ours = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return target if target and is_ours else fallback
