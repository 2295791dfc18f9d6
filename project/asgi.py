"""The ASGI application: HTTP behind a body limit, static files in front of Django."""

import os

from apps.core.program_handler import get_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
django_application = get_application()

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.urls import re_path  # noqa: E402

from apps.conversations import routing as conversations  # noqa: E402
from apps.core.asgi import BodyLimit, no_socket, with_static_files  # noqa: E402
from apps.core.warming import set_apart, warm_addresses  # noqa: E402
from apps.moderation import routing as moderation  # noqa: E402

http_application = BodyLimit(with_static_files(django_application))
sockets = [
    *conversations.websocket_urlpatterns,
    *moderation.websocket_urlpatterns,
    re_path("", no_socket),  # type: ignore[arg-type]
]
application = ProtocolTypeRouter({"http": http_application, "websocket": URLRouter(sockets)})

warm_addresses()
set_apart()
