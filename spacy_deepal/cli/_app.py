"""What several commands share: arguments, options, and how errors are shown."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

import typer
from thinc.api import Config
from wasabi import msg

from ..errors import DeepALError, LabelsAwaited

app = typer.Typer(
    name="deepal",
    help="Deep active learning for named entity recognition",
    no_args_is_help=True,
)

# Arguments and options that several commands have.
ConfigPath = Annotated[Path, typer.Argument(help="Config with an [active_learning] section")]
DataPath = Annotated[Path, typer.Argument(help="Folder with train, dev and test, or one to split")]
Lang = Annotated[str, typer.Option(help="Language of the tokenizer")]
Keep = Annotated[Literal["last", "all"], typer.Option(help="Which rounds' models stay on disk")]
CodePath = Annotated[Path | None, typer.Option("--code", "-c", help="Python file to import first")]
GpuId = Annotated[int, typer.Option("--gpu-id", "-g", help="GPU id. With -1, the CPU")]
OVERRIDES = {"allow_extra_args": True, "ignore_unknown_options": True}


@contextmanager
def show_errors(config: Path | None = None) -> Iterator[None]:
    """Print a DeepALError, or what spaCy finds wrong with a config, as one clear message, and exit
    with status 1. A run that waits for labels exits with status 0. Other errors pass.

    config (Path | None): The config file that the message names.
    """
    from spacy.cli._util import show_validation_error

    try:
        with show_validation_error(config):
            yield
    except LabelsAwaited as wait:
        msg.info(str(wait))
        raise typer.Exit(0) from wait
    except DeepALError as error:
        first, *others = str(error).split("\n")
        print()
        msg.fail(first)
        print(*others, "", sep="\n")  # wasabi would join these lines
        raise typer.Exit(1) from error


def set_up(code: Path | None, gpu_id: int) -> None:
    """Import the user's code and choose the device.

    RAISES (DeepALError): If the device cannot be used.
    """
    from spacy.cli._util import import_code, setup_gpu

    import_code(code)
    try:
        setup_gpu(gpu_id, silent=True)
    except ValueError as error:
        raise DeepALError(f"--gpu-id {gpu_id}: {error}. Use -1 for the CPU.") from error


def load_config(ctx: typer.Context, path: Path, code: Path | None, gpu_id: int) -> Config:
    """`set_up`, and load a config with the overrides of the command line, as `spacy train` takes
    them."""
    from click import NoSuchOption
    from spacy.cli._util import parse_config_overrides

    from ..rounds.loop import load_run_config

    set_up(code, gpu_id)
    try:
        return load_run_config(path, parse_config_overrides(ctx.args))
    except NoSuchOption as error:
        raise DeepALError(
            f"There is no option {error.option_name}. Settings of the config are given with their "
            "section, as in --active_learning.rounds 5."
        ) from error
