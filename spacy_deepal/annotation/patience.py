"""Wait for people: ask an oracle again and again until they have labelled, and then go on."""

from collections.abc import Callable
from pathlib import Path
from time import sleep

from ..errors import DeepALError, LabelsAwaited, Unsettled, plural
from ..rounds.oracle import Oracle
from .round_answers import docs_of_round
from .waiting_batch import find_waiting_round

POLL_SECONDS = 5.0
WAITING = "Waiting for them. Ctrl+C ends this. To go on, give the same command again."


class Patience:
    """Called whenever a batch cannot be labelled yet: tells what has changed, and waits a little.

    tell (Callable): Called with a text for people.
    pause (Callable): Waits.
    """

    def __init__(
        self,
        tell: Callable[[str], None],
        pause: Callable[[], None] = lambda: sleep(POLL_SECONDS),
    ) -> None:
        self._tell, self._pause = tell, pause
        self._before: tuple[str, str] | None = None  # the batch, and how far it was

    def __call__(self, problem: Unsettled) -> None:
        text = str(problem)
        now = ("", text)
        if isinstance(problem, LabelsAwaited):
            progress = f"Labelled: {problem.answered:,} of {plural(problem.total, 'sentence')}."
            now = (problem.batch, progress)
            is_new = self._before is None or self._before[0] != problem.batch
            text = f"{text}\n{WAITING}" if is_new else progress
        if now != self._before:
            self._tell(text)
        self._before = now
        self._pause()


def run_patiently(run: Callable[[], str], oracle: Oracle, run_dir: Path, wait: Patience) -> str:
    """Run active learning to its end, and wait for people whenever they have to label.

    run (Callable): Continues the run, as `run_loop` does, and returns why it ended.
    oracle (Oracle): As the run has it. It is asked again and again; the run is not begun again
        before it has all labels.
    wait (Patience): Called with what is missing.
    RETURNS (str): Why the run ended.
    RAISES (DeepALError): As `run_loop`, apart from what people can still put right.
    """
    while True:
        try:
            return run()
        except Unsettled as problem:
            wait(problem)
            _ask_until_labelled(oracle, run_dir, wait)


def _ask_until_labelled(oracle: Oracle, run_dir: Path, wait: Patience) -> None:
    try:
        here = find_waiting_round(run_dir)
    except DeepALError:
        return  # an answer of an earlier round was taken back: the run itself has to ask
    docs = docs_of_round(run_dir, here)
    while True:
        try:
            oracle.label(docs, here.path)
            return
        except Unsettled as problem:
            wait(problem)
