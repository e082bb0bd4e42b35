"""One short run with every kind of fault once: nothing is lost, nothing comes twice, nobody sees what they may not."""

import os

import pytest
from tests.chaos.faults import KINDS
from tests.chaos.scenario import Plan, open_scenario
from tests.chaos.system import data_folder

_SEED = int(os.environ.get("TIFFIN_CHAOS_SEED", "11"))


@pytest.mark.timeout(150)
async def test_every_kind_of_fault_once() -> None:
    plan = Plan(_SEED, seconds=16.0, once=True, orders_per_second=4.0, lanes=3)
    with data_folder() as folder:
        async with open_scenario(plan, folder) as scenario:
            verdict = await scenario.run()
    assert verdict.holds, f"TIFFIN_CHAOS_SEED={_SEED}\n{verdict}"
    assert set(verdict.faults) == {kind.name for kind in KINDS}, "some faults found no time"
    assert verdict.orders > 40
    assert scenario.turned_away() > 4, "nobody tried to see what they may not"
