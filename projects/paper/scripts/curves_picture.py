"""Draw learning curves of MNLP and random sampling, a panel for each data set.

    python scripts/curves_picture.py ../../docs/large_gmb.png --large gmb --differences
    python scripts/curves_picture.py ../../docs/learning_curve.png --large gmb --encoder uner-ewt

Reads what record_curves.py, paired.py and without_labels.py recorded. A curve is the mean of its
seeds, and the band is from the lowest seed to the highest. The panel of a large set has our model
of all words, 99% of its F1 and the CRF as horizontal lines, where they are recorded. The panel of a
set with a pretrained encoder has the curves without it, our model of all words without it, and a
pipeline that was trained on other data.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from curves_table import FULL, SHALLOW, all_words, functions, pool_words, read_sets
from results import RESULTS, read_lines, show_errors

from spacy_deepal.errors import DeepALError
from spacy_deepal.files import write_atomically
from spacy_deepal.report.compare import BASELINE, Comparison
from spacy_deepal.report.curves import (
    INK,
    MUTED,
    draw_comparison,
    figure_bytes,
    finish_axes,
    mean_curve,
    quieten,
    styles,
)
from spacy_deepal.report.runs import RecordedRun

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DRAWN = ("MNLP", BASELINE)
SEEDS = 3  # of a curve whose label does not say how many it has
DASHES = (0, (2, 1.2))  # of a curve without the encoder
ALONE, ONE_OF_MANY, BELOW = (7.2, 4.2), (5.4, 4.4), 1.6  # sizes of panels in inches


def main(
    output: Annotated[Path, typer.Argument(help="The picture, .png or .svg")],
    large: Annotated[list[str] | None, typer.Option(help="A panel of a large set")] = None,
    encoder: Annotated[list[str] | None, typer.Option(help="One of a set with encoder")] = None,
    differences: Annotated[
        bool, typer.Option(help="Below large sets, MNLP's differences to RAND")
    ] = False,
    results: Annotated[Path, typer.Option(help="The folder with the files of results")] = RESULTS,
) -> None:
    """Draw a panel for each data set, from left to right: large ones first."""
    with show_errors():
        panels = [read_large(data, results) for data in large or ()]
        panels += [read_encoder(data, results) for data in encoder or ()]
        if not panels:
            raise DeepALError("There is nothing to draw. Name data sets with --large or --encoder.")
        below = [
            read_lines(results / "paired.jsonl", data=data, acquisition="MNLP", baseline=BASELINE)
            for data in (large or () if differences else ())
        ]
        drawing = draw(panels, below)
        with write_atomically(output, "wb") as stream:
            stream.write(figure_bytes(drawing, output.suffix[1:]))


def draw(
    panels: list[Callable[["Axes"], None]], below: list[list[dict[str, Any]]] | None = None
) -> "Figure":
    """Draw panels beside each other.

    panels (list[Callable]): What draws each panel.
    below (list[list[dict]]): What paired.py recorded of the first panels, to be drawn below them.
    """
    from matplotlib.figure import Figure

    width, height = ALONE if len(panels) == 1 else ONE_OF_MANY
    heights = [height, BELOW] if below else [height]
    drawing = Figure(figsize=(width * len(panels), sum(heights)), layout="constrained")
    grid = drawing.subplots(
        len(heights), len(panels), squeeze=False, gridspec_kw={"height_ratios": heights}
    )
    for panel, axes in zip(panels, grid[0], strict=True):
        panel(axes)
    for lines, above, axes in zip(below or (), *grid, strict=False):
        draw_differences(axes, lines)
        axes.sharex(above)
        axes.set_xlim(left=0)
        above.set_xlabel("")
    return drawing


def read_large(data: str, results: Path) -> Callable[["Axes"], None]:
    """RETURNS (Callable): What draws the panel of a large set.

    RAISES (DeepALError): It was not recorded.
    """
    runs = read_curves(data, results / "large.jsonl")
    ours = [run for run in runs if run.name in DRAWN]
    comparison = Comparison(ours, all_words(runs, FULL), FULL, all_words(runs, SHALLOW))
    return partial(draw_large, title=f"{data}: {pool_words(runs):,} words", comparison=comparison)


def read_curves(data: str, file: Path) -> list[RecordedRun]:
    """RETURNS (list[RecordedRun]): The runs of a data set.

    RAISES (DeepALError): There are none.
    """
    sets = read_sets(file)
    if data not in sets:
        raise DeepALError(f"{file} has no curves of {data}. It has those of {', '.join(sets)}.")
    return sets[data]


def read_encoder(data: str, results: Path) -> Callable[["Axes"], None]:
    """RETURNS (Callable): What draws the panel of a set with a pretrained encoder and without.

    RAISES (DeepALError): One of the two was not recorded.
    """
    files = [results / name for name in ("curves.jsonl", "encoder.jsonl")]
    plain, encoder = (read_curves(data, file) for file in files)
    lines = {
        f"{line['pipeline']}, no labels": line["ents_f"]
        for line in read_lines(results / "without_labels.jsonl")
        if line["data"] == data
    }
    if (full := all_words(plain, FULL)) is not None:
        lines["all words, no encoder"] = full
    title = f"{data}: {pool_words(plain):,} words"
    return partial(draw_encoder, title=title, plain=plain, encoder=encoder, lines=lines)


def draw_large(axes: "Axes", title: str, comparison: Comparison) -> None:
    """Draw the curves and the models of all words."""
    draw_comparison(axes, comparison)
    axes.set_title(title, color=INK, fontsize=10, loc="left")


def draw_encoder(
    axes: "Axes",
    title: str,
    plain: list[RecordedRun],
    encoder: list[RecordedRun],
    lines: dict[str, float],
) -> None:
    """Draw curves with the encoder and without it.

    lines (dict[str, float]): F1 from 0 to 1 of models that do not depend on the labels.
    """
    for runs, what, dashes in ((encoder, "with encoder", "-"), (plain, "without", DASHES)):
        groups = functions(runs)
        for name in DRAWN:
            if name in groups:
                draw_curve(axes, groups[name], f"{name}, {what}", dashes)
    for (label, f), dashes in zip(lines.items(), ((0, (1, 2)), "-"), strict=False):
        axes.axhline(100 * f, color=MUTED, lw=1.2, ls=dashes, label=f"{label}: {100 * f:.1f}")
    axes.set_title(title, color=INK, fontsize=10, loc="left")
    finish_axes(axes)


def draw_curve(axes: "Axes", runs: list[RecordedRun], label: str, dashes: object) -> None:
    """Draw the runs of one function."""
    style = styles([runs[0].name])[runs[0].name]
    x, f = mean_curve(runs)
    if len(runs) < SEEDS:
        label = f"{label} ({len(runs)} seed{'s' if len(runs) > 1 else ''})"
    look = {"color": style.color, "marker": style.marker, "lw": 1.8, "ms": 4.5, "mew": 0}
    axes.plot(x, f.mean(axis=0), label=label, ls=dashes, **look)
    axes.fill_between(x, f.min(axis=0), f.max(axis=0), color=style.color, alpha=0.18, lw=0)


def draw_differences(axes: "Axes", lines: list[dict[str, Any]]) -> None:
    """Draw the paired difference after each round with its interval, in points.

    lines (list[dict]): What paired.py recorded of two functions on a data set.
    """
    rounds = [line for line in lines if line["round"]]  # not the seed set, nor the mean
    x = [line["words_percent"] for line in rounds]
    middle, low, high = (
        [100 * line[key] for line in rounds] for key in ("difference", "low", "high")
    )
    axes.axhline(0, color=MUTED, lw=1)
    axes.vlines(x, low, high, color=INK, lw=1.4)
    axes.plot(x, middle, color=INK, ls="", marker="o", ms=4)
    axes.set_ylabel("MNLP - RAND", color=INK)
    axes.set_xlabel("words labelled (% of the pool)", color=INK)
    quieten(axes)


if __name__ == "__main__":
    typer.run(main)
