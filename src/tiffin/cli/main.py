"""The command `tiffin`: gathers the commands of this package, one file each."""

import typer

from tiffin import __version__
from tiffin.cli import bench, dead_letters, demo, doctor, epoch, grant, migrate, seed, serve, up, work
from tiffin.cli.console import HonestGroup, console

app = typer.Typer(
    name="tiffin",
    cls=HonestGroup,
    help="Self-hosted food delivery, live. `tiffin up` starts all of it on this machine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # its tracebacks print local variables, secrets among them
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.command("up")(up.up)
app.command("serve")(serve.serve)
app.command("work")(work.work)
app.command("migrate")(migrate.migrate)
app.command("seed")(seed.seed)
app.command("doctor")(doctor.doctor)
app.command("grant")(grant.grant)
app.command("demo")(demo.demo)
app.command("bench")(bench.bench)
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(epoch.app, name="epoch")


def _show_version(wanted: bool) -> None:
    if wanted:
        console.print(f"tiffin {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(False, "--version", callback=_show_version, is_eager=True, help="Show the version."),
) -> None:
    """Options before the command."""


def main() -> None:
    """The entry point of the installed script."""
    app()


if __name__ == "__main__":
    main()
