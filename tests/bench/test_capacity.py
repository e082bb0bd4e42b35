from pathlib import Path

import pytest

from tiffin.bench.capacity import Costs, plan, simulate, table


def test_ten_times_the_users_are_ten_times_the_load() -> None:
    small, large = plan(100_000, Costs()), plan(1_000_000, Costs())
    assert large.orders_per_second == pytest.approx(10 * small.orders_per_second)
    assert large.postgres_cores == pytest.approx(10 * small.postgres_cores)
    assert large.web_processes > small.web_processes


def test_an_idle_system_takes_as_long_as_its_parts() -> None:
    costs = Costs()
    mean = sum(seconds := simulate(0.5, 4, 4, costs, 4000)) / len(seconds)
    assert mean == pytest.approx((costs.python_ms_an_order + costs.postgres_ms_an_order) / 1e3, rel=0.1)


def test_a_full_system_queues_and_another_process_helps() -> None:
    def p50(web: int) -> float:
        seconds = sorted(simulate(150, web, 2, Costs()))  # 150 orders of 6.3 ms: 94 % of one process
        return seconds[len(seconds) // 2]

    assert p50(1) > 2 * p50(2)


def test_the_document_shows_what_the_model_says() -> None:
    document = Path(__file__).parents[2] / "docs" / "scaling.md"
    assert table(Costs()) in document.read_text(encoding="utf-8")
