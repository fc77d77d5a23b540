"""`spacy deepal score`: a score for each sentence of a pool."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option
from wasabi import msg

from ._app import CodePath, GpuId, app, set_up, show_errors

AcquisitionText = Annotated[
    str, Option(help="Acquisition function; with arguments: BALD:samples=20")
]
BudgetWords = Annotated[
    int | None,
    Option(
        min=1,
        help="Budget of the batch to be selected. With it, BALD stops sampling sentences that can "
        "no longer enter the batch. Other functions ignore it",
    ),
]
BatchWords = Annotated[
    int | None,
    Option(min=1, help="Most words decoded at once. Changes speed and memory, not the scores"),
]


@app.command("score")
def score_cli(
    model: Annotated[str, Argument(help="Trained pipeline with a deepal_ner component")],
    pool: Annotated[Path, Argument(help="Pool: a folder of shards, or a .spacy file")],
    scores: Annotated[Path, Argument(help="JSONL file to write, one line for each sentence")],
    acquisition: AcquisitionText = "MNLP",
    budget_words: BudgetWords = None,
    exclude: Annotated[
        list[Path] | None,
        Option(help="Earlier batch whose sentences are left out. May be repeated"),
    ] = None,
    seed: Annotated[int, Option(min=0, help="Seed of RAND and of MC dropout")] = 0,
    batch_words: BatchWords = None,
    code: CodePath = None,
    gpu_id: GpuId = -1,
) -> None:
    """Score the sentences of a pool. A sentence with a higher score is labelled sooner."""
    from ..acquisition.registry import make_acquisition
    from ..acquisition.score_file import write_scores
    from ..acquisition.scoring import score
    from ..acquisition.upstream import find_tagger
    from ..pipelines import load_pipeline
    from ..pool.shards import pool_reader
    from ..progress import progress_bar

    with show_errors():
        set_up(code, gpu_id)
        function = make_acquisition(acquisition)
        nlp = load_pipeline(model)
        if batch_words is not None:
            find_tagger(nlp).batch_words = batch_words
        docs = pool_reader(pool, nlp.vocab, exclude or ())
        rows = score(
            nlp,
            lambda: progress_bar(docs(), unit="sent"),
            function,
            budget=budget_words,
            seed=seed,
        )
        count = write_scores(rows, scores)
    msg.good(f"Scored {count} sentences by {acquisition}: {scores}")
