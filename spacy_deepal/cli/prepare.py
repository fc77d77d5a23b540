"""`spacy deepal prepare`: the pools train, dev and test of a data set."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from ..corpus.reading import ReadOptions
from ._app import Encoding, Lang, app, msg, show_errors
from ._reading import takes_read_options
from .convert import print_files, print_summaries


@app.command("prepare")
@takes_read_options()
def prepare_cli(
    data: Annotated[Path, Argument(help="Folder of the data")],
    output: Annotated[Path, Argument(help="Folder of the pools train, dev and test")],
    options: ReadOptions,
    lang: Lang = "en",
    encoding: Encoding = "utf-8",
    apart: Annotated[
        bool,
        Option(
            "--apart",
            help="Leave out of train what is also in dev or test, and out of dev what is in test",
        ),
    ] = False,
) -> None:
    """Make the pools train, dev and test: from the files of these names, if the folder has them;
    otherwise by a fixed split of the documents."""
    with show_errors(keeps=False):
        from ..experiment.prepare import prepare

        summaries = prepare(
            data, output, lang=lang, options=options, encoding=encoding, apart=apart
        )
    print_files(summaries)
    what = "Left out" if apart else "To measure on unseen texts alone, add --apart"
    for shared in [text for summary in summaries.values() for text in summary.shared]:
        msg.warn(f"{shared}. {what}.")
    print_summaries(summaries)
    msg.good(f"Wrote {', '.join(str(output / split) for split in summaries)}")
