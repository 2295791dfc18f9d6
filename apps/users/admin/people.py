"""People: who they are, how they stand, and deciding about them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import cast

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from apps.core.admin_kit.actions import RowAction
from apps.core.admin_kit.decisions import Decision
from apps.core.admin_kit.details import Detail, Fact, Figure, Front, Table
from apps.core.admin_kit.display import EMPTY, moment, preview
from apps.core.admin_kit.filters import choice_filter, count_up_to
from apps.core.admin_kit.new_rows import NewRowAdmin
from apps.core.admin_kit.people import is_admin
from apps.core.admin_kit.searching import number_in, search_exactly
from apps.core.admin_kit.sections import Section
from apps.core.admin_kit.viewing import current_request
from apps.users.admin import decisions, looks, service_actions
from apps.users.constants import AccountKind, Role, Standing
from apps.users.models import Restriction, User
from apps.users.querysets import UserQuerySet
from apps.users.services import access, groups, standing

COUNT_LIMIT = 1_000
RESTRICTIONS_SHOWN = 20
GROUPS_SHOWN = 20
MIN_PREFIX_CHARS = 3
COLUMNS = (
    *("id", "name", "email", "kind", "role", "is_superuser", "duties", "is_active"),
    *("erase_at", "standing", "standing_until", "created_at"),
)


@admin.register(User)
class UserAdmin(NewRowAdmin[User]):
    """The people of this place; moderators see those who are no staff, without addresses."""

    section = Section.PEOPLE
    heading = "Accounts"
    is_jumped_to = True
    new_label = "Make a service account"
    icon = "group"
    description = "Accounts, roles and standing."
    search_keys = {"user": "pk", "group": "groups"}
    list_display = ("number", "name", "address", "role_shown", "standing_shown", "joined")
    list_display_links = ("number", "name")
    list_filter = (
        choice_filter(title="kind", parameter_name="kind", options=tuple(AccountKind.choices)),
        choice_filter(title="role", parameter_name="role", options=tuple(Role.choices)),
        choice_filter(title="standing", parameter_name="standing", options=tuple(Standing.choices)),
    )
    ordering = ("-id",)

    search_advice = (
        "Search by the person's number. Admins can also type an address or its beginning."
    )

    @property
    def search_help_text(self) -> str:  # type: ignore[override]
        """Say what the viewer may search for."""
        return "Number or address" if is_admin(current_request()) else "Number"

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Return whom the viewer may see: everybody for admins, nobody of the staff for others."""
        people = super().get_queryset(request).only(*COLUMNS)
        people = people.annotate(running_kind=Restriction.objects.kind_running_at("pk"))
        return people if is_admin(request) else cast("UserQuerySet", people).ordinary()

    def can_open(self, request: HttpRequest, row: User) -> bool:
        """Open ordinary people to moderators and everybody to admins."""
        if not self.has_view_permission(request):
            return False
        return is_admin(request) or not row.is_staff

    def search(
        self, request: HttpRequest, rows: QuerySet[User], term: str
    ) -> QuerySet[User] | None:
        """Look up a number, or for admins an address or its beginning."""
        found = search_exactly(rows, term, keys=self.search_keys)
        words = term.strip().lower()
        is_address = len(words) >= MIN_PREFIX_CHARS and number_in(words) is None
        if found is not None or not (is_address and is_admin(request)) or ":" in words:
            return found
        return cast("UserQuerySet", rows).with_email_beginning(words)

    @admin.display(description="Person")
    def number(self, user: User) -> str:
        """Show the person's number."""
        return f"#{user.pk}"

    @admin.display(description="Address")
    def address(self, user: User) -> str:
        """Show the address as far as the viewer may know it."""
        return looks.email_of(user)

    @admin.display(description="Role")
    def role_shown(self, user: User) -> SafeString:
        """Show the role."""
        return looks.role_badge(user)

    @admin.display(description="Standing")
    def standing_shown(self, user: User) -> SafeString:
        """Show how the person stands."""
        return looks.standing_badge(user)

    @admin.display(description="Joined")
    def joined(self, user: User) -> SafeString | str:
        """Show when the account was made."""
        return moment(user.created_at)

    def may_add(self, request: HttpRequest) -> bool:
        """Tell whether the viewer makes service accounts; people sign up themselves."""
        return is_admin(request)

    def new_row(self, request: HttpRequest) -> Decision:
        """Return the page that makes a service account."""
        return service_actions.make(self, request)

    def row_actions(self) -> Sequence[RowAction[User]]:
        """Return what may be decided about a person."""
        return [*decisions.actions(self), *service_actions.actions(self)]

    def detail(self, request: HttpRequest, row: User) -> Detail:
        """Show the person with everything that was decided about them."""
        facts = [
            Fact("Number", f"#{row.pk}"),
            Fact("Address", looks.email_of(row), "" if is_admin(request) else "shown to admins"),
            Fact("Kind", row.get_kind_display()),
            Fact("Role", row.get_role_display()),
            Fact("Joined", moment(row.created_at)),
            *self._groups(row),
        ]
        if row.erase_at is not None:
            facts.append(Fact("Will be deleted", moment(row.erase_at), "asked for by the person"))
        _, until = access.standing_of(row)
        if until is not None:
            facts.append(Fact("Until", moment(until)))
        return Detail(
            title=row.name,
            badges=[looks.role_badge(row), looks.standing_badge(row)],
            facts=facts,
            tables=[self._decided(request, row)],
            related=[
                *self.lists_of(
                    request, f"user:{row.pk}", "conversation", "message", "reply", "usagerecord"
                ),
                *self.lists_of(request, f"user:{row.pk}", "apitoken", "auditevent"),
            ],
        )

    def front(self, request: HttpRequest) -> Front:
        """Show who is kept out and who is new."""
        kept_out = Restriction.objects.running()
        yesterday = timezone.now() - timedelta(days=1)
        newest = (
            User.objects.people().order_by("-id").values_list("created_at", flat=True)[:COUNT_LIMIT]
        )
        joined = sum(created_at > yesterday for created_at in newest)
        more = "+" if joined == COUNT_LIMIT else ""
        return Front(
            figures=[
                Figure(
                    "Kept out",
                    count_up_to(kept_out, COUNT_LIMIT),
                    f"{joined:,}{more} joined, 24 hours",
                    f"{self.list_url()}?standing={Standing.SUSPENDED}",
                    icon="block",
                )
            ]
        )

    def _groups(self, user: User) -> list[Fact]:
        found = list(groups.own_groups_of(user)[:GROUPS_SHOWN])
        names = format_html_join(", ", "{}", ((self.link_to(one, one.name),) for one in found))
        return [Fact("Groups", names)] if found else []

    def _decided(self, request: HttpRequest, user: User) -> Table:
        rows: QuerySet[Restriction] = standing.list_restrictions(user=user)
        rows = looks.with_kept_reasons(rows.select_related("created_by", "lifted_by"), request)
        lines = [
            (
                moment(row.created_at),
                row.get_kind_display(),
                row.created_by.name if row.created_by else EMPTY,
                looks.reason_of(row, preview(row.reason)),
                moment(row.ends_at),
                moment(row.lifted_at),
            )
            for row in rows[:RESTRICTIONS_SHOWN]
        ]
        columns = ("When", "What", "By", "Reason", "Ends", "Lifted")
        return Table("Decided about this person", columns, lines, "Nothing was decided about them.")
