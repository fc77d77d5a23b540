"""Progress bars: they are shown on a terminal only, and a process can turn its own off."""

import sys
from collections.abc import Callable, Iterable
from typing import IO, Any

from spacy.language import Language
from tqdm import tqdm

_hidden: bool | None = None  # None: hidden where the output is not a terminal


def progress_bar(
    items: Iterable[Any] | None = None, title: str | None = None, **options: Any
) -> tqdm:
    """Make a progress bar, on standard error if no file is given. It vanishes when it is full.

    items (Iterable | None): What to count while it is read. With None, call `update`.
    title (str | None): The text before the bar.
    options: Further options of tqdm. With leave=True, the bar stays on the screen.
    """
    return tqdm(items, title, disable=_hidden, **{"leave": False, **options})


def hide_progress_bars() -> None:
    """Show no bar in this process from now on."""
    global _hidden
    _hidden = True


def make_progress_logger(
    logger: Callable, updates: int | None, title: str
) -> Callable[[Language, IO, IO], tuple[Callable, Callable]]:
    """`spacy_deepal.ProgressLogger.v1`: a progress bar around another logger. It belongs to one
    training: the pipelines that are saved name the other logger alone.

    logger (Callable): The logger that the config names.
    updates (int | None): The number of updates to expect; None if it is not known.
    title (str): The text before the bar.
    """

    def setup(nlp: Language, stdout: IO = sys.stdout, stderr: IO = sys.stderr):
        nlp.config["training"]["logger"] = nlp.config["training"]["logger"]["logger"]
        log, finish = logger(nlp, stdout, stderr)
        bar = progress_bar(title=title, total=updates, unit="batch", file=stderr)

        def log_step(info: dict[str, Any] | None) -> None:
            bar.update()
            if info is not None:
                bar.set_postfix_str(f"dev F {100 * info['score']:.1f}")
            log(info)

        def finalize() -> None:
            bar.close()
            finish()

        return log_step, finalize

    return setup
