"""`spacy deepal vectors`: make static word vectors for the words of pools."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option

from ._app import Lang, app, msg, print_line, show_errors, show_table

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
    from_sentencepiece: Annotated[
        Path | None, Option(help="Folder of a model of SentencePiece and a table of its pieces")
    ] = None,
    from_text: Annotated[
        bool, Option("--from-text", help="Learn the vectors from the text of the pools")
    ] = False,
    dim: Annotated[
        int | None, Option(min=1, help="Width of each source; by default its own, or 100 for text")
    ] = None,
    lang: Lang = "en",
) -> None:
    """Make static word vectors for the words of pools, for a config's --paths.vectors. They come
    from a file, a transformer, a table of sentence pieces or the text of the pools. Where several
    sources are named, a word's vectors stand side by side."""
    with show_errors(keeps=False):
        from ..files import check_output
        from ..vectors.make import TEXT_WORDS, make_vectors, vectors_source

        check_output(output, *pools, from_file, from_transformer, from_sentencepiece)
        source = vectors_source(
            from_file=from_file,
            from_transformer=from_transformer,
            from_sentencepiece=from_sentencepiece,
            from_text=pools if from_text else None,
            dim=dim,
        )
        summary = make_vectors(pools, output, source, lang=lang)
    show_summary(summary)
    if from_text and summary.words > TEXT_WORDS:
        print_line(f"The vectors were learnt from {TEXT_WORDS:,} words of the text.")
    msg.good(f"Wrote {output}. To use it:")
    print_line(f"python -m spacy train al.cfg --paths.vectors {output} …")


def show_summary(summary: "VectorsSummary") -> None:
    """Print how many words have a vector."""
    counts = {
        "distinct words": (summary.distinct_found, summary.distinct),
        "words": (summary.words_found, summary.words),
    }
    rows = [(name, f"{n:,} of {total:,} ({n / total:.1%})") for name, (n, total) in counts.items()]
    show_table([*rows, ("width", str(summary.width))], header=("with a vector", ""))
