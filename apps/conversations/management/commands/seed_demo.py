from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.conversations.services import demo


class Command(BaseCommand):
    """Make an admin, a moderator and a user to try Parley with, and a little history."""

    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401
        """Make who is missing, and say who was made."""
        try:
            made = demo.seed_demo()
        except demo.DemoRefusedError as error:
            raise CommandError(str(error)) from error
        for email in made:
            self.stdout.write(f"Made {email}.")
