"""People, what was decided about them, and the tokens of their programs."""

from apps.users.admin import people, restrictions, tokens

__all__ = ["people", "restrictions", "tokens"]
