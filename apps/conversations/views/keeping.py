"""The words of a form that came after the session's end wait until their writer has signed in."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy

from apps.conversations import constants

if TYPE_CHECKING:
    from apps.users.models import User

KEY = "kept_words"
KEPT_SECONDS = 3_600
MAX_KEPT_CHARS = 4 * constants.MAX_MESSAGE_CHARS
NOT_SENT = gettext_lazy("You had been signed out, so this was not sent. Send it again.")


async def sign_in_first(request: HttpRequest, *, page: str) -> HttpResponse:
    """Lead to the sign-in and from there to a page, which gives the form's words back.

    Args:
        request: the form, with `content` and the number of its `writer`.
        page: the address of the page that asks for `kept_words`.
    """
    content = request.POST.get("content", "").replace("\r\n", "\n")
    writer = request.POST.get("writer", "")
    if writer and 0 < len(content) <= MAX_KEPT_CHARS:
        kept = {"page": page, "writer": writer, "content": content, "at": int(time.time())}
        await request.session.aset(KEY, kept)
    return redirect_to_login(page)


async def kept_words(request: HttpRequest, viewer: User) -> str:
    """Return what the viewer had wanted to send from this page, once; "" as a rule.

    Nobody else who signs in to the same browser is shown it, and it does not wait for ever.
    """
    # Who the viewer is came from the session, which is read since.
    kept = request.session.get(KEY)
    if request.method != "GET" or kept is None:
        return ""
    is_theirs = kept["writer"] == str(viewer.pk) and time.time() - kept["at"] < KEPT_SECONDS
    if is_theirs and kept["page"] != request.path:
        return ""
    await request.session.apop(KEY, None)
    return str(kept["content"]) if is_theirs else ""
