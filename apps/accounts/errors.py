"""What can be wrong with exports and with the limits of tokens, in words for a person."""

from apps.core.errors import ConflictError, ForbiddenError, NotFoundError


class ExportInProgressError(ConflictError):
    """One export of the person is on its way already."""

    code = "export_in_progress"
    default_message = "Your export is being written already. Wait until it is ready."


class ExportNotFoundError(NotFoundError):
    """The person has no export, or it was removed."""

    code = "export_not_found"
    default_message = "There is no export of yours. Ask for one first."


class ExportNotReadyError(ConflictError):
    """The export is not written to its end."""

    code = "export_not_ready"
    default_message = "Your export is not ready. Wait, or ask for another one if it failed."


class TokenMakesOthersError(ConflictError):
    """The token has the scope `account`: it could make another token without the limit."""

    code = "token_makes_others"
    default_message = (
        "A token of the scope account could make others that have no limit. "
        "Make one without that scope, and limit it."
    )


class TokenIsLimitedError(ForbiddenError):
    """The token has limits of its own, and one that it makes would have none."""

    code = "token_is_limited"
    default_message = (
        "This token has limits of its own, so it makes no other. Use one without limits."
    )
