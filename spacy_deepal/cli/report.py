"""`spacy deepal report`."""

from pathlib import Path
from typing import Annotated

import typer
from wasabi import msg

from ._app import app, show_errors

RunDirs = Annotated[
    list[Path], typer.Argument(help="Run folders", metavar="RUN_DIR", show_default=False)
]
Output = Annotated[Path, typer.Option("--output", "-o", help="The report to write")]
FullScores = Annotated[
    list[Path],
    typer.Option(
        "--full",
        help="Scores of a model trained on the whole pool, as `spacy evaluate --output` writes "
        "them. May be repeated; the mean counts",
        show_default=False,
    ),
]
ShallowScores = Annotated[
    Path | None,
    typer.Option(
        "--shallow",
        help="Scores of a shallow model trained on the whole pool, such as a CRF",
        show_default=False,
    ),
]
Figure = Annotated[
    Path | None,
    typer.Option(
        "--figure",
        help="Also write the learning curves alone, to a .png or .svg file",
        show_default=False,
    ),
]


@app.command("report")
def report_cli(
    run_dirs: RunDirs,
    output: Output = Path("report.html"),
    full: FullScores = [],  # noqa: B006 (read only)
    shallow: ShallowScores = None,
    title: Annotated[str, typer.Option("--title", help="Heading")] = "Deep active learning",
    figure: Figure = None,
) -> None:
    """Show runs in one HTML file that needs nothing else: learning curves, the words that each run
    needed, and the sentences that it selected. Runs in progress are shown as far as they are."""
    from ..report import write_figure, write_report

    with show_errors():
        if figure is not None:
            picture = write_figure(run_dirs, figure, full=full, shallow=shallow)
            msg.good(f"Learning curves: {picture}")
        page = write_report(run_dirs, output, full=full, shallow=shallow, title=title)
        msg.good(f"Report: {page}")
