"""`spacy deepal run`: active learning, round after round."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from ._app import (
    OVERRIDES,
    CodePath,
    ConfigPath,
    GpuId,
    Keep,
    app,
    load_config,
    msg,
    print_line,
    show_errors,
)

AcceptCode = Annotated[
    bool,
    typer.Option(
        "--accept-code", help="Go on with other --code; no result depends on what has changed"
    ),
]


@app.command("run", context_settings=OVERRIDES)
def run_cli(
    ctx: typer.Context,
    config: ConfigPath,
    run_dir: Annotated[Path, typer.Argument(help="Folder of the run. It may have begun")],
    wait: Annotated[
        bool, typer.Option("--wait", help="Where people label: wait for them, and go on by itself")
    ] = False,
    keep: Keep = "last",
    code: CodePath = None,
    accept_code: AcceptCode = False,
    gpu_id: GpuId = -1,
) -> None:
    """Run active learning, round after round. Override values of the config as in `spacy train`:
    --paths.pool DIR"""
    with show_errors(config):
        from ..annotation.patience import Patience, run_patiently
        from ..rounds.run import Run

        run = Run(
            load_config(ctx, config, code, gpu_id),
            run_dir,
            keep=keep,
            use_gpu=gpu_id,
            code=code,
            accept_code=accept_code,
            tell=msg.warn,
        )
        finish = partial(run.finish, lambda line: print_line(line.describe()))
        patience = Patience(print_line)
        end = run_patiently(finish, run.oracle, run_dir, patience) if wait else finish()
    msg.good(f"{end} The run is in {run_dir}")
