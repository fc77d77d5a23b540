from pathlib import Path
from typing import Annotated

from typer import Argument, Option
from wasabi import msg

from ._app import Lang, app, show_errors


@app.command("vectors")
def vectors_cli(
    pools: Annotated[list[Path], Argument(help="Pools: folders of shards, or .spacy files")],
    output: Annotated[Path, Argument(help="Folder to write, for --paths.vectors")],
    from_transformer: Annotated[
        Path | None, Option(help="Local folder of a transformer or sentence-transformer")
    ] = None,
    lang: Lang = "en",
) -> None:
    """Make static vectors for the words of pools."""
    from ..vectors.pieces import average_pieces
    from ..vectors.table import make_vectors, word_table

    with show_errors():
        summary = make_vectors(
            pools,
            output,
            lambda words, vocab: word_table(
                vocab, words, average_pieces(from_transformer, [*words])
            ),
            lang=lang,
        )
    share, part = (
        100 * summary.words_found / summary.words,
        100 * summary.occurrences_found / summary.occurrences,
    )
    msg.info(
        f"{summary.words_found:,} of {summary.words:,} distinct words ({share:.1f}%), "
        f"{part:.1f}% of all {summary.occurrences:,} words, have a vector of width {summary.width}"
    )
    msg.good(f"Wrote {output}. Use it: python -m spacy train CONFIG --paths.vectors {output}")
