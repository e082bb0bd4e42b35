"""`python -m tests.chaos.run`: a run as long as wished, with its progress on the terminal and the verdict at the end.

Ctrl-C ends it early, with the verdict so far. The exit status is 1 if a promise was broken.
"""

import argparse
import asyncio
import contextlib
import os
import random
import signal
import sys
import time

from rich.console import Console
from rich.live import Live
from rich.table import Table
from tests.chaos.checker import Kind, Verdict
from tests.chaos.history import Outcome
from tests.chaos.pauses import pauses
from tests.chaos.scenario import Plan, Scenario, open_scenario
from tests.chaos.system import data_folder

_MOST_FINDINGS = 40


def main() -> None:
    """Read the arguments, run, exit."""
    parser = argparse.ArgumentParser(description="Orders under faults, and a verdict on what clients saw.")
    parser.add_argument("--seconds", type=float, default=120.0, help="how long orders and faults go on")
    parser.add_argument("--seed", type=int, default=None, help="the same number chooses the same faults")
    parser.add_argument("--once", action="store_true", help="every kind of fault once, then end")
    asked = parser.parse_args()
    seed = random.randrange(1_000_000) if asked.seed is None else asked.seed
    for name in [name for name in os.environ if name.startswith(("TIFFIN_", "PG"))]:
        del os.environ[name]
    verdict = asyncio.run(_run(_plan(seed, asked.seconds, once=asked.once)))
    sys.exit(0 if verdict.holds else 1)


def _plan(seed: int, seconds: float, *, once: bool) -> Plan:
    """Long runs let parts stay away for up to a minute."""
    away = (1.0, 60.0) if seconds >= 400 else (1.0, 6.0)
    return Plan(seed, seconds, once=once, away_seconds=away, pause_seconds=(0.5, 4.0), settle_seconds=90.0)


async def _run(plan: Plan) -> Verdict:
    console = Console()
    console.print(f"Orders under faults for {plan.seconds:.0f} s, seed {plan.seed}. Ctrl-C ends it.")
    with data_folder() as folder:
        async with open_scenario(plan, folder) as scenario:
            asyncio.get_running_loop().add_signal_handler(signal.SIGINT, scenario.stop.set)
            showing = asyncio.create_task(_show(scenario, console))
            try:
                verdict = await scenario.run()
            finally:
                showing.cancel()
                await asyncio.gather(showing, return_exceptions=True)
                asyncio.get_running_loop().remove_signal_handler(signal.SIGINT)
            _tell(console, scenario, verdict)
            return verdict


async def _show(scenario: Scenario, console: Console) -> None:
    begun = time.monotonic()
    with Live(console=console, refresh_per_second=2, transient=True) as live:
        while True:
            live.update(_progress(scenario, time.monotonic() - begun))
            await asyncio.sleep(0.5)


def _progress(scenario: Scenario, seconds: float) -> Table:
    history = scenario.recorder.history
    orders = sum(call.name == "order.place" and call.outcome is Outcome.ACKNOWLEDGED for call in history.calls)
    table = Table(show_header=False, box=None)
    table.add_row("stage", f"{scenario.stage}, {seconds:.0f} s")
    table.add_row("orders", f"{orders} acknowledged, {scenario.open_orders} on their way")
    table.add_row("seen", f"{len(history.steps)} events and snapshots")
    table.add_row("faults", str(len(history.faults)))
    with contextlib.suppress(AttributeError):  # no trouble yet
        table.add_row("now", ", ".join(f"{kind} ({where})" for kind, where in scenario.trouble.now.items()) or "–")
    return table


def _tell(console: Console, scenario: Scenario, verdict: Verdict) -> None:
    table = Table(title=f"Verdict, seed {scenario.plan.seed}")
    table.add_column("fault")
    table.add_column("times", justify="right")
    table.add_column("longest without an order acknowledged, s", justify="right")
    table.add_column("without an event seen, s", justify="right")
    longest = pauses(scenario.recorder.history)
    for kind, count in sorted(verdict.faults.items()):
        table.add_row(kind, str(count), *(f"{pause:.1f}" for pause in longest[kind]))
    console.print(table)
    counts = ", ".join(f"{kind} {verdict.count(kind)}" for kind in Kind)
    console.print(f"{verdict.orders} orders, {verdict.events} events seen; {counts}")
    for finding in verdict.findings[:_MOST_FINDINGS]:
        console.print(f"[red]✗[/] {finding}", highlight=False)
    console.print("[green]Every promise was kept.[/]" if verdict.holds else "[red]A promise was broken.[/]")


if __name__ == "__main__":
    main()
