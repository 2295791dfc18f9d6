"""What allauth does between the right password and an open session, beside its own stages."""

from __future__ import annotations

from allauth.account.stages import LoginStage
from django.http import HttpResponse
from django.shortcuts import redirect

from apps.users.services import returning


class ComeBackStage(LoginStage):  # type: ignore[misc]
    """Leads whoever leaves to the way back, once they have shown every factor they have."""

    key = "come_back"
    urlname = "people:come_back"

    def handle(self) -> tuple[HttpResponse | None, bool]:
        """Return where a leaving person goes and that the sign-in ends there; else let it go on."""
        user = self.login.user
        if user is None or not user.is_leaving or user.is_suspended:
            return None, True
        returning.remember(self.request.session, user)
        return redirect("people:come_back"), False
