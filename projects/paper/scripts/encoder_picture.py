"""Draw what a pretrained encoder changes: learning curves with it and without it.

    python scripts/encoder_picture.py uner-ewt ../../docs/learning_curve.png

Reads what record_curves.py and without_labels.py recorded. A curve is the mean of three seeds, or
of as many as its label says. The band is from the lowest seed to the highest. The horizontal lines
are our model of all words without an encoder, and a pipeline that was trained on other data.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from curves_table import FULL, all_words, functions, read_sets
from results import RESULTS, read_lines, show_errors

from spacy_deepal.errors import DeepALError
from spacy_deepal.files import write_atomically
from spacy_deepal.report.curves import INK, MUTED, figure_bytes, mean_curve, quieten, styles
from spacy_deepal.report.runs import RecordedRun

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DRAWN = ("MNLP", "RAND")
SEEDS = 3  # of a curve whose label does not say how many it has
DASHES = (0, (2, 1.2))  # of a curve without the encoder


def main(
    data: Annotated[str, typer.Argument(help="Name of the data set in the files of results")],
    output: Annotated[Path, typer.Argument(help="The picture, .png or .svg")],
    plain: Annotated[Path, typer.Option(help="Curves without encoder")] = RESULTS / "curves.jsonl",
    encoder: Annotated[Path, typer.Option(help="Curves with it")] = RESULTS / "encoder.jsonl",
    pipelines: Annotated[Path, typer.Option(help="What without_labels.py wrote")] = (
        RESULTS / "without_labels.jsonl"
    ),
) -> None:
    """Draw the curves of MNLP and RAND."""
    with show_errors():
        curves = [read_sets(file).get(data, []) for file in (plain, encoder)]
        if not all(curves):
            raise DeepALError(f"{plain} and {encoder} do not both have curves of {data}.")
        lines = {
            f"{line['pipeline']}, no labels": line["ents_f"]
            for line in read_lines(pipelines)
            if line["data"] == data
        }
        if (full := all_words(curves[0], FULL)) is not None:
            lines["all words, no encoder"] = full
        drawing = draw(*curves, lines)
        with write_atomically(output, "wb") as stream:
            stream.write(figure_bytes(drawing, output.suffix[1:]))


def draw(plain: list[RecordedRun], encoder: list[RecordedRun], lines: dict[str, float]) -> "Figure":
    """Draw test F1 in points against percent of the words labelled.

    lines (dict[str, float]): F1 from 0 to 1 of models that do not depend on the labels.
    """
    from matplotlib.figure import Figure

    drawing = Figure(figsize=(7.2, 4.2), layout="constrained")
    axes = drawing.add_subplot()
    for runs, title, dashes in ((encoder, "with encoder", "-"), (plain, "without", DASHES)):
        groups = functions(runs)
        for name in DRAWN:
            if name in groups:
                draw_curve(axes, groups[name], f"{name}, {title}", dashes)
    for (label, f), dashes in zip(lines.items(), ((0, (1, 2)), "-"), strict=False):
        axes.axhline(100 * f, color=MUTED, lw=1.2, ls=dashes, label=f"{label}: {100 * f:.1f}")
    axes.set_xlabel("words labelled (% of the pool)", color=INK)
    axes.set_ylabel("test F1 (points)", color=INK)
    axes.set_xlim(left=0)
    quieten(axes)
    axes.legend(loc="lower right", frameon=False, labelcolor=INK, fontsize=9)
    return drawing


def draw_curve(axes: "Axes", runs: list[RecordedRun], label: str, dashes: object) -> None:
    """Draw the runs of one function."""
    style = styles([runs[0].name])[runs[0].name]
    x, f = mean_curve(runs)
    if len(runs) < SEEDS:
        label = f"{label} ({len(runs)} seed{'s' if len(runs) > 1 else ''})"
    look = {"color": style.color, "marker": style.marker, "lw": 1.8, "ms": 4.5, "mew": 0}
    axes.plot(x, f.mean(axis=0), label=label, ls=dashes, **look)
    axes.fill_between(x, f.min(axis=0), f.max(axis=0), color=style.color, alpha=0.18, lw=0)


if __name__ == "__main__":
    typer.run(main)
