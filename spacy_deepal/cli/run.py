from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from wasabi import msg

from ._app import app, show_errors


@app.command("run", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def run_cli(
    ctx: typer.Context,
    config: Annotated[Path, typer.Argument(help="Config with an [active_learning] section")],
    run_dir: Annotated[Path, typer.Argument(help="Folder of the run; goes on where it stopped")],
    keep: Annotated[
        Literal["last", "all"], typer.Option(help="Which rounds' models stay on disk")
    ] = "last",
    code: Annotated[
        Path | None, typer.Option("--code", "-c", help="Python file to import first")
    ] = None,
    gpu_id: Annotated[int, typer.Option("--gpu-id", "-g", help="GPU id; -1: CPU")] = -1,
) -> None:
    """Run active learning, round after round. Overrides as in `spacy train`: --paths.pool DIR"""
    from spacy.cli._util import (
        import_code,
        parse_config_overrides,
        setup_gpu,
        show_validation_error,
    )

    from ..rounds.loop import load_run_config, run

    overrides = parse_config_overrides(ctx.args)
    import_code(code)
    setup_gpu(gpu_id, silent=True)
    with show_errors(), show_validation_error(config):
        end = run(
            load_run_config(config, overrides),
            run_dir,
            keep=keep,
            use_gpu=gpu_id,
            report=show_round,
        )
    msg.good(f"{end} The run is in {run_dir}")


def show_round(line: dict[str, Any]) -> None:
    """Print a line for a finished round."""
    seconds = line["seconds"]
    dev, test = 100 * line["dev_ents_f"], 100 * line["ents_f"]
    print(
        f"round {line['round']:>3}  {line['words']:>8} words {line['words_percent']:>5.1f}%  "
        f"dev F {dev:5.1f}  test F {test:5.1f}  by {line['selection']}  "
        f"({seconds['score']:.0f}s score, {seconds['train']:.0f}s train)",
        flush=True,
    )
