"""`spacy deepal score`: a score for each sentence of a pool."""

from functools import partial
from typing import Annotated, Literal

from typer import Argument, Option

from ..errors import plural
from ._app import CodePath, GpuId, app, msg, set_up, show_errors

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
NProcess = Annotated[
    int, Option("--n-process", "-n", min=1, help="How many processes score a shard each")
]
EngineOption = Annotated[
    Literal["processes", "ray"],
    Option(help="Where they run: as processes of this machine, or on a cluster of Ray"),
]
Address = Annotated[
    str | None, Option(help="Address of the Ray cluster. By default, Ray runs on this machine")
]
BatchWords = Annotated[
    int | None,
    Option(min=1, help="Most words decoded at once. Changes speed and memory, not the scores"),
]


@app.command("score")
def score_cli(
    model: Annotated[str, Argument(help="Trained pipeline with a deepal_ner component")],
    pool: Annotated[str, Argument(help="Pool: a folder of shards, or a .spacy file; or its URL")],
    scores: Annotated[str, Argument(help="Folder to write, for `spacy deepal select`; or its URL")],
    acquisition: AcquisitionText = "MNLP",
    budget_words: BudgetWords = None,
    exclude: Annotated[
        list[str] | None,
        Option(help="Earlier batch whose sentences are left out. May be repeated"),
    ] = None,
    seed: Annotated[int, Option(min=0, help="Seed of RAND and of MC dropout")] = 0,
    batch_words: BatchWords = None,
    n_process: NProcess = 1,
    engine: EngineOption = "processes",
    address: Address = None,
    code: CodePath = None,
    gpu_id: GpuId = -1,
) -> None:
    """Score the sentences of a pool. A sentence with a higher score is labelled sooner. If the
    command is interrupted, give it again: shards that are scored are passed over."""
    with show_errors():
        from ..acquisition.engines import make_engine
        from ..acquisition.pool_scoring import score_pool
        from ..acquisition.registry import acquisition_block
        from ..acquisition.score_folder import ScoreFolder
        from ..acquisition.scoring_job import make_job
        from ..files import check_output
        from ..pool.lookup import excluded_ids
        from ..rounds.run_folder import check_has_seal

        set_up(code, gpu_id)
        check_output(scores, pool, model, code, *(exclude or ()))
        check_has_seal(model)
        how = partial(make_job, budget=budget_words, seed=seed, batch_words=batch_words)
        job = how(model, scores, acquisition_block(acquisition), code=code, use_gpu=gpu_id)
        opened = ScoreFolder(scores).open_pool(pool, msg.info)
        left_out = excluded_ids(opened, exclude or ())
        where = make_engine(n_process, engine, address)
        count = score_pool(job, opened, exclude=left_out, engine=where)
    msg.good(f"Scored {plural(count, 'sentence')} by {acquisition}: {scores}")
