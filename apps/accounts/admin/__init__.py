"""What staff see of accounts as a whole: the limits of single tokens, on the tokens' own pages."""

from apps.accounts.admin.token_limits import LimitedTokenAdmin

__all__ = ["LimitedTokenAdmin"]
