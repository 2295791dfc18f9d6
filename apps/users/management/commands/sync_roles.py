from typing import Any

from django.core.management.base import BaseCommand

from apps.users.services import roles


class Command(BaseCommand):
    """Bring groups, their permissions and memberships back to what is declared for each role."""

    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401
        """Do it, and name what the database lacks and what groups had beyond what is declared."""
        synced = roles.sync_roles()
        for name in synced.missing:
            self.stderr.write(f"The database has no permission {name}. Run migrate first.")
        for name in synced.removed:
            self.stdout.write(f"Taken away: {name}")
        self.stdout.write("Roles are as declared.")
