"""`spacy deepal report`: runs in one HTML file."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from ..errors import DeepALError
from ._app import app, msg, show_errors

Output = Annotated[
    Path | None,
    Option(
        "--output",
        "-o",
        help="The report to write. By default report.html in the folder of the run; of several "
        "runs, in the current folder",
    ),
]


@app.command("report")
def report_cli(
    run_dirs: Annotated[list[Path], Argument(help="Run folders", metavar="RUN_DIR")],
    output: Output = None,
    full: Annotated[
        list[Path] | None,
        Option(
            help="Scores of a model trained on the whole pool, as `spacy evaluate --output` writes "
            "them. May be repeated; the mean counts"
        ),
    ] = None,
    shallow: Annotated[
        Path | None,
        Option(help="Scores of a shallow model trained on the whole pool, such as a CRF"),
    ] = None,
    title: Annotated[str, Option(help="Heading")] = "Deep active learning",
    figure: Annotated[
        Path | None,
        Option(help="Also write the learning curves alone, to a .png or .svg file"),
    ] = None,
) -> None:
    """Show runs in one HTML file that needs nothing else: learning curves, the words that each run
    needed, and the sentences that it selected. Runs in progress are shown as far as they are."""
    with show_errors(keeps=False):
        from ..files import check_output
        from ..report.compare import read_comparison
        from ..report.curves import write_figure
        from ..report.page import write_report
        from ..rounds.run_folder import RunFolder

        if output is None:
            output = (run_dirs[0] if len(run_dirs) == 1 else Path()) / "report.html"
        parts = [part for run_dir in run_dirs for part in RunFolder(run_dir).parts()]
        for written in filter(None, (output, figure)):
            check_output(written, *parts, *(full or ()), shallow)
        if figure is not None and figure.resolve() == output.resolve():
            raise DeepALError(f"{figure} would be the report and the figure. Name another path.")
        comparison = read_comparison(run_dirs, full or (), shallow)
        replaced = " (replaced)" if output.exists() else ""
        if figure is not None:
            msg.good(f"Learning curves: {write_figure(comparison, figure)}")
        msg.good(f"Report: {write_report(comparison, output, title)}{replaced}")
