from tiffin.demo.ledger import Ledger, percentile


def _ledger() -> Ledger:
    ledger = Ledger()
    ledger.expect("r1", ["till", "kitchen"])
    return ledger


def test_an_order_is_lost_until_every_device_shows_it() -> None:
    ledger = _ledger()
    ledger.placed("o1", "r1", 0.0)
    assert (ledger.lost, ledger.on_screens) == (1, 0)
    assert ledger.shown("o1", "till", as_new=True)
    assert ledger.lost == 1
    assert ledger.shown("o1", "kitchen", as_new=True)
    assert (ledger.lost, ledger.on_screens, ledger.twice) == (0, 1, 0)


def test_a_screen_may_be_faster_than_the_answer() -> None:
    ledger = _ledger()
    ledger.shown("o1", "till", as_new=True)
    ledger.shown("o1", "kitchen", as_new=False)
    placed = ledger.placed("o1", "r1", 0.0)
    assert ledger.lost == 0
    assert ledger.percentile(0.5) == Ledger.latency(placed) == max(placed.shown_at.values())


def test_new_again_is_twice_and_a_board_loaded_again_is_not() -> None:
    ledger = _ledger()
    ledger.placed("o1", "r1", 0.0)
    ledger.shown("o1", "till", as_new=True)
    assert not ledger.shown("o1", "till", as_new=False)
    assert ledger.twice == 0
    assert not ledger.shown("o1", "till", as_new=True)
    assert ledger.twice == 1


def test_other_restaurants_devices_do_not_count() -> None:
    ledger = _ledger()
    ledger.expect("r2", ["other"])
    ledger.placed("o1", "r1", 0.0)
    ledger.shown("o1", "other", as_new=True)
    assert ledger.lost == 1


def test_percentiles() -> None:
    assert percentile([], 0.5) is None
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert percentile(range(1, 101), 0.99) == 100
