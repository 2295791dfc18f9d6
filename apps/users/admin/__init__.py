"""People, what was decided about them, and the tokens of their programs."""

from apps.users.admin import groups, people, restrictions, tokens

__all__ = ["groups", "people", "restrictions", "tokens"]
