from pathlib import Path
from typing import Annotated, Any

import typer
from wasabi import msg

from ._app import (
    OVERRIDES,
    CodePath,
    ConfigPath,
    GpuId,
    Keep,
    app,
    load_config,
    set_up,
    show_errors,
)


@app.command("run", context_settings=OVERRIDES)
def run_cli(
    ctx: typer.Context,
    config: ConfigPath,
    run_dir: Annotated[Path, typer.Argument(help="Folder of the run; goes on where it stopped")],
    keep: Keep = "last",
    code: CodePath = None,
    gpu_id: GpuId = -1,
) -> None:
    """Run active learning, round after round. Overrides as in `spacy train`: --paths.pool DIR"""
    from ..rounds.loop import run

    with show_errors(config):
        set_up(code, gpu_id)
        end = run(load_config(ctx, config), run_dir, keep=keep, use_gpu=gpu_id, report=show_round)
    msg.good(f"{end} The run is in {run_dir}")


def show_round(line: dict[str, Any]) -> None:
    """Print a line for a finished round."""
    print(describe_round(line), flush=True)


def describe_round(line: dict[str, Any]) -> str:
    """RETURNS (str): A line of metrics for people."""
    seconds = line["seconds"]
    return (
        f"round {line['round']:>3}  {line['words']:>8} words {line['words_percent']:>5.1f}%  "
        f"{describe_scores(line)}  by {line['selection']}  "
        f"({seconds['score']:.0f}s score, {seconds['train']:.0f}s train)"
    )


def describe_scores(line: dict[str, Any]) -> str:
    """RETURNS (str): F1 on dev and test, in points."""
    return f"dev F {100 * line['dev_ents_f']:5.1f}  test F {100 * line['ents_f']:5.1f}"
