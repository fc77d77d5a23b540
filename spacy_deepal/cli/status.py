"""`spacy deepal status`: where a run stands."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option, echo

from ..errors import printable
from ._app import app, show_errors


@app.command("status")
def status_cli(
    run_dir: Annotated[Path, Argument(help="Folder of a run that is simulated or labelled")],
    more: Annotated[
        int | None,
        Option(
            min=1,
            help="Words ahead for the forecast; by default about half the labelled ones",
        ),
    ] = None,
    json: Annotated[bool, Option("--json", help="Print JSON, for programs")] = False,
) -> None:
    """Say where a run stands: rounds, time, agreement, suggestions, a forecast of F1 on dev, and
    whether to go on."""
    with show_errors():
        from ..report.status import read_run_status
        from ..report.status_text import describe_status

        status = read_run_status(run_dir, more=more)
    echo(status.model_dump_json(indent=2) if json else printable(describe_status(status)))
