from pathlib import Path
from typing import Annotated, Any

import typer
from wasabi import msg

from ._app import (
    OVERRIDES,
    CodePath,
    ConfigPath,
    DataPath,
    GpuId,
    Keep,
    Lang,
    Processes,
    app,
    load_config,
    set_up,
    show_errors,
)
from .run import describe_round, describe_scores

Workspace = Annotated[Path, typer.Argument(help="Folder for pools, runs, models and report")]


@app.command("experiment", context_settings=OVERRIDES)
def experiment_cli(
    ctx: typer.Context,
    config: ConfigPath,
    data: DataPath,
    workspace: Workspace,
    lang: Lang = "en",
    acquisition: Annotated[
        list[str],
        typer.Option(
            help="Registered acquisition function, with arguments as in BALD:samples=20; may be "
            "repeated"
        ),
    ] = ["MNLP", "RAND"],  # noqa: B006 (read only)
    seed: Annotated[list[int], typer.Option(help="Seed; may be repeated")] = [0],  # noqa: B006
    full: Annotated[
        bool, typer.Option("--full", help="Train on the whole pool with each seed, too")
    ] = False,
    processes: Processes = 1,
    keep: Keep = "last",
    code: CodePath = None,
    gpu_id: GpuId = -1,
) -> None:
    """Simulate active learning on labelled data: convert, run each function with each seed, report.
    Overrides of the config as in `spacy train`."""
    from ..experiment.simulation import experiment

    with show_errors(config):
        set_up(code, gpu_id)
        report = experiment(
            load_config(ctx, config),
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
            begin=lambda title: msg.info(f"{title} begins"),
            progress=show_progress,
        )
    msg.good(f"The report is in {report}")


def show_progress(title: str, line: dict[str, Any]) -> None:
    """Print a line for a finished round, or for a finished model of all data."""
    said = describe_round(line) if "round" in line else describe_scores(line)
    print(f"{title:<18}  {said}", flush=True)


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
    """Convert labelled data and train one supervised model on all of it. Overrides of the config as
    in `spacy train`."""
    from ..experiment.simulation import configure, full_run, prepare_corpus

    with show_errors(config):
        set_up(code, gpu_id)
        loaded = load_config(ctx, config)
        folder = prepare_corpus(data, workspace, lang=lang)
        loaded = configure(loaded, folder, lang)
        scores = full_run(loaded, folder / "full", use_gpu=gpu_id)
    rows = [("all", *(scores[f"ents_{key}"] for key in "prf"))]
    for name, score in sorted(scores["ents_per_type"].items()):
        rows.append((name, *(score[key] for key in "prf")))
    table = [(name, *(f"{100 * value:.1f}" for value in values)) for name, *values in rows]
    msg.table(table, header=("test", "P", "R", "F"), aligns=("l", "r", "r", "r"), divider=True)
    msg.good(f"The model is in {folder / 'full' / 'model-best'}")
