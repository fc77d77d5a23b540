from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from wasabi import msg

from ._app import CodePath, GpuId, app, set_up, show_errors

if TYPE_CHECKING:
    from spacy.tokens import Doc


@app.command("score")
def score_cli(
    model: Annotated[str, typer.Argument(help="Trained pipeline with a deepal_ner component")],
    pool: Annotated[Path, typer.Argument(help="Pool: a folder of shards, or a .spacy file")],
    scores: Annotated[Path, typer.Argument(help="JSONL file to write, one line for each sentence")],
    acquisition: Annotated[
        str,
        typer.Option(help="Acquisition function; with arguments: BALD:samples=20"),
    ] = "MNLP",
    samples: Annotated[
        int | None, typer.Option(min=2, help="Number of MC dropout samples, for BALD")
    ] = None,
    budget_words: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Budget of the batch to be selected: BALD then stops sampling sentences that can "
            "no longer enter it. Makes no difference to other functions",
        ),
    ] = None,
    exclude: Annotated[
        list[Path] | None,
        typer.Option(help="Earlier batch whose sentences are left out. May be repeated"),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of RAND and of MC dropout")] = 0,
    batch_words: Annotated[
        int | None,
        typer.Option(min=1, help="Most words decoded at once: a matter of speed and memory only"),
    ] = None,
    code: CodePath = None,
    gpu_id: GpuId = -1,
) -> None:
    """Score the sentences of a pool. A sentence with a higher score is labelled sooner."""
    from tqdm import tqdm

    from ..acquisition.registry import make_acquisition
    from ..acquisition.score_file import write_scores
    from ..acquisition.scoring import pool_reader, score
    from ..acquisition.upstream import find_tagger
    from ..pipelines import load_pipeline

    with show_errors():
        set_up(code, gpu_id)
        function = make_acquisition(acquisition, samples=samples)
        nlp = load_pipeline(model)
        if batch_words is not None:
            find_tagger(nlp).batch_words = batch_words
        read = pool_reader(pool, nlp.vocab, exclude or ())

        def show() -> "Iterable[Doc]":
            return tqdm(read(), unit="sent", leave=False, disable=None)

        stream = score(nlp, show, function, budget=budget_words, seed=seed)
        count = write_scores(stream, scores)
    msg.good(f"Scored {count} sentences by {acquisition}: {scores}")
