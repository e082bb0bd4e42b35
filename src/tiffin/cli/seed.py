"""`tiffin seed`: fill the database with the demo city, for looking around and for development."""

from tiffin.cli.console import console, load_settings, run, step
from tiffin.cli.servers import reachable
from tiffin.cli.up import with_private_key


def seed() -> None:
    """Fill the database with twelve restaurants in Helsinki, their menus and staff."""
    run(_seed())


async def _seed() -> None:
    from tiffin.demo import city

    async with reachable(load_settings(), create=True) as found:
        settings = with_private_key(found)
        assert settings.database_url is not None
        nats_url = settings.nats_url.get_secret_value() if settings.nats_url else None
        with step("Seeding the demo city") as said:
            report = await city.seed(settings.database_url.get_secret_value(), nats_url, settings)
            said.append("The demo city is there")
    console.print(report)
