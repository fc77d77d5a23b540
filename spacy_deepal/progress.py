"""Progress bars: they are shown on a terminal only, and a process can turn its own off."""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import IO, Any

from tqdm import tqdm

_hidden: bool | None = None  # None: hidden where the output is not a terminal


def progress_bar(
    items: Iterable[Any] | None = None,
    title: str | None = None,
    *,
    total: int | None = None,
    unit: str = "it",
    file: IO[str] | None = None,
    leave: bool = False,
    **options: Any,
) -> tqdm:
    """Make a progress bar, on standard error if no file is given.

    items (Iterable | None): What to count while it is read. With None, call `update`.
    title (str | None): The text before the bar.
    total (int | None): The number of items to expect, if it is known.
    unit (str): What an item is.
    file (IO | None): Where the bar is drawn.
    leave (bool): Leave the bar on the screen when it is full.
    options: Further options of tqdm.
    """
    return tqdm(items, title, total, leave, file=file, unit=unit, disable=_hidden, **options)


def hide_progress_bars() -> None:
    """Show no bar in this process from now on."""
    global _hidden
    _hidden = True


def above_progress_bars() -> AbstractContextManager[None]:
    """RETURNS (context manager): What is printed inside it appears above the bars."""
    return tqdm.external_write_mode()
