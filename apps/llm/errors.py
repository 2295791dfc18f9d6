"""What can go wrong at the model server: a closed set of codes, each with a sentence for a person.

    UpstreamError                 upstream_error          the server failed or reported an error
    +-- UpstreamUnreachableError  upstream_unreachable    no connection could be opened
    +-- UpstreamUnauthorizedError upstream_unauthorized   it does not accept our key
    +-- UpstreamRateLimitedError  upstream_rate_limited   it asks us to wait
    +-- UpstreamRejectedError     upstream_rejected       it refused, or pointed elsewhere
    +-- UpstreamTimeoutError      upstream_timeout        a deadline passed
    +-- UpstreamStalledError      upstream_stalled        it went silent in the middle of an answer
    +-- UpstreamCutError          upstream_cut            the connection was lost
    +-- UpstreamTruncatedError    upstream_truncated      the answer ended without a reason
    +-- UpstreamInvalidError      upstream_invalid        what it sent is not an answer
    +-- UpstreamTooLargeError     upstream_too_large      what it sent passes our limits
    +-- UpstreamPausedError       upstream_paused         it failed so often that it is left alone
    +-- UpstreamBusyError         upstream_busy           too many wait for it already
    +-- AssistantUnavailableError assistant_unavailable   no model that could be asked is on

None of them ever holds a text, key, host or exception of the upstream. Below them is what can go
wrong with what staff decide about models.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from apps.core.errors import (
    AppError,
    ConflictError,
    ForbiddenError,
    NotFoundError,
    ServiceUnavailableError,
)

if TYPE_CHECKING:
    from apps.llm.gateway.contract import Usage


class UpstreamError(AppError):
    """The model server failed or reported an error; also the base of all its failures.

    Attributes:
        is_unspent: whether the call surely used nothing: it was refused before an answer to it
            began, or never made. See docs/decisions/0169.
        reported: tokens that the model server reported though the call failed; None for no report.
    """

    is_unspent = False
    reported: Usage | None = None
    code = "upstream_error"
    status_code = 502
    default_message = "The model had a problem of its own. Try again in a moment."

    @classmethod
    def unspent(cls) -> Self:
        """Make one for a call that surely used nothing."""
        error = cls()
        error.is_unspent = True
        return error


class UpstreamUnreachableError(UpstreamError):
    """No connection to the model server could be opened."""

    is_unspent = True
    code = "upstream_unreachable"
    status_code = 503
    default_message = "The model cannot be reached at the moment. Try again in a minute."


class UpstreamUnauthorizedError(UpstreamError):
    """The model server does not accept the configured key."""

    is_unspent = True
    code = "upstream_unauthorized"
    is_final = True
    default_message = (
        "The model did not accept this service's credentials. Tell an administrator; "
        "trying again does not help."
    )


class UpstreamRateLimitedError(UpstreamError):
    """The model server asks to wait; `retry_after_seconds` says how long, where it is known."""

    is_unspent = True
    code = "upstream_rate_limited"
    status_code = 503
    default_message = "The model is busy with too many requests. Wait a little and try again."


class UpstreamRejectedError(UpstreamError):
    """The model server refused the request, or answered with a redirect, which is not followed."""

    is_unspent = True
    code = "upstream_rejected"
    is_final = True
    default_message = (
        "The model refused this request. Try a shorter message or another model; "
        "if it stays, tell an administrator."
    )


class UpstreamTimeoutError(UpstreamError):
    """Connecting, the first text or the whole answer took longer than its deadline."""

    code = "upstream_timeout"
    status_code = 504
    default_message = "The model took too long. Try again, or ask for less at once."


class UpstreamStalledError(UpstreamError):
    """The model server went silent in the middle of an answer."""

    code = "upstream_stalled"
    status_code = 504
    default_message = (
        "The model stopped sending in the middle of the answer. What arrived is kept; try again."
    )


class UpstreamCutError(UpstreamError):
    """The connection to the model server was lost."""

    code = "upstream_cut"
    default_message = "The connection to the model was lost. What arrived is kept; try again."


class UpstreamTruncatedError(UpstreamError):
    """The answer ended without a reason for its end, so nobody knows whether it is whole."""

    code = "upstream_truncated"
    default_message = (
        "The answer ended early and may be incomplete. What arrived is kept; try again."
    )


class UpstreamInvalidError(UpstreamError):
    """What the model server sent is not an answer that can be read."""

    code = "upstream_invalid"
    default_message = (
        "The model sent something that cannot be read. Try again; "
        "if it stays, tell an administrator."
    )


class UpstreamTooLargeError(UpstreamError):
    """What the model server sent passes the limits on size."""

    code = "upstream_too_large"
    default_message = (
        "The answer was larger than allowed. What arrived is kept; ask for less at once."
    )


class UpstreamPausedError(UpstreamError):
    """The model server failed so often that nobody asks it for a while."""

    is_unspent = True
    code = "upstream_paused"
    status_code = 503
    default_message = (
        "The model has problems and is left alone for a moment. Try again in a minute."
    )


class UpstreamBusyError(UpstreamError):
    """As many as may wait for the model wait already, or the wait took too long."""

    is_unspent = True
    code = "upstream_busy"
    status_code = 503
    default_message = "Too many people wait for this model. Try again in a minute."


class AssistantUnavailableError(UpstreamError):
    """No model that the assistant could ask is switched on."""

    is_unspent = True
    code = "assistant_unavailable"
    status_code = 503
    default_message = "No model is switched on for this assistant. Tell an administrator."


class ModelUnpricedError(ForbiddenError):
    """The allowance is one of money, and the model has no price: waiting does not help."""

    code = "model_unpriced"
    is_final = True
    default_message = (
        "The model has no price, and your allowance is one of money. Choose another model, or ask "
        "an admin to set its price."
    )


class ProviderNotFoundError(NotFoundError):
    """There is no such provider."""

    code = "provider_not_found"
    default_message = "This provider does not exist. Choose another one."


class ChatModelNotFoundError(NotFoundError):
    """There is no such model in the catalogue."""

    code = "chat_model_not_found"
    default_message = "This model does not exist. Choose another one."


class AssistantNotFoundError(NotFoundError):
    """There is no such assistant, or it is not for this person: the two look the same."""

    code = "assistant_not_found"
    default_message = "This assistant is not offered to you. Choose another one."


class FollowsSettingsError(ConflictError):
    """What follows the environment's settings is changed there, and nowhere else."""

    code = "follows_settings"
    default_message = "This follows the settings of the environment. Change them there."


class DefaultAssistantError(ConflictError):
    """The default assistant answers wherever nobody chose, so it stays on and for everybody."""

    code = "default_assistant"
    default_message = "This is the default assistant. Make another one the default first."


class VersionIsFinalError(ConflictError):
    """A version of an assistant is never changed or removed."""

    code = "version_is_final"
    default_message = "A version stays as it is. Write a new one."


class ModelsPausedError(ServiceUnavailableError):
    """Staff keep answers from being written at the moment."""

    code = "models_paused"
    default_message = (
        "Staff have paused the answers for the moment. Your message was not sent; "
        "keep it and try again later."
    )


class PauseConflictError(ConflictError):
    """There is such a pause already, or it was lifted already."""

    code = "pause_conflict"
    default_message = "Somebody else did this meanwhile. Load the page again and look."


class QuotaNotFoundError(NotFoundError):
    """There is no such quota, or it has ended."""

    code = "quota_not_found"
    default_message = "There is no such quota, or it has ended. Look at the quotas again."


class NoPublishedPriceError(NotFoundError):
    """The published price list has no price for the model."""

    code = "no_published_price"
    default_message = "The price list has no price for this model. Type one."
