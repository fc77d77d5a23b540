"""Wait for people: ask an oracle again and again until they have labelled."""

from collections.abc import Callable
from time import sleep

from ..errors import LabelsAwaited, Unsettled

POLL_SECONDS = 5.0
WAITING = "Waiting for them. Ctrl+C ends this; the same command goes on."


class Patience:
    """Called whenever a batch cannot be labelled yet: tells what has changed, and waits a little.

    tell (Callable): Called with a text for people.
    """

    def __init__(self, tell: Callable[[str], None], seconds: float = POLL_SECONDS) -> None:
        self._tell, self._seconds = tell, seconds
        self._before: tuple[str, str] | None = None  # the batch, and how far it was

    def __call__(self, problem: Unsettled) -> None:
        text = str(problem)
        now = ("", text)
        if isinstance(problem, LabelsAwaited):
            progress = f"{problem.answered} of {problem.total} sentences are labelled."
            now = (problem.batch, progress)
            is_new = self._before is None or self._before[0] != problem.batch
            text = f"{text}\n{WAITING}" if is_new else progress
        if now != self._before:
            self._tell(text)
        self._before = now
        sleep(self._seconds)
