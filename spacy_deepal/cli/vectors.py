"""`spacy deepal vectors`: make static word vectors for the words of pools."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer import Argument, Option
from wasabi import msg

from ._app import Lang, app, show_errors

if TYPE_CHECKING:
    from ..vectors.make import VectorsSummary


@app.command("vectors")
def vectors_cli(
    pools: Annotated[list[Path], Argument(help="Pools: folders of shards, or .spacy files")],
    output: Annotated[Path, Argument(help="Folder to write, for --paths.vectors")],
    from_file: Annotated[
        str | None, Option(help="Text file of word vectors (also .gz), or a pipeline with vectors")
    ] = None,
    from_transformer: Annotated[
        Path | None, Option(help="Local folder of a transformer or sentence-transformer")
    ] = None,
    from_text: Annotated[
        bool, Option("--from-text", help="Learn the vectors from the text of the pools")
    ] = False,
    dim: Annotated[
        int | None,
        Option(
            min=1,
            help="Width of each source's vectors; by default the source's own, 100 for text",
        ),
    ] = None,
    lang: Lang = "en",
) -> None:
    """Make static word vectors for the words of pools, for a config's --paths.vectors. They come
    from a file, a transformer or the text of the pools. Where several sources are named, a word's
    vectors stand side by side."""
    from ..errors import DeepALError
    from ..vectors.make import make_vectors, vectors_source

    with show_errors():
        if from_file and Path(from_file).resolve() == output.resolve():
            raise DeepALError(f"The vectors come from {output}. Name another folder to write to.")
        source = vectors_source(
            from_file=from_file,
            from_transformer=from_transformer,
            from_text=pools if from_text else None,
            dim=dim,
        )
        summary = make_vectors(pools, output, source, lang=lang)
    show_coverage(summary)
    msg.good(f"Wrote {output}. To use it:")
    typer.echo(f"python -m spacy train al.cfg --paths.vectors {output} …")


def show_coverage(summary: "VectorsSummary") -> None:
    """Print a table of how many words have a vector."""
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
