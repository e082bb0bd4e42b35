import itertools

from hypothesis import given
from hypothesis import strategies as st

from tiffin.client.sse_parser import Message, SseParser

_STREAM = (
    b"\xef\xbb\xbfretry: 3417\nid: e:1;-\n\n"
    b': a comment\r\nevent: order.placed\r\nid: e:2;-\r\ndata: {"a":1}\r\n\r\n'
    b"data: one\rdata:two\rdata:  three\r\r"
    b"id: with\x00nul\ndata\n\n"
    b"event: lost type\n\n"
    b"event: heartbeat\ndata: {}\n\n"
    b"id\ndata: ids can be emptied\nunknown: field\nretry: 12x\n\n"
    b"data: \xc3\xa4\xf0\x9f\x8d\x9b \xff\n\n"
    b"event: cut\ndata: never dispatched\n"
)
_MESSAGES = [
    Message("order.placed", '{"a":1}', "e:2;-"),
    Message("message", "one\ntwo\n three", "e:2;-"),
    Message("message", "", "e:2;-"),
    Message("heartbeat", "{}", "e:2;-"),
    Message("message", "ids can be emptied", ""),
    Message("message", "ä🍛 \ufffd", ""),
]


def test_reads_every_rule_of_the_standard() -> None:
    parser = SseParser()
    assert parser.feed(_STREAM) == _MESSAGES
    assert parser.retry_ms == 3417


@given(st.lists(st.integers(0, len(_STREAM)), max_size=40))
def test_pieces_of_any_size_give_the_same_messages(cuts: list[int]) -> None:
    parser = SseParser()
    edges = [0, *sorted(cuts), len(_STREAM)]
    messages = [message for begin, end in itertools.pairwise(edges) for message in parser.feed(_STREAM[begin:end])]
    assert messages == _MESSAGES


def test_byte_by_byte() -> None:
    parser = SseParser()
    assert [message for byte in _STREAM for message in parser.feed(bytes([byte]))] == _MESSAGES


_LINE = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=20)


@given(
    st.lists(st.lists(_LINE, min_size=1, max_size=4), max_size=6),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.integers(1, 7),
)
def test_data_comes_out_as_it_went_in(blocks: list[list[str]], end: str, size: int) -> None:
    stream = "".join("".join(f"data: {line}{end}" for line in lines) + end for lines in blocks).encode()
    parser = SseParser()
    pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
    assert [message.data for piece in pieces for message in parser.feed(piece)] == ["\n".join(b) for b in blocks]


def test_an_id_only_block_moves_the_id_without_a_message() -> None:
    parser = SseParser()
    assert parser.feed(b"id: e:9\n\n") == []
    assert parser.last_event_id == "e:9"


def test_an_id_counts_from_the_blank_line_on() -> None:
    parser = SseParser()
    parser.feed(b"id: e:9\n")
    assert parser.last_event_id == ""


def test_a_second_bom_is_content() -> None:
    assert SseParser().feed(b"\xef\xbb\xbf\xef\xbb\xbfdata: x\n\n") == []
