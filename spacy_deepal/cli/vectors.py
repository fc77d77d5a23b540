from pathlib import Path
from typing import Annotated, Literal

import typer
from typer import Argument, Option
from wasabi import msg

from ._app import Lang, app, show_errors


@app.command("vectors")
def vectors_cli(
    pools: Annotated[list[Path], Argument(help="Pools: folders of shards, or .spacy files")],
    output: Annotated[Path, Argument(help="Folder to write, for --paths.vectors")],
    from_file: Annotated[
        str | None, Option(help="Word-vector text file (also .gz), or pipeline with vectors")
    ] = None,
    from_transformer: Annotated[
        Path | None, Option(help="Local folder of a transformer or sentence-transformer")
    ] = None,
    from_text: Annotated[bool, Option("--from-text", help="The pools' own text: floret")] = False,
    method: Annotated[
        Literal["pieces", "distil"] | None,
        Option(help="Of a transformer: its input embeddings (default), or its output for words"),
    ] = None,
    dim: Annotated[
        int | None, Option(min=1, help="Width; else the source's own, 100 with --from-text")
    ] = None,
    epochs: Annotated[
        int | None, Option(min=1, help="Passes over the text with --from-text; 60 when left out")
    ] = None,
    lang: Lang = "en",
) -> None:
    """Make static vectors for the words of pools, as --paths.vectors of a config takes them, from
    one source: a file, a transformer or the pools' own text."""
    from ..errors import DeepALError
    from ..vectors.sources import make_source
    from ..vectors.table import make_vectors

    with show_errors():
        if from_file and Path(from_file).resolve() == output.resolve():
            raise DeepALError(f"{output} is what the vectors come from. Name another folder.")
        source = make_source(
            from_file=from_file,
            from_transformer=from_transformer,
            from_text=pools if from_text else None,
            method=method,
            dim=dim,
            epochs=epochs,
        )
        summary = make_vectors(pools, output, source, lang=lang)
    found = [
        f"{count:,} of {total:,} ({count / total:.1%})"
        for count, total in (
            (summary.distinct_found, summary.distinct),
            (summary.words_found, summary.words),
        )
    ]
    msg.table(
        [("distinct words", found[0]), ("words", found[1]), ("width", summary.width)],
        header=("with a vector", ""),
        divider=True,
    )
    msg.good(f"Wrote {output}. To use it:")
    typer.echo(f"python -m spacy train al.cfg --paths.vectors {output} …")
