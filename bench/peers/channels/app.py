"""Django Channels on Daphne with the layer in memory: one group, an SSE consumer for each client."""

from typing import Any

import django
from channels.generic.http import AsyncHttpConsumer
from channels.layers import get_channel_layer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.conf import settings
from django.urls import path

settings.configure(
    SECRET_KEY="only for a benchmark",  # noqa: S106 - it signs nothing
    ALLOWED_HOSTS=["*"],
    INSTALLED_APPS=["channels"],
    CHANNEL_LAYERS={"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}},
)
django.setup()

_GROUP = "bench"


class Subscribe(AsyncHttpConsumer):
    """An event stream."""

    async def handle(self, _: bytes) -> None:
        """Begin the stream; the group's messages follow."""
        await self.channel_layer.group_add(_GROUP, self.channel_name)
        await self.send_headers(headers=[(b"Content-Type", b"text/event-stream")])
        await self.send_body(b": open\n\n", more_body=True)

    async def http_request(self, message: dict[str, Any]) -> None:
        """As in the parent, which would end the stream here."""
        await self.handle(message.get("body", b""))

    async def bench_event(self, message: dict[str, Any]) -> None:
        """A message of the group."""
        await self.send_body(f"event: bench\ndata: {message['text']}\n\n".encode(), more_body=True)

    async def disconnect(self) -> None:
        """The client has gone."""
        await self.channel_layer.group_discard(_GROUP, self.channel_name)


class Publish(AsyncHttpConsumer):
    """Send the body to everybody."""

    async def handle(self, body: bytes) -> None:
        """The layer takes it for the group."""
        await get_channel_layer().group_send(_GROUP, {"type": "bench.event", "text": body.decode()})
        await self.send_response(204, b"")


application = ProtocolTypeRouter(
    {"http": URLRouter([path("sub", Subscribe.as_asgi()), path("pub", Publish.as_asgi())])}
)
