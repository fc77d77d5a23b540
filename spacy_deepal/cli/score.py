from pathlib import Path
from typing import Annotated

import typer
from wasabi import msg

from ._app import CodePath, GpuId, app, set_up, show_errors


@app.command("score")
def score_cli(
    model: Annotated[str, typer.Argument(help="Trained pipeline with a deepal_ner component")],
    pool: Annotated[Path, typer.Argument(help="Pool: a folder of shards, or a .spacy file")],
    scores: Annotated[Path, typer.Argument(help="JSONL file to write, a line a sentence")],
    acquisition: Annotated[
        str,
        typer.Option(help="Registered acquisition function; arguments as in BALD:samples=20"),
    ] = "MNLP",
    samples: Annotated[
        int | None, typer.Option(min=2, help="MC dropout samples, as for BALD")
    ] = None,
    budget_words: Annotated[
        int | None,
        typer.Option(min=1, help="Budget of the batch: BALD soon leaves out what cannot enter it"),
    ] = None,
    exclude: Annotated[
        list[Path] | None,
        typer.Option(help="Batch selected before, to be left out; more than one will do"),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of random numbers and MC dropout")] = 0,
    batch_words: Annotated[int | None, typer.Option(min=1, help="Words decoded at once")] = None,
    code: CodePath = None,
    gpu_id: GpuId = -1,
) -> None:
    """Score the sentences of a pool: the higher, the sooner to be labelled."""
    from tqdm import tqdm

    from ..acquisition.anytime import score_pool_for_budget
    from ..acquisition.scoring import make_acquisition, score_pool
    from ..pipelines import load_pipeline

    with show_errors():
        set_up(code, gpu_id)
        function = make_acquisition(acquisition, samples=samples)
        nlp = load_pipeline(model)
        options = {"seed": seed, "batch_words": batch_words, "exclude": exclude or ()}
        if budget_words is None:
            options["progress"] = lambda stream: tqdm(stream, unit="sent", disable=None)
            count = score_pool(nlp, pool, scores, function, **options)
        else:
            count = score_pool_for_budget(nlp, pool, scores, function, budget_words, **options)
    msg.good(f"Scored {count} sentences by {acquisition}: {scores}")
