"""Pages for one's own account that allauth does not bring: name, tokens, sessions, coming back."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from allauth.account.decorators import reauthentication_required
from django.contrib import messages as flash
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.core.errors import AppError
from apps.core.languages import known_language, remember_language
from apps.users.forms import TokenChangeForm, TokenForm
from apps.users.services import (
    accounts,
    leaving,
    preferences,
    principals,
    returning,
    sessions,
    token_changes,
    token_ends,
    tokens,
)

if TYPE_CHECKING:
    from apps.users.models import User


@require_safe
@login_required
def tokens_page(request: HttpRequest) -> HttpResponse:
    """Show the person's API tokens; no secret is among them."""
    context = {"own_tokens": token_ends.list_own(viewer=_person(request))}
    return render(request, "account/tokens.html", context)


@require_http_methods(["GET", "POST"])
@login_required
@reauthentication_required  # type: ignore[untyped-decorator]
def make_token(request: HttpRequest) -> HttpResponse:
    """Make a token after the password was asked, and show its secret this one time."""
    form = TokenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        actor = principals.principal_for_session(
            _person(request), session_key=request.session.session_key
        )
        try:
            made = tokens.create_token(actor=actor, wanted=form.wanted())
        except AppError as error:
            form.add_error(None, error.message)
        else:
            context = {"token": made.token, "secret": made.secret}
            response = render(request, "account/token_made.html", context)
            response["Cache-Control"] = "no-store"
            return response
    status = 400 if form.errors else 200
    return render(request, "account/token_form.html", {"form": form}, status=status)


@require_http_methods(["GET", "POST"])
@login_required
@reauthentication_required  # type: ignore[untyped-decorator]
def change_token(request: HttpRequest, token_id: int) -> HttpResponse:
    """Change name, end and models of one of the person's tokens, after the password was asked.

    Raises:
        Http404: it is not theirs, or it ended.
    """
    try:
        token = tokens.access_token(viewer=_person(request), token_id=token_id)
    except AppError as error:
        raise Http404 from error
    initial = {"name": token.name, "allowed_models": token.allowed_models}
    form = TokenChangeForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        actor = principals.principal_for_session(
            _person(request), session_key=request.session.session_key
        )
        try:
            token_changes.change_token(actor=actor, token_id=token_id, **form.cleaned_data)
        except AppError as error:
            form.add_error(None, error.message)
        else:
            flash.success(request, gettext("The token is changed."))
            return redirect("people:tokens")
    status = 400 if form.errors else 200
    context = {"form": form, "token": token}
    return render(request, "account/token_change.html", context, status=status)


@require_POST
@login_required
def revoke_token(request: HttpRequest, token_id: int) -> HttpResponse:
    """End one of the person's tokens now; where it is asked for, all that was made with it too."""
    with_made = request.POST.get("with_made") == "on"
    try:
        ended = token_ends.revoke_own_token(
            actor=_person(request), token_id=token_id, with_made=with_made
        )
    except AppError as error:
        flash.error(request, error.message)
    else:
        flash.success(
            request, gettext("The token is revoked. Programs that used it are refused from now.")
        )
        if ended:
            flash.success(request, _said_of_others(ended))
    return redirect("people:tokens")


def _said_of_others(number: int) -> str:
    words = ngettext(
        "%(number)d token that was made with it is revoked too.",
        "%(number)d tokens that were made with it are revoked too.",
        number,
    )
    return words % {"number": number}


@require_safe
@login_required
def sessions_page(request: HttpRequest) -> HttpResponse:
    """Show where the person is signed in."""
    context = {"sessions": sessions.list_sessions(request=request, user=_person(request))}
    return render(request, "account/sessions.html", context)


@require_POST
@login_required
def end_sessions(request: HttpRequest) -> HttpResponse:
    """Sign the person out everywhere else; this browser stays, with all its tabs."""
    sessions.end_other_sessions(user=_person(request), session=request.session)
    flash.success(request, gettext("You are signed out everywhere else."))
    return redirect("people:sessions")


@require_POST
@login_required
def end_session(request: HttpRequest, session_id: int) -> HttpResponse:
    """Sign the person out of one browser."""
    try:
        sessions.end_session(user=_person(request), session_id=session_id)
    except AppError as error:
        flash.error(request, error.message)
    else:
        flash.success(request, gettext("That browser is signed out."))
    return redirect("people:sessions")


@require_POST
@login_required
def shortcuts(request: HttpRequest) -> HttpResponse:
    """Turn keyboard shortcuts on or off."""
    is_on = request.POST.get("shortcuts") == "on"
    preferences.set_shortcuts(actor=_person(request), is_on=is_on)
    text = gettext("Shortcuts are on.") if is_on else gettext("Shortcuts are off.")
    flash.success(request, text)
    return redirect("chat:settings")


@require_POST
@login_required
def rename(request: HttpRequest) -> HttpResponse:
    """Change the person's own name."""
    actor = _person(request)
    try:
        accounts.update_user(actor=actor, user_id=actor.pk, name=request.POST.get("name", ""))
    except AppError as error:
        sentence = error.details[0]["message"] if error.details else error.message
        words = gettext("Your name was not changed. %(reason)s") % {"reason": sentence}
        flash.error(request, words)
    else:
        flash.success(request, gettext("Your name is changed."))
    return redirect("chat:settings")


@require_http_methods(["GET", "POST"])
@never_cache
def come_back(request: HttpRequest) -> HttpResponse:
    """Ask somebody who leaves whether they want the account back, after they have signed in."""
    user = returning.person_of(request.session)
    if user is None:
        return redirect("account_login")
    if request.method == "POST":
        returning.forget(request.session)
        try:
            leaving.come_back(user_id=user.pk, auth_epoch=user.auth_epoch)
        except AppError as error:
            flash.error(request, error.message)
        else:
            text = gettext("Your account is back, with all that is in it. Sign in.")
            flash.success(request, text)
        return redirect("account_login")
    return render(request, "account/come_back.html", {"erase_at": user.erase_at})


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Keep the chosen language in this browser, and with the account of whoever is signed in."""
    chosen = known_language(request.POST.get("language", ""))
    if not chosen:
        raise BadRequest
    if request.user.is_authenticated:
        preferences.set_language(actor=_person(request), language=chosen)
    wanted = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()})
    response = redirect(wanted if is_ours else "/")
    remember_language(response, chosen)
    return response


def _person(request: HttpRequest) -> User:
    return cast("User", request.user)
