"""The limits of django-allauth's pages, in its own form, from the same settings as the API's."""


def limits_of_pages(*, signup: str, login: str) -> dict[str, str]:
    """Return how often one address may sign up and fail to sign in on the pages.

    Args:
        signup: RATE_LIMIT_SIGNUP, such as `20/hour`.
        login: RATE_LIMIT_LOGIN; one account is guarded by a limit of its own beside it.
    """
    return {
        "signup": _by_address(signup),
        "login_failed": f"{_by_address(login)},5/5m/key",
    }


def _by_address(rate: str) -> str:
    count, _, period = rate.partition("/")
    return f"{count}/{period[:1]}/ip"
