"""The demo's administrator: tells everybody, customers or couriers something now and then, and lets it expire."""

import asyncio
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from tiffin.client import ConnectionLost, ProblemError
from tiffin.demo.city import Person

Tell = Callable[[str], None]

# (audience, severity, in English, in Finnish)
_NEWS = (
    (
        "customers",
        "info",
        ("Free delivery on Friday", "From 17 to 21, everywhere in the city."),
        ("Ilmainen kuljetus perjantaina", "Kello 17–21 koko kaupungissa."),
    ),
    (
        "everyone",
        "warning",
        ("Heavy rain", "Food may come a little later. Thank you for your patience."),
        ("Rankkasade", "Ruoka voi tulla hieman myöhemmin. Kiitos kärsivällisyydestä."),
    ),
    (
        "couriers",
        "info",
        ("Lights on, please", "It is dark early these days."),
        ("Valot päälle", "Näinä päivinä pimenee aikaisin."),
    ),
    (
        "restaurants",
        "info",
        ("Busy evening ahead", "The match begins at 19."),
        ("Luvassa vilkas ilta", "Ottelu alkaa kello 19."),
    ),
)
_FIRST_SECONDS = 15.0
_EVERY_SECONDS = 45.0
_LASTS = timedelta(minutes=5)


async def announce_now_and_then(administrator: Person, chance: random.Random, tell: Tell) -> None:
    """Until cancelled."""
    await asyncio.sleep(_FIRST_SECONDS)
    while True:
        for kind, severity, (title, body), (finnish_title, finnish_body) in _NEWS:
            texts = {"en": {"title": title, "body": body}, "fi": {"title": finnish_title, "body": finnish_body}}
            expires_at = (datetime.now(UTC) + _LASTS).isoformat()
            try:
                await administrator.tiffin.announce({"kind": kind}, texts, severity=severity, expires_at=expires_at)
                tell(f"[magenta]{administrator.name}[/] announces to {kind}: {title}")
            except (ProblemError, ConnectionLost) as error:
                tell(f"[red]![/] {administrator.name}: {error}")
            await asyncio.sleep(_EVERY_SECONDS * chance.uniform(0.8, 1.2))
