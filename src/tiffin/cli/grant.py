"""`tiffin grant`: give an account a platform role, or take it back; how the first administrator is made."""

from typing import Annotated

import typer

from tiffin.base.principal import Role
from tiffin.cli.console import console, load_settings, run
from tiffin.cli.servers import reachable
from tiffin.cli.up import with_private_key


def grant(
    email: Annotated[str, typer.Argument(help="The account's address.")],
    role: Annotated[Role, typer.Argument(help="The role.")],
    revoke: Annotated[bool, typer.Option("--revoke", help="Take the role back.")] = False,
) -> None:
    """Give an account a role, or take it back with --revoke; live at once."""
    run(_grant(email, role, revoke))


async def _grant(email: str, role: Role, revoke: bool) -> None:
    from tiffin.app.wiring import grant_role

    async with reachable(load_settings()) as settings:
        await grant_role(with_private_key(settings), email, role, revoke=revoke)
    console.print(f"[green]✓[/] {email} is {'no longer' if revoke else 'now'} {role.value}")
