"""Tokens of programs: whose, for what, until when; ending one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString

from apps.core.admin_kit.actions import RowAction
from apps.core.admin_kit.decisions import RECORDED, Decision
from apps.core.admin_kit.details import Detail, Fact
from apps.core.admin_kit.display import EMPTY, Tone, badge, link, moment
from apps.core.admin_kit.model_admin import StaffModelAdmin
from apps.core.admin_kit.people import is_admin
from apps.core.admin_kit.sections import Section
from apps.users.admin.forms import RevokeTokenForm
from apps.users.models import ApiToken, User
from apps.users.services import token_ends


@admin.register(ApiToken)
class ApiTokenAdmin(StaffModelAdmin[ApiToken]):
    """Bearer tokens; the secret itself is nowhere."""

    section = Section.PEOPLE
    place = 2
    heading = "Tokens"
    icon = "key"
    description = "What programs sign in with."
    search_keys = {"user": "user_id", "maker": "made_by_id"}
    search_advice = "Search by number, user:12 for a person's, or maker:12 for a token's."
    search_help_text = "Number, user:12 or maker:12"
    list_display = (
        *("number", "name", "owner", "used_for", "made", "maker"),
        *("last_used", "expires", "state"),
    )
    list_display_links = ("number", "name")
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiToken]:
        """Return the tokens with their owners, without what is kept of the secret."""
        return super().get_queryset(request).select_related("user").defer("token_hash")

    @admin.display(description="Token", ordering="id")
    def number(self, token: ApiToken) -> str:
        """Show the number."""
        return f"#{token.pk}"

    @admin.display(description="Of")
    def owner(self, token: ApiToken) -> SafeString | str:
        """Link to the owner."""
        return self.link_to(token.user)

    @admin.display(description="For")
    def used_for(self, token: ApiToken) -> str:
        """Show the scopes."""
        return ", ".join(token.scopes)

    @admin.display(description="Made")
    def made(self, token: ApiToken) -> SafeString | str:
        """Show when it was made."""
        return moment(token.created_at)

    @admin.display(description="Made with")
    def maker(self, token: ApiToken) -> SafeString | str:
        """Name the token that made it, with a link as long as there is one."""
        if token.made_by_id is None:
            return token.made_by_name or EMPTY
        return link(self.url_of(token.made_by_id), f"{token.made_by_name} (#{token.made_by_id})")

    @admin.display(description="Last used")
    def last_used(self, token: ApiToken) -> SafeString | str:
        """Show when it was used last."""
        return moment(token.last_used_at)

    @admin.display(description="Expires")
    def expires(self, token: ApiToken) -> SafeString | str:
        """Show when it ends by itself."""
        return moment(token.expires_at)

    @admin.display(description="Now")
    def state(self, token: ApiToken) -> SafeString:
        """Show whether it works."""
        if token.revoked_at is not None:
            return badge("Revoked", Tone.DANGER, "block")
        if token.expires_at is not None and token.expires_at <= timezone.now():
            return badge("Expired")
        if token.expires_soon:
            return badge("Expires soon", Tone.WARNING, "schedule")
        return badge("Works", Tone.GOOD, "check")

    def row_actions(self) -> Sequence[RowAction[ApiToken]]:
        """Return the one thing that may be done."""
        return [
            RowAction(
                name="revoke",
                label="Revoke",
                icon="block",
                is_allowed=is_admin,
                is_offered=lambda _, token: token.revoked_at is None,
                decide=self._revoke,
                is_danger=True,
            )
        ]

    def detail(self, request: HttpRequest, row: ApiToken) -> Detail:
        """Show the token."""
        return Detail(
            title=row.name,
            badges=[self.state(row)],
            facts=[
                Fact("Of", self.link_to(row.user)),
                Fact("Begins with", row.hint),
                Fact("For", self.used_for(row)),
                Fact("Only models", ", ".join(row.allowed_models) or "all"),
                Fact("Made", moment(row.created_at)),
                Fact("Made with", self.maker(row)),
                Fact("Last used", moment(row.last_used_at)),
                Fact("Expires", moment(row.expires_at)),
                Fact("Revoked", moment(row.revoked_at)),
            ],
            related=[
                *self.lists_of(request, f"user:{row.user_id}", "apitoken"),
                *self.lists_of(request, f"maker:{row.pk}", "apitoken"),
                *self.lists_of(request, f"apitoken:{row.pk}", "auditevent"),
            ],
        )

    def _revoke(self, request: HttpRequest, token: ApiToken) -> Decision:
        def apply(typed: Mapping[str, Any]) -> None:
            token_ends.revoke_token(
                actor=actor,
                token_id=token.pk,
                reason=typed["reason"],
                with_made=typed["with_made"],
            )

        actor = cast("User", request.user)
        made = token_ends.count_made(viewer=actor, token=token)
        return Decision(
            title=f"Revoke “{token.name}” of {token.user.name}",
            effects=[
                "The program that uses this token is refused from now on. This cannot be undone.",
                f"Tokens that were made with it, or with those, and still work: {made}.",
                RECORDED,
            ],
            submit="Revoke",
            done=f"“{token.name}” is revoked.",
            apply=apply,
            back_url=self.url_of(token.pk),
            form_class=RevokeTokenForm,
            is_danger=True,
        )
