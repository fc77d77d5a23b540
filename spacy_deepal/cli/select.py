"""`spacy deepal select`: a batch from scores and their pool."""

from pathlib import Path
from typing import Annotated

import typer

from ..errors import plural
from ._app import CodePath, app, msg, set_up, show_errors


@app.command("select")
def select_cli(
    scores: Annotated[str, typer.Argument(help="Folder that `spacy deepal score` has written")],
    pool: Annotated[str, typer.Argument(help="The pool that was scored")],
    batch: Annotated[Path, typer.Argument(help=".spacy file to write the batch to")],
    budget_words: Annotated[int, typer.Option(help="Budget: most words of the batch")],
    with_gold: Annotated[
        bool, typer.Option("--with-gold", help="Keep the entities that the pool has")
    ] = False,
    max_similarity: Annotated[
        float | None,
        typer.Option(
            help="Pass over near-copies: sentences that share this much of their words (0 to 1) "
            "with one in the batch"
        ),
    ] = None,
    earlier: Annotated[
        list[str] | None,
        typer.Option(help="Earlier batch whose near-copies are passed over too. May be repeated"),
    ] = None,
    code: CodePath = None,
) -> None:
    """Select whole sentences, highest score first, up to a budget in words."""
    with show_errors(keeps=False):
        from ..acquisition.selection import select_batch
        from ..files import check_output
        from ..pipelines import blank_pipeline

        check_output(batch, code)
        set_up(code, gpu_id=-1)
        selected = select_batch(
            scores,
            pool,
            batch,
            blank_pipeline("xx").vocab,
            budget=budget_words,
            with_gold=with_gold,
            max_similarity=max_similarity,
            earlier=earlier or (),
        )
    words = f"{sum(item.words for item in selected):,} of {plural(budget_words, 'word')}"
    msg.good(f"Selected {plural(len(selected), 'sentence')}, {words}: {batch}")
