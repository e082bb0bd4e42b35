"""What every command prints with, and how it fails: `step` with its time, `CommandFailed` with one sentence.

Progress is shown only on a terminal; results go to stdout, failures and warnings to stderr.
"""

import asyncio
import contextlib
import signal
import time
from collections.abc import Coroutine, Iterator
from typing import Any, TypeVar

import typer
import uvloop
from pydantic import ValidationError
from rich.console import Console
from typer.core import TyperGroup

from tiffin.base.errors import TiffinError
from tiffin.base.settings import Settings
from tiffin.embedded import EmbeddedServerFailed

R = TypeVar("R")

console = Console(highlight=False, soft_wrap=True)
error_console = Console(stderr=True, highlight=False, soft_wrap=True)


class CommandFailed(Exception):
    """A failure that was foreseen; the message says what to do."""

    def __init__(self, message: str, *, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class HonestGroup(TyperGroup):
    """Turns foreseen failures of any command into one sentence and an exit code."""

    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]
        """Run the command; a bug still shows its traceback."""
        try:
            return super().invoke(ctx)
        except CommandFailed as error:
            fail(str(error), error.exit_code)
        except (TiffinError, EmbeddedServerFailed) as error:
            fail(str(error), 1)


def fail(sentence: str, exit_code: int) -> None:
    """Print the sentence and leave with the code."""
    error_console.print("[bold red]✗[/]", end=" ")
    error_console.print(sentence, markup=False)
    raise typer.Exit(exit_code)


def warn(sentence: str) -> None:
    """Something a person should know that stops nothing."""
    error_console.print("[yellow]![/]", end=" ")
    error_console.print(sentence, markup=False)


@contextlib.contextmanager
def step(doing: str) -> Iterator[list[str]]:
    """Show `doing` while it runs, then its time; append to the yielded list what should stand there instead."""
    said: list[str] = []
    begun = time.perf_counter()
    with console.status(doing):
        yield said
    seconds = time.perf_counter() - begun
    console.print(f"[green]✓[/] {said[-1] if said else doing} [dim]{seconds:.2f} s[/]")


def load_settings(**overrides: Any) -> Settings:
    """Settings of the environment, changed by the options that were given. Raises CommandFailed with every problem."""
    try:
        return Settings(**{name: value for name, value in overrides.items() if value is not None})
    except ValidationError as error:
        problems = "; ".join(_describe(problem) for problem in error.errors(include_url=False, include_input=False))
        raise CommandFailed(f"the settings are not valid: {problems}", exit_code=2) from None


def _describe(problem: Any) -> str:
    message = str(problem["msg"]).removeprefix("Value error, ")
    return "".join(f"TIFFIN_{str(part).upper()}: " for part in problem["loc"][:1]) + message


def run(main: Coroutine[Any, Any, R]) -> R:
    """Run a command's coroutine; Ctrl-C and SIGTERM cancel it, so that everything it opened is closed."""
    try:
        return uvloop.run(_cancelled_by_sigterm(main))
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    except asyncio.CancelledError:
        raise typer.Exit(143) from None


async def _cancelled_by_sigterm(main: Coroutine[Any, Any, R]) -> R:
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await main
