"""Learning curves, drawn like the paper's Figure 4."""

import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING

import numpy

from ..errors import DeepALError
from .compare import Full, find_full, read_f
from .files import write_file
from .runs import Run, read_runs

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMATS = (".png", ".svg")
INK = "#24292f"
MUTED = "#5b6570"
# Batches of whole sentences end a little apart: runs that far apart, in percent of the words, are
# equally long.
VISIBLE = 0.5


@dataclass(frozen=True)
class Style:
    """How an acquisition function looks: a colour, and a marker for who cannot tell the colour."""

    color: str
    marker: str


# Okabe and Ito's colours for all kinds of colour vision, then Tol's; the paper's functions keep
# theirs.
KNOWN = {
    "RAND": Style("#6f6f6f", "o"),
    "LC": Style("#e69f00", "s"),
    "MNLP": Style("#0072b2", "^"),
    "BALD": Style("#009e73", "D"),
}
OTHERS = (
    Style("#d55e00", "v"),
    Style("#cc79a7", "P"),
    Style("#56b4e9", "X"),
    Style("#000000", "*"),
    Style("#882255", "<"),
    Style("#999933", ">"),
    Style("#332288", "p"),
    Style("#44aa99", "h"),
)


def styles(names: Iterable[str]) -> dict[str, Style]:
    """Give each acquisition function a look that depends on no order of the runs."""
    others = cycle(OTHERS)
    return {name: KNOWN.get(name) or next(others) for name in sorted(set(names))}


def figure(
    run_dirs: Iterable[Path],
    output: Path,
    *,
    full: Sequence[Path] = (),
    shallow: Path | None = None,
) -> Path:
    """Write the picture of the learning curves alone.

    run_dirs (Iterable[Path]): The run folders.
    output (Path): The picture, .png or .svg.
    full (Sequence[Path]), shallow (Path | None): As for `report`.
    RETURNS (Path): The picture.
    RAISES (DeepALError): A folder is no run, no round is finished, or another kind of picture.
    """
    output = Path(output)
    if output.suffix not in FORMATS:
        raise DeepALError(f"Cannot draw {output}: name the figure *.png or *.svg")
    runs = read_runs(run_dirs)
    if not any(run.rounds for run in runs):
        raise DeepALError(f"Nothing to draw: no round is finished in {runs[0].path}")
    shallow_f = None if shallow is None else read_f(shallow)
    drawing = draw(runs, find_full(runs, full), shallow_f, width=7.2, height=4.2)
    write_file(output, render(drawing, output.suffix[1:]))
    return output


def inline_svg(
    runs: list[Run],
    full: Full | None,
    shallow: float | None,
    *,
    width: float,
    height: float,
    id: str,
) -> str:
    """Draw the curves as an <svg> element to stand inside a page.

    runs (list[Run]): The runs, at least one with a finished round.
    full (Full | None), shallow (float | None): As for `draw`.
    width, height (float): Size in inches at which the text has its natural size.
    id (str): Goes before every id in the element, so that two of them can share a page.
    RETURNS (str): The markup; its text is text, in the page's font, and it scales to its place.
    """
    drawing = draw(runs, full, shallow, width=width, height=height)
    svg = render(drawing, "svg", text=True).decode("utf8")
    svg = re.sub(r'( id="|href="#|url\(#)', rf"\1{id}-", svg[svg.index("<svg") :])
    svg = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", svg, count=1)
    label = 'role="img" aria-label="Learning curves: test F1 against percent of words labelled"'
    return svg.replace("<svg", f"<svg {label}", 1)


def render(drawing: "Figure", format: str, *, text: bool = False) -> bytes:
    """Turn a figure into the bytes of a "png" or "svg" file, the same ones every time.

    drawing (Figure): The figure.
    format (str): "png" or "svg".
    text (bool): Keep letters as letters in an svg, for the reader's fonts; False draws them.
    RETURNS (bytes): The file.
    """
    import matplotlib

    metadata = dict.fromkeys(("Date", "Creator", "Format", "Type")) if format == "svg" else None
    settings = {"svg.fonttype": "none" if text else "path", "svg.hashsalt": "spacy_deepal"}
    buffer = io.BytesIO()
    with matplotlib.rc_context(settings):
        drawing.savefig(buffer, format=format, dpi=200, metadata=metadata)
    return buffer.getvalue()


def draw(
    runs: list[Run],
    full: Full | None,
    shallow: float | None = None,
    *,
    width: float,
    height: float,
) -> "Figure":
    """Draw test F1 in points against percent of the words labelled, a line for each function.

    runs (list[Run]): The runs, at least one with a finished round.
    full (Full | None): The full-data F1, if known; it and 99% of it become horizontal lines.
    shallow (float | None): The F1 of a shallow model trained on the whole pool, if known; it
        becomes another.
    width, height (float): Size in inches.
    RETURNS (Figure): The figure; pyplot and its global state are not involved.
    """
    from matplotlib.figure import Figure

    drawing = Figure(figsize=(width, height), layout="constrained")
    axes = drawing.add_subplot()
    if full is not None:
        axes.axhline(100 * full.f, color=INK, lw=1, label=f"full data: {100 * full.f:.2f}")
        target = 100 * full.target
        axes.axhline(target, color=INK, lw=1, ls=(0, (5, 3)), label=f"99% of it: {target:.2f}")
    if shallow is not None:
        label = f"shallow model: {100 * shallow:.2f}"
        axes.axhline(100 * shallow, color=MUTED, lw=1.2, ls=(0, (1, 2)), label=label)
    for name, style in styles(run.name for run in runs).items():
        group = [run for run in runs if run.name == name and run.rounds]
        if group:
            draw_function(axes, name, group, style)
    axes.set_xlabel("words labelled (% of the pool)", color=INK)
    axes.set_ylabel("test F1 (points)", color=INK)
    axes.set_xlim(left=0)
    axes.grid(color="#e4e7eb", lw=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color("#b6bdc5")
    axes.tick_params(color="#b6bdc5", labelcolor=MUTED)
    axes.legend(loc="lower right", frameon=False, labelcolor=INK, fontsize=9)
    return drawing


def draw_function(axes: "Axes", name: str, runs: list[Run], style: Style) -> None:
    """Draw the runs of one function: mean line, band from lowest to highest, dotted where one of
    them goes on alone.

    axes (Axes): Where to draw.
    name (str): The function's name.
    runs (list[Run]): Its runs, each with a finished round.
    style (Style): Its look.
    """
    x, f = mean_curve(runs)
    mean = f.mean(axis=0)
    label = name if len(runs) == 1 else f"{name} ({len(runs)} runs)"
    look = {"color": style.color, "lw": 1.8, "marker": style.marker, "ms": 4.5, "mew": 0}
    axes.plot(x, mean, label=label, **look)
    if len(runs) > 1:
        axes.fill_between(x, f.min(axis=0), f.max(axis=0), color=style.color, alpha=0.18, lw=0)
    for run, own in zip(runs, f, strict=True):
        if run.rounds[-1].percent > x[-1] + VISIBLE:
            tail = [round for round in run.rounds if round.percent > x[-1]]
            tail_x = [x[-1], *(round.percent for round in tail)]
            tail_f = [own[-1], *(100 * round.f for round in tail)]
            axes.plot(tail_x, tail_f, color=style.color, lw=1.2, ls=":")


def mean_curve(runs: list[Run]) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Bring runs onto common percentages: the mean one of each round that all have, kept inside
    the range that all cover, so that F1 is interpolated between rounds and never beyond.

    runs (list[Run]): Runs with at least one finished round each.
    RETURNS (tuple[numpy.ndarray, numpy.ndarray]): Percent of the words, shape (n,), and F1 in
        points, shape (runs, n).
    """
    curves = [[(round.percent, 100 * round.f) for round in run.rounds] for run in runs]
    shared = min(len(curve) for curve in curves)
    x = numpy.mean([[percent for percent, _ in curve[:shared]] for curve in curves], axis=0)
    low = max(curve[0][0] for curve in curves)
    high = min(curve[-1][0] for curve in curves)
    x = numpy.unique(numpy.clip(x, low, max(low, high)))
    return x, numpy.array([numpy.interp(x, *zip(*curve, strict=True)) for curve in curves])
