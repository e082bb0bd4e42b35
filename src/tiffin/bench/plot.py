"""Horizontal bars as SVG, without a library: readable on light and dark pages, and as plain text in a diff."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_WIDTH = 720
_LABEL_WIDTH = 190
_VALUE_WIDTH = 90
_BAR_HEIGHT = 20
_ROW_HEIGHT = 30
_TOP = 56
_BOTTOM = 16
_STYLE = """\
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.title { font-size: 15px; font-weight: 600 }
.unit { fill: #59636e }
.bar { fill: #8c959f }
.ours { fill: #d1570b }
.aim { stroke: #1a7f37; stroke-width: 2; stroke-dasharray: 4 3 }
.aim-text { fill: #1a7f37; font-size: 12px }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .unit { fill: #9198a1 }
  .bar { fill: #6e7681 }
  .ours { fill: #f0883e }
  .aim { stroke: #3fb950 }
  .aim-text { fill: #3fb950 }
}"""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar. `is_ours` sets it apart from what it is compared with."""

    label: str
    value: float
    is_ours: bool = True


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars of one unit, and where they should end, if that is said."""

    title: str
    unit: str
    bars: Sequence[Bar]
    aim: float | None = None


def draw(chart: Chart) -> str:
    """The chart as an SVG document. Raises ValueError without bars."""
    if not chart.bars:
        raise ValueError(f"no bars in {chart.title!r}")
    height = _TOP + _ROW_HEIGHT * len(chart.bars) + _BOTTOM
    longest = max([bar.value for bar in chart.bars] + [chart.aim or 0.0]) or 1.0
    scale = (_WIDTH - _LABEL_WIDTH - _VALUE_WIDTH) / longest
    rows = [_row(number, bar, scale) for number, bar in enumerate(chart.bars)]
    aim = [] if chart.aim is None else [_aim(chart.aim, scale, height)]
    return "\n".join([*_head(chart, height), *rows, *aim, "</svg>", ""])


def _head(chart: Chart, height: int) -> list[str]:
    spoken = ", ".join(f"{bar.label} {show(bar.value)}" for bar in chart.bars)
    size = f'viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}"'
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">',
        f"<title>{escape(chart.title)} ({escape(chart.unit)}): {escape(spoken)}</title>",
        f"<style>{_STYLE}</style>",
        f'<text class="title" x="8" y="22">{escape(chart.title)}</text>',
        f'<text class="unit" x="8" y="41">{escape(chart.unit)}</text>',
    ]


def _row(number: int, bar: Bar, scale: float) -> str:
    top, width = _TOP + number * _ROW_HEIGHT, max(1.0, bar.value * scale)
    middle = top + _BAR_HEIGHT - 5
    kind = "bar ours" if bar.is_ours else "bar"
    return (
        f'<text x="{_LABEL_WIDTH - 8}" y="{middle}" text-anchor="end">{escape(bar.label)}</text>'
        f'<rect class="{kind}" x="{_LABEL_WIDTH}" y="{top}" width="{width:.1f}" height="{_BAR_HEIGHT}" rx="3"/>'
        f'<text x="{_LABEL_WIDTH + width + 6:.1f}" y="{middle}">{show(bar.value)}</text>'
    )


def _aim(aim: float, scale: float, height: int) -> str:
    left = _LABEL_WIDTH + aim * scale
    return (
        f'<line class="aim" x1="{left:.1f}" x2="{left:.1f}" y1="{_TOP - 6}" y2="{height - _BOTTOM}"/>'
        f'<text class="aim-text" x="{left:.1f}" y="{_TOP - 10}" text-anchor="middle">aim ≤ {show(aim)}</text>'
    )


def show(value: float) -> str:
    """A figure for people: three digits that count, thousands apart."""
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
