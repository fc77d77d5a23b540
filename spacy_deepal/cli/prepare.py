"""`spacy deepal prepare`."""

from pathlib import Path
from typing import Annotated

from typer import Argument
from wasabi import msg

from ._app import Lang, app, show_errors
from ._reading import (
    BorderOf,
    Columns,
    Encoding,
    FormatName,
    OffsetsOf,
    Scheme,
    SpansKey,
    Split,
    TagNames,
    Tokens,
    read_options,
)
from .convert import print_files, print_summaries


@app.command("prepare")
def prepare_cli(
    data: Annotated[Path, Argument(help="Folder of the data")],
    output: Annotated[Path, Argument(help="Folder of the pools train, dev and test")],
    lang: Lang = "en",
    format: FormatName = "auto",
    columns: Columns = "",
    scheme: Scheme = None,
    spans_key: SpansKey = "",
    tag_names: TagNames = "",
    offsets: OffsetsOf = "characters",
    border: BorderOf = "refuse",
    split: Split = False,
    tokens: Tokens = "data",
    encoding: Encoding = "utf-8",
) -> None:
    """Make the pools train, dev and test: from the files of these names, if the folder has them;
    otherwise by a fixed split of the documents."""
    from ..experiment.prepare import prepare

    options = read_options(
        format, columns, scheme, spans_key, tag_names, offsets, border, split, tokens
    )
    with show_errors():
        summaries = prepare(data, output, lang=lang, options=options, encoding=encoding)
    print_files(summaries)
    print_summaries(summaries)
    msg.good(f"Wrote {', '.join(str(output / split) for split in summaries)}")
