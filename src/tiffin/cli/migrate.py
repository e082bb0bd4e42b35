"""`tiffin migrate`: bring the database to the newest revision; safe to run from several nodes at once."""

from tiffin.cli.console import load_settings, run, step
from tiffin.cli.servers import connected, describe_upgrade, reachable


def migrate() -> None:
    """Bring the database up to date."""
    run(_migrate())


async def _migrate() -> None:
    from tiffin.db.migrations import upgrade

    async with reachable(load_settings(), create=True) as settings:
        assert settings.database_url is not None
        async with connected(settings):  # a clear error if it does not answer
            pass
        with step("Migrating") as said:
            done = describe_upgrade(*await upgrade(settings.database_url.get_secret_value()))
            said.append(done[0].upper() + done[1:])
