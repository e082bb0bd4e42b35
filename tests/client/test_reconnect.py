from hypothesis import given
from hypothesis import strategies as st

from tiffin.client.reconnect import Reconnect


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 1, exclude_max=True)), max_size=40))
def test_pauses_keep_their_limits(losses: list[tuple[bool, float]]) -> None:
    chances = iter([chance for _, chance in losses])
    reconnect = Reconnect(["http://a"], chance=lambda: next(chances))
    for number, (back_off, chance) in enumerate(losses):
        pause = reconnect.after_loss(back_off=back_off)
        assert 0 <= pause <= 20
        if number == 0:
            assert (4 <= pause <= 8) if back_off else pause == chance * 2


def test_pauses_grow_until_the_connection_works() -> None:
    reconnect = Reconnect(["http://a"], chance=lambda: 1.0)
    assert [reconnect.after_loss() for _ in range(6)] == [2, 4, 8, 16, 20, 20]
    reconnect.worked()
    assert reconnect.after_loss() == 2


def test_moves_over_the_origins() -> None:
    reconnect = Reconnect(["http://a/", "http://b"])
    assert reconnect.origin == "http://a"
    reconnect.after_loss()
    assert reconnect.origin == "http://b"
    reconnect.after_end(4201)  # a lifetime is no reason to move
    assert reconnect.origin == "http://b"
    reconnect.after_end(4200)
    assert reconnect.origin == "http://a"


def test_does_what_the_server_asks_within_reason() -> None:
    reconnect = Reconnect(["http://a"])
    assert reconnect.after_end(4200, after_seconds=1.2) == 1.2
    assert reconnect.after_end(4200, after_seconds=3600) == 20


def test_a_refused_token_is_exchanged_once_between_two_connections_that_work() -> None:
    reconnect = Reconnect(["http://a"])
    assert reconnect.may_renew()
    assert not reconnect.may_renew()
    reconnect.worked()
    assert reconnect.may_renew()
