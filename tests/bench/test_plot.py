from xml.etree import ElementTree

import pytest

from tiffin.bench.plot import Bar, Chart, draw, show

_SVG = "{http://www.w3.org/2000/svg}"


def _parse(chart: Chart) -> ElementTree.Element:
    return ElementTree.fromstring(draw(chart))


def test_bars_are_as_long_as_their_values() -> None:
    root = _parse(Chart("Speed", "µs", [Bar("tiffin", 10.0), Bar("other", 40.0, is_ours=False)]))
    ours, other = root.iter(f"{_SVG}rect")
    assert float(other.attrib["width"]) == pytest.approx(4 * float(ours.attrib["width"]), rel=0.01)
    assert ours.attrib["class"] == "bar ours"
    assert other.attrib["class"] == "bar"


def test_an_aim_beyond_all_bars_is_still_in_the_picture() -> None:
    root = _parse(Chart("Time", "ms", [Bar("tiffin", 10.0)], aim=150.0))
    (line,) = root.iter(f"{_SVG}line")
    assert float(line.attrib["x1"]) < float(root.attrib["width"])
    assert any(text.text == "aim ≤ 150" for text in root.iter(f"{_SVG}text"))


def test_labels_are_text_whatever_they_hold() -> None:
    root = _parse(Chart("a < b & c", "µs", [Bar("<script>", 1.0)]))
    texts = [text.text for text in root.iter(f"{_SVG}text")]
    assert "a < b & c" in texts
    assert "<script>" in texts


def test_it_is_read_in_the_dark_and_by_those_who_do_not_see() -> None:
    drawn = draw(Chart("Speed", "µs", [Bar("tiffin", 10.0)]))
    assert "prefers-color-scheme: dark" in drawn
    assert "<title>Speed (µs): tiffin 10</title>" in drawn


def test_bars_of_nothing_are_drawn_and_no_bars_are_refused() -> None:
    assert _parse(Chart("Lost", "orders", [Bar("tiffin", 0.0)])) is not None
    with pytest.raises(ValueError, match="no bars"):
        draw(Chart("Lost", "orders", []))


@pytest.mark.parametrize(("value", "shown"), [(0.0, "0"), (12345.0, "12,345"), (0.8123, "0.812"), (426.71, "427")])
def test_figures_have_three_digits_that_count(value: float, shown: str) -> None:
    assert show(value) == shown
