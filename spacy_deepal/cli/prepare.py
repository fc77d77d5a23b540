"""`spacy deepal prepare`."""

from pathlib import Path
from typing import Annotated

from typer import Argument
from wasabi import msg

from ._app import Lang, app, show_errors
from .convert import print_summaries


@app.command("prepare")
def prepare_cli(
    data: Annotated[Path, Argument(help="Folder of the data")],
    output: Annotated[Path, Argument(help="Folder of the pools train, dev and test")],
    lang: Lang = "en",
) -> None:
    """Make the pools train, dev and test: from the files of these names, if the folder has them;
    otherwise by a fixed split of the documents."""
    from ..experiment.prepare import prepare

    with show_errors():
        summaries = prepare(data, output, lang=lang)
    print_summaries(summaries)
    msg.good(f"Wrote {', '.join(str(output / split) for split in summaries)}")
