"""`spacy deepal experiment` and `train`: simulation and training on labelled data."""

from pathlib import Path
from typing import Annotated

import typer

from ._app import (
    OVERRIDES,
    CodePath,
    ConfigPath,
    DataPath,
    GpuId,
    Keep,
    Lang,
    app,
    load_config,
    msg,
    print_line,
    show_errors,
)
from ._reading import says_what_prepare_reads

Acquisitions = Annotated[
    list[str],
    typer.Option(
        help="Acquisition function, with arguments as in BALD:samples=20. May be repeated"
    ),
]
Seeds = Annotated[list[int], typer.Option(help="Seed. May be repeated")]
Workspace = Annotated[Path, typer.Argument(help="Folder for pools, runs, models and report")]
DEFAULT_ACQUISITIONS, DEFAULT_SEEDS = ["MNLP", "RAND"], [0]


@app.command("experiment", context_settings=OVERRIDES)
def experiment_cli(
    ctx: typer.Context,
    config: ConfigPath,
    data: DataPath,
    workspace: Workspace,
    lang: Lang = "en",
    acquisition: Acquisitions = DEFAULT_ACQUISITIONS,
    seed: Seeds = DEFAULT_SEEDS,
    full: Annotated[
        bool, typer.Option("--full", help="Also train on the whole pool with each seed")
    ] = False,
    processes: Annotated[
        int, typer.Option("--processes", "-n", min=1, help="How many runs share the cores at once")
    ] = 1,
    keep: Keep = "last",
    code: CodePath = None,
    gpu_id: GpuId = -1,
) -> None:
    """Simulate active learning on labelled data: convert, run each function with each seed, report.
    Override values of the config as in `spacy train`."""
    with show_errors(config), says_what_prepare_reads("experiment"):
        from ..experiment.simulation import simulate

        page = simulate(
            load_config(ctx, config, code, gpu_id),
            data,
            workspace,
            lang=lang,
            acquisitions=acquisition,
            seeds=seed,
            full=full,
            keep=keep,
            use_gpu=gpu_id,
            processes=processes,
            code=code,
            tell=print_line,
        )
    msg.good(f"The report is in {page}")


@app.command("train", context_settings=OVERRIDES)
def train_cli(
    ctx: typer.Context,
    config: ConfigPath,
    data: DataPath,
    workspace: Workspace,
    lang: Lang = "en",
    code: CodePath = None,
    gpu_id: GpuId = -1,
) -> None:
    """Convert labelled data and train one supervised model on all of it. Override values of the
    config as in `spacy train`."""
    from spacy.cli.evaluate import print_prf_per_type

    with show_errors(config), says_what_prepare_reads("train"):
        from ..experiment.simulation import configure, full_run, prepare_corpus

        loaded = load_config(ctx, config, code, gpu_id)
        folder = prepare_corpus(data, workspace, lang=lang, tell=msg.warn)
        scores = full_run(configure(loaded, folder, lang), folder / "full", use_gpu=gpu_id)
    total = {"p": scores.ents_p, "r": scores.ents_r, "f": scores.ents_f}
    types = {name: row.model_dump() for name, row in sorted(scores.ents_per_type.items())}
    print_prf_per_type(msg, {"all": total, **types}, "NER", "type")
    if scores.raw_ents_f is not None:
        msg.info(f"F1 on raw text, with the pipeline's own tokens: {100 * scores.raw_ents_f:.2f}")
    msg.good(f"The model is in {folder / 'full' / 'model-best'}")
