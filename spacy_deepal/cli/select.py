from pathlib import Path
from typing import Annotated

import typer
from wasabi import msg

from ._app import app, show_errors


@app.command("select")
def select_cli(
    scores: Annotated[Path, typer.Argument(help="What `spacy deepal score` wrote")],
    pool: Annotated[Path, typer.Argument(help="The pool that was scored")],
    batch: Annotated[Path, typer.Argument(help=".spacy file to write")],
    budget_words: Annotated[int, typer.Option(help="Most words to select")],
    with_gold: Annotated[
        bool, typer.Option("--with-gold", help="Keep the pool's entities")
    ] = False,
    max_similarity: Annotated[
        float | None,
        typer.Option(help="Pass over sentences that share so much (0 to 1) with one selected"),
    ] = None,
    representative_of: Annotated[
        float | None,
        typer.Option(help="Have the words of the highest scores, so many times the budget"),
    ] = None,
) -> None:
    """Select whole sentences, highest score first, up to a budget in words."""
    from spacy import blank

    from ..acquisition.selection import select_batch

    with show_errors():
        vocab = blank("xx").vocab
        selected = select_batch(
            scores,
            pool,
            batch,
            vocab,
            budget_words=budget_words,
            with_gold=with_gold,
            max_similarity=max_similarity,
            representative_of=representative_of,
        )
    words = sum(item.words for item in selected)
    msg.good(f"Selected {len(selected)} sentences, {words} of {budget_words} words: {batch}")
