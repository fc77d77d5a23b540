from collections.abc import Iterator
from contextlib import contextmanager

import typer
from wasabi import msg

from ..errors import DeepALError

app = typer.Typer(
    name="deepal",
    help="Deep active learning for named entity recognition",
    no_args_is_help=True,
)


@contextmanager
def show_errors() -> Iterator[None]:
    """Print a DeepALError as one clear message and exit with status 1; let all else through."""
    try:
        yield
    except DeepALError as error:
        msg.fail(str(error), exits=1)
