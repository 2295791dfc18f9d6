from django.urls import URLPattern, path

from apps.moderation.consumers import DeskConsumer

websocket_urlpatterns: list[URLPattern] = [path("ws/desk/", DeskConsumer.as_asgi())]
