from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.moderation.services.seeding import seeding


class Command(BaseCommand):
    """Fill a database of development with messages and cases, to measure with; once only."""

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the sizes."""
        parser.add_argument("--messages", type=int, default=1_000_000)
        parser.add_argument("--cases", type=int, default=50_000)

    def handle(self, *args: Any, messages: int, cases: int, **options: Any) -> None:  # noqa: ANN401
        """Write the rows and show how it goes."""
        try:
            for words in seeding.seed(messages=messages, cases=cases):
                self.stdout.write(words)
                self.stdout.flush()
        except seeding.SeedRefusedError as error:
            raise CommandError(str(error)) from error
