"""`spacy deepal push`: what waits to be labelled, to an annotation tool."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from ..errors import DeepALError, plural
from ._app import app, msg, show_errors


@app.command("push")
def push_cli(
    run_dir: Annotated[Path, Argument(help="Folder of the run whose batch waits")],
    output: Annotated[
        Path | None, Argument(help="File to write; for brat, a folder. Leave it out for a server")
    ] = None,
    to: Annotated[
        str,
        Option(help="The tool: label-studio, prodigy, doccano, brat, or editor for a text file"),
    ] = "label-studio",
    url: Annotated[
        str | None, Option(help="Address of the Label Studio server, as http://localhost:8080")
    ] = None,
    project: Annotated[
        str | None, Option(help="Title of the project there. By default, made of the run's name")
    ] = None,
    suggest: Annotated[bool, Option(help="Show what the last model suggests")] = True,
) -> None:
    """Give the waiting batch to an annotation tool: upload it to Label Studio, or write a file.
    A second push uploads nothing twice. The token for Label Studio is read from
    LABEL_STUDIO_API_KEY."""
    with show_errors():
        from ..annotation.studio_project import push_to_studio
        from ..annotation.tool_tasks import FINISHED, check_tool, push_to_file

        tool = check_tool(to, output)
        if output is not None and (url is not None or project is not None):
            raise DeepALError(
                f"--url and --project name a server, and {output} is a file to write. Leave out "
                "one or the other."
            )
        if output is None:
            pushed = push_to_studio(run_dir, url, project, suggest=suggest)
            place = f"{pushed.address} (new there: {pushed.uploaded})"
            count = pushed.total
        else:
            count = push_to_file(run_dir, output, tool, suggest=suggest)
            place = str(output)
    msg.good(f"To be labelled: {plural(count, 'sentence')}: {place}")
    labelled = ("When they are labelled", output)
    first, source = FINISHED.get(tool, labelled) if output else labelled
    given = f" {source}" if source else ""
    msg.text(f"{first}: python -m spacy deepal pull {run_dir}{given}")
