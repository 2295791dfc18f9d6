"""The person behind a request of the admin, as far as this app may know them."""

from django.http import HttpRequest


def is_admin(request: HttpRequest) -> bool:
    """Tell whether the viewer manages people, and so sees addresses and the system's own work."""
    return bool(getattr(request.user, "is_admin", False))


def has_right(request: HttpRequest, name: str) -> bool:
    """Tell whether the viewer has a permission, as `app.codename`."""
    return request.user.has_perm(name)
