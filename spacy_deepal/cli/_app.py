"""What several commands share: arguments, options, and how errors are shown."""

import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, cast

import typer
from thinc.api import Config, ConfigValidationError
from wasabi import Printer

from ..errors import ANEW, KEPT, DeepALError, LabelsAwaited, describe_failure, printable

Command = TypeVar("Command", bound=Callable[..., Any])


class LocalCommands(typer.Typer):
    """Commands that refuse a URL as an argument that is a Path. Those that can use one are strings,
    because pathlib makes s3:/bucket of s3://bucket."""

    def command(self, *args: Any, **options: Any) -> Callable[[Command], Command]:
        """As `Typer.command`."""
        add = super().command(*args, **options)
        return lambda function: add(_with_local_paths(function))


def _with_local_paths(function: Command) -> Command:
    @wraps(function)
    def checked(**arguments: Any) -> None:
        from ..urls import local_path

        with show_errors():
            for value in arguments.values():
                for path in value if isinstance(value, list) else [value]:
                    if isinstance(path, Path):
                        local_path(path)
        function(**arguments)

    return cast(Command, checked)


app = LocalCommands(
    name="deepal",
    help="Deep active learning for named entity recognition",
    no_args_is_help=True,
)


class SafePrinter(Printer):
    """wasabi's printer, for texts with names from users' files: what a terminal would obey is
    spelled out."""

    def text(self, title: Any = "", *args: Any, **style: Any) -> Any:
        return super().text(printable(str(title)), *args, **style)


msg = SafePrinter()


def print_line(text: str) -> None:
    """Print a text without colours and line breaks of our own, such as a command to copy."""
    print(printable(text), flush=True)


# Arguments and options that several commands have.
ConfigPath = Annotated[Path, typer.Argument(help="Config with an [active_learning] section")]
DataPath = Annotated[Path, typer.Argument(help="Folder with train, dev and test, or one to split")]
Encoding = Annotated[str, typer.Option(help="Encoding of all files")]
Lang = Annotated[str, typer.Option(help="Language of the tokenizer")]
Keep = Annotated[Literal["last", "all"], typer.Option(help="Which rounds' models stay on disk")]
CodePath = Annotated[Path | None, typer.Option("--code", "-c", help="Python file to import first")]
GpuId = Annotated[int, typer.Option("--gpu-id", "-g", help="GPU id. With -1, the CPU")]
Encoder = Annotated[
    str | None,
    typer.Option(
        help="The folder of a transformer, or hub:NAME to download one. With null, there is none",
        callback=lambda name: None if name == "null" else name,  # as --paths.encoder has it
    ),
]
OVERRIDES = {"allow_extra_args": True, "ignore_unknown_options": True}


@contextmanager
def show_errors(config: Path | None = None, *, keeps: bool = True) -> Iterator[None]:
    """Print what stops a command as one clear message, and exit with its status: 1; 130 after
    Ctrl-C; 143 after SIGTERM. A run that waits for labels exits with 0. A fault of ours passes.

    config (Path | None): The config file that the message names.
    keeps (bool): The command, given again, goes on where it stopped. With False, it begins anew.
    """
    how_on = KEPT if keeps else ANEW
    try:
        with _sigterm_raises():
            yield
    except LabelsAwaited as wait:
        msg.info(str(wait))
        raise typer.Exit(0) from wait
    except BrokenPipeError:  # what reads the output has ended; typer knows what to do
        raise
    except ConfigValidationError as error:
        title = f"{config or 'The config'} cannot be used. Correct these settings:"
        _print_failure(f"{title}\n{_config_problems(error)}")
        raise typer.Exit(1) from error
    except (DeepALError, OSError, MemoryError, RuntimeError) as error:
        if not (text := describe_failure(error, how_on)):
            raise
        _print_failure(text)
        raise typer.Exit(1) from error
    except (KeyboardInterrupt, Terminated) as stop:
        _print_failure(f"Stopped. {how_on}")
        raise typer.Exit(143 if isinstance(stop, Terminated) else 130) from stop


class Terminated(BaseException):
    """The process was asked to end by SIGTERM. What it began is cleared away on the way out."""


@contextmanager
def _sigterm_raises() -> Iterator[None]:
    def terminate(*_: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # once is enough: let it clear away
        raise Terminated

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _config_problems(error: ConfigValidationError) -> str:
    """RETURNS (str): What spaCy finds wrong with a config, a line for each key; not the config."""
    above = (error.parent or "").split(" -> ") if error.parent else []
    lines = []
    for item in error.errors:
        *section, key = *above, *map(str, item.get("loc", ()))
        place = f"[{'.'.join(section)}] " if section else ""
        lines.append(f"- {place}{key}: {item.get('msg', '')}")
    return "\n".join(lines) or str(error.desc or error).strip()


def _print_failure(text: str) -> None:
    first, *others = printable(text).split("\n")
    print()
    msg.fail(first)
    print(*others, "", sep="\n")  # wasabi would join these lines


def parts_between_commas(text: str | None) -> tuple[str, ...]:
    """RETURNS (tuple[str, ...]): The parts of an option such as "PER, LOC"; none of an empty one.

    RAISES (BadParameter): A part is empty.
    """
    parts = tuple(part.strip() for part in (text or "").split(",")) if text else ()
    if "" in parts:
        raise typer.BadParameter(f"{text!r}: nothing stands before or after a comma. Write A,B.")
    return parts


def show_table(rows: Iterable[Iterable[str]], **style: Any) -> None:
    """Print a table whose cells may come from users' files."""
    cells = [[printable(cell).replace("\n", "\\n") for cell in row] for row in rows]
    msg.table(cells, divider=True, **style)


def set_up(code: Path | None, gpu_id: int) -> None:
    """Import the user's code and choose the device.

    RAISES (DeepALError): If the device cannot be used.
    """
    from spacy.cli._util import import_code, setup_gpu

    if code and not code.is_file():
        raise DeepALError(f"There is no Python file {code}. Name one with --code.")
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

    from ..rounds.config_file import load_run_config

    set_up(code, gpu_id)
    try:
        return load_run_config(path, parse_config_overrides(ctx.args))
    except NoSuchOption as error:
        raise DeepALError(
            f"There is no option {error.option_name}. Settings of the config are given with their "
            "section, as in --active_learning.rounds 5."
        ) from error
