"""Floor 1: NATS, the nerve. It makes things fast; nothing is true because NATS says so."""

from tiffin.nats.connection import NatsConnection

__all__ = ["NatsConnection"]
