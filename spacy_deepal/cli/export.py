"""`spacy deepal export`: from a pool to a file of another format."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from ._app import app, msg, show_errors


@app.command("export")
def export_cli(
    pool: Annotated[str, Argument(help="Pool: a folder of shards, or a .spacy file; or its URL")],
    output: Annotated[Path, Argument(help="File to write; for brat, a new folder")],
    format: Annotated[str, Option(help="Format to write, such as conll2003 or prodigy")],
) -> None:
    """Write the sentences of a pool in another format."""
    with show_errors(keeps=False):
        from ..pool.export import export

        count = export(pool, output, format)
    msg.good(f"Wrote {count:,} sentences as {format}: {output}")
