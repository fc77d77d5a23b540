from pathlib import Path
from typing import Annotated, Literal

import typer
from wasabi import msg

from ._app import app, show_errors
from .run import show_round

EXTRA_ARGS = {"allow_extra_args": True, "ignore_unknown_options": True}


@app.command("experiment", context_settings=EXTRA_ARGS)
def experiment_cli(
    ctx: typer.Context,
    config: Annotated[Path, typer.Argument(help="Config with an [active_learning] section")],
    data: Annotated[Path, typer.Argument(help="Folder with train, dev and test, or to be split")],
    workspace: Annotated[Path, typer.Argument(help="Folder for pools, runs and report")],
    lang: Annotated[str, typer.Option(help="Language of the tokenizer")] = "en",
    acquisition: Annotated[
        list[str], typer.Option(help="Registered acquisition function; may be repeated")
    ] = ["MNLP", "RAND"],  # noqa: B006 (read only)
    seed: Annotated[list[int], typer.Option(help="Seed; may be repeated")] = [0],  # noqa: B006
    full: Annotated[bool, typer.Option("--full", help="Train on the whole pool, too")] = False,
    keep: Annotated[
        Literal["last", "all"], typer.Option(help="Which rounds' models stay on disk")
    ] = "last",
    code: Annotated[
        Path | None, typer.Option("--code", "-c", help="Python file to import first")
    ] = None,
    gpu_id: Annotated[int, typer.Option("--gpu-id", "-g", help="GPU id; -1: CPU")] = -1,
) -> None:
    """Simulate active learning on labelled data: convert, run each function with each seed, report.
    Overrides of the config as in `spacy train`."""
    from spacy.cli._util import import_code, parse_config_overrides, setup_gpu

    from ..pool.scoring import acquisition_name
    from ..rounds.experiment import experiment
    from ..rounds.loop import load_run_config

    overrides = parse_config_overrides(ctx.args)
    import_code(code)
    setup_gpu(gpu_id, silent=True)
    with show_errors():
        report = experiment(
            load_run_config(config, overrides),
            data,
            workspace,
            lang=lang,
            acquisitions=[acquisition_name(name) for name in acquisition],
            seeds=seed,
            full=full,
            keep=keep,
            use_gpu=gpu_id,
            begin=msg.divider,
            progress=show_round,
        )
    msg.good(f"The report is in {report}")


@app.command("train", context_settings=EXTRA_ARGS)
def train_cli(
    ctx: typer.Context,
    config: Annotated[Path, typer.Argument(help="Config with an [active_learning] section")],
    data: Annotated[Path, typer.Argument(help="Folder with train, dev and test, or to be split")],
    workspace: Annotated[Path, typer.Argument(help="Folder for pools and model")],
    lang: Annotated[str, typer.Option(help="Language of the tokenizer")] = "en",
    code: Annotated[
        Path | None, typer.Option("--code", "-c", help="Python file to import first")
    ] = None,
    gpu_id: Annotated[int, typer.Option("--gpu-id", "-g", help="GPU id; -1: CPU")] = -1,
) -> None:
    """Convert labelled data and train one supervised model on all of it."""
    from spacy.cli._util import import_code, parse_config_overrides, setup_gpu

    from ..rounds.experiment import configure, full_run, prepare_corpus
    from ..rounds.loop import load_run_config

    overrides = parse_config_overrides(ctx.args)
    import_code(code)
    setup_gpu(gpu_id, silent=True)
    with show_errors():
        folder = prepare_corpus(data, workspace, lang=lang)
        loaded = configure(load_run_config(config, overrides), folder / "corpus", lang)
        scores = full_run(loaded, folder / "full", use_gpu=gpu_id)
    types = sorted(scores["ents_per_type"].items())
    rows = [("all", *(100 * scores[f"ents_{key}"] for key in "prf"))]
    rows += [(name, *(100 * score[key] for key in "prf")) for name, score in types]
    formatted = [(name, *(f"{value:.1f}" for value in values)) for name, *values in rows]
    msg.table(formatted, header=("test", "P", "R", "F"), aligns=("l", "r", "r", "r"), divider=True)
    msg.good(f"The model is in {folder / 'full' / 'model-best'}")
