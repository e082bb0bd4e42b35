from tests.chaos.history import Call, Fault, History, Outcome, Stood
from tests.chaos.pauses import Pause, longest_pause, pauses


def test_the_longest_pause() -> None:
    assert longest_pause([1.0, 2.0, 6.0, 20.0], 0.0, 7.0) == 4.0
    assert longest_pause([], 0.0, 7.0) == 7.0


def test_the_longest_pauses_by_kind_of_fault() -> None:
    history = History(faults=[Fault("drain", "web-1", 10.0, 11.0), Fault("drain", "web-2", 20.0, 21.0)])
    for at in (9.0, 12.0, 13.5, 21.0, 24.0, 30.0):
        history.calls.append(Call("a", "a", "order.place", "k", "1", "placed", at, at, Outcome.ACKNOWLEDGED))
    history.calls.append(Call("a", "a", "order.place", "k", "", "placed", 22.0, 22.5, Outcome.UNKNOWN))
    history.steps = [Stood("a", "t", "e", 1, at) for at in (12.0, 23.0, 25.0)]
    assert pauses(history) == {"drain": Pause(3.0, 4.0)}
