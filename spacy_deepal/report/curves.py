"""Learning curves, drawn like the paper's Figure 4."""

import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy

from ..errors import DeepALError
from ..files import write_atomically
from .compare import Comparison
from .runs import RecordedRun

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMATS = (".png", ".svg")
INK = "#24292f"
MUTED = "#5b6570"
# Batches of whole sentences end a little apart. Runs that end this close to each other, in percent
# of the words, count as equally long.
VISIBLE = 0.5


@dataclass(frozen=True)
class Style:
    """How an acquisition function looks: a colour, and a marker for readers who cannot tell the
    colours apart."""

    color: str
    marker: str


# The colours of Okabe and Ito, made for all kinds of colour vision, then Tol's. The functions of
# the paper always keep theirs.
KNOWN = {
    "RAND": Style("#6f6f6f", "o"),
    "LC": Style("#e69f00", "s"),
    "MNLP": Style("#0072b2", "^"),
    "BALD": Style("#009e73", "D"),
}
OTHERS = [
    Style(f"#{color}", marker)
    for color, marker in zip(
        "d55e00 cc79a7 56b4e9 000000 882255 999933 332288 44aa99".split(), "vPX*<>ph", strict=True
    )
]


def styles(names: Iterable[str]) -> dict[str, Style]:
    """RETURNS (dict[str, Style]): The look of each function, whatever the order of the runs."""
    others = cycle(OTHERS)
    return {name: KNOWN.get(name) or next(others) for name in sorted(set(names))}


def write_figure(comparison: Comparison, output: Path) -> Path:
    """Draw the learning curves alone.

    output (Path): The picture, .png or .svg.
    RAISES (DeepALError): No round is finished, or the picture is of another kind.
    """
    output = Path(output)
    if output.suffix not in FORMATS:
        raise DeepALError(f"Cannot draw {output}. Name the figure *.png or *.svg.")
    if not comparison.started:
        raise DeepALError(
            "There is nothing to draw yet: no round is finished in "
            f"{comparison.runs[0].folder.path}. Wait for one."
        )
    content = figure_bytes(draw_curves(comparison, 7.2, 4.2), output.suffix[1:])
    with write_atomically(output, "wb") as stream:
        stream.write(content)
    return output


def inline_svg(comparison: Comparison, width: float, height: float, id: str) -> str:
    """Draw the curves as an <svg> element inside a page.

    width, height (float): Size in inches at which the text has its natural size.
    id (str): A prefix for every id in the element, so that two of them can share a page.
    RETURNS (str): The markup. Its letters are text in the page's font, and it scales to its place.
        Empty if no round is finished.
    """
    if not comparison.started:
        return ""
    label = "Learning curves: test F1 against percent of words labelled"
    return svg_element(draw_curves(comparison, width, height), id, label)


def svg_element(drawing: "Figure", id: str, label: str) -> str:
    """RETURNS (str): A figure as an <svg> element.

    id (str): As for `inline_svg`.
    label (str): What the figure shows, for people who do not see it. It needs no escaping.
    """
    svg = figure_bytes(drawing, "svg", text=True).decode("utf8")
    svg = re.sub(r'( id="|href="#|url\(#)', rf"\1{id}-", svg[svg.index("<svg") :])
    svg = re.sub(r' (width|height)="[^"]*pt"', "", svg, count=2)  # those of the element
    return svg.replace("<svg", f'<svg role="img" aria-label="{label}"', 1)


def figure_bytes(drawing: "Figure", format: str, *, text: bool = False) -> bytes:
    """RETURNS (bytes): The figure as a "png" or "svg" file, the same bytes every time.

    text (bool): Keep letters as text in an svg, in the reader's fonts. With False, draw them.
    """
    import matplotlib

    metadata = dict.fromkeys(("Date", "Creator", "Format", "Type")) if format == "svg" else None
    settings: Any = {"svg.fonttype": "none" if text else "path", "svg.hashsalt": "spacy_deepal"}
    buffer = io.BytesIO()
    with matplotlib.rc_context(settings):
        drawing.savefig(buffer, format=format, dpi=200, metadata=metadata)
    return buffer.getvalue()


def draw_curves(comparison: Comparison, width: float, height: float) -> "Figure":
    """Draw the learning curves in a figure of their own, as `draw_comparison` does.

    width, height (float): Size in inches.
    RETURNS (Figure): The figure. Pyplot and its global state are not involved.
    """
    from matplotlib.figure import Figure

    drawing = Figure(figsize=(width, height), layout="constrained")
    draw_comparison(drawing.add_subplot(), comparison)
    return drawing


def draw_comparison(axes: "Axes", comparison: Comparison) -> None:
    """Draw test F1 in points against percent of the words labelled, a line for each function.
    Models trained on the whole pool become horizontal lines."""
    if comparison.full is not None and comparison.target is not None:
        full, target = 100 * comparison.full, 100 * comparison.target
        axes.axhline(full, color=INK, lw=1, label=f"full data: {full:.2f}")
        axes.axhline(target, color=INK, lw=1, ls=(0, (5, 3)), label=f"99% of it: {target:.2f}")
    if (shallow := comparison.shallow) is not None:
        label = f"shallow model: {100 * shallow:.2f}"
        axes.axhline(100 * shallow, color=MUTED, lw=1.2, ls=(0, (1, 2)), label=label)
    for other in comparison.baselines:
        label = f"{other.name}: {100 * other.f:.2f}"
        axes.axhline(100 * other.f, color=MUTED, lw=1.2, ls=(0, (4, 2, 1, 2)), label=label)
    for name, style in styles(run.name for run in comparison.runs).items():
        if group := [run for run in comparison.started if run.name == name]:
            _draw_function(axes, name, group, style)
    finish_axes(axes)


def finish_axes(axes: "Axes") -> None:
    """Name the axes of learning curves, and add the legend."""
    axes.set_xlabel("words labelled (% of the pool)", color=INK)
    axes.set_ylabel("test F1 (points)", color=INK)
    axes.set_xlim(left=0)
    quieten(axes)
    legend = axes.legend(loc="lower right", frameon=False, labelcolor=INK, fontsize=9)
    for text in legend.get_texts():
        text.set_parse_math(False)  # a name may have any characters


def quieten(axes: "Axes") -> None:
    """Draw grid, frame and ticks so that the data stand out."""
    axes.grid(color="#e4e7eb", lw=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color("#b6bdc5")
    axes.tick_params(color="#b6bdc5", labelcolor=MUTED)


def _draw_function(axes: "Axes", name: str, runs: list[RecordedRun], style: Style) -> None:
    """Draw the runs of one function, each with a finished round: their mean as a line, and a band
    from the lowest to the highest. Where one run is further than the others, its line is dotted."""
    x, f = mean_curve(runs)
    mean = f.mean(axis=0)
    label = f"{name} ({len(runs)} runs)" if len(runs) > 1 else name
    look: Any = {"color": style.color, "lw": 1.8, "marker": style.marker, "ms": 4.5, "mew": 0}
    axes.plot(x, mean, label=label, **look)
    if len(runs) > 1:
        axes.fill_between(x, f.min(axis=0), f.max(axis=0), color=style.color, alpha=0.18, lw=0)
    for run, own in zip(runs, f, strict=True):
        if run.rounds[-1].words_percent > x[-1] + VISIBLE:
            tail = [row for row in run.rounds if row.words_percent > x[-1]]
            tail_x = [x[-1], *(row.words_percent for row in tail)]
            tail_f = [own[-1], *(100 * row.ents_f for row in tail)]
            axes.plot(tail_x, tail_f, color=style.color, lw=1.2, ls=":")


def mean_curve(runs: list[RecordedRun]) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Bring runs onto common percentages of the words: for each round that all have, the mean one,
    kept inside the range that all cover. So F1 is interpolated between rounds and never beyond.

    runs (list[RecordedRun]): Runs with at least one finished round each.
    RETURNS (tuple[numpy.ndarray, numpy.ndarray]): Percent of the words, shape (n,), and F1 in
        points, shape (runs, n).
    """
    shared = min(len(run.rounds) for run in runs)
    x = numpy.mean([run.percents[:shared] for run in runs], axis=0)
    low = max(run.percents[0] for run in runs)
    high = min(run.percents[-1] for run in runs)
    x = numpy.unique(numpy.clip(x, low, max(low, high)))
    return x, 100 * numpy.array([numpy.interp(x, run.percents, run.curve) for run in runs])
