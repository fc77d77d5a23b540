"""The sentences of a run that wait to be labelled, with what a tool can show: rank, suggestions."""

from dataclasses import dataclass
from pathlib import Path

from spacy.tokens import Doc

from ..corpus.docs import CharSpan
from ..errors import DeepALError, list_problems
from ..rounds.run_folder import RoundFolder, RunFolder
from ..sentences import sentence_id
from .answer_file import LABELLED
from .answers import Suggestion
from .round_answers import docs_of_round, settle_round
from .suggestions import suggest_batch

CONTINUE_RUN = (
    "Give the command of the run (`python -m spacy deepal run …`): it selects what comes next."
)


@dataclass(frozen=True)
class WaitingSentence:
    """A sentence that waits to be labelled.

    rank (int): Its place in the batch, from 1: the first one is the most wanted.
    score (float | None): Of the acquisition function; None if it was chosen at random.
    suggestions (tuple): Entities in tokens, in their order.
    """

    doc: Doc
    rank: int
    score: float | None
    suggestions: tuple[Suggestion, ...]

    @property
    def id(self) -> str:
        return sentence_id(self.doc)

    def suggested(self) -> list[tuple[CharSpan, float | None]]:
        """RETURNS (list): The suggested entities in characters, each with its confidence."""
        spans = [(self.doc[s.start : s.end], s) for s in self.suggestions]
        return [((span.start_char, span.end_char, s.label), s.confidence) for span, s in spans]


@dataclass(frozen=True)
class WaitingBatch:
    """What waits in a round, without the sentences that are labelled already.

    labels (tuple): The types of the run.
    model (str | None): What suggests: the round of the model, such as "round_02", or another
        pipeline. None: nothing does.
    """

    round: str
    sentences: list[WaitingSentence]
    labels: tuple[str, ...]
    model: str | None


def find_waiting_round(run: Path) -> RoundFolder:
    """RETURNS (RoundFolder): The round whose batch waits to be labelled.

    RAISES (DeepALError): There is no such run, or nothing waits in it.
    """
    folder = RunFolder(run)
    folder.check_run()
    finished = len(folder.metrics)
    for here in folder.rounds():
        waits = here.number == finished and here.selected.path.exists()
        if waits and not here.batch.exists() and not folder.was_labelled(here.number):
            return here
    raise DeepALError(f"{run} has no batch that waits to be labelled. {CONTINUE_RUN}")


def read_waiting_batch(run: Path, *, suggest: bool = True) -> WaitingBatch:
    """Read what waits in a run, and what is suggested for it.

    suggest (bool): With False, nothing is suggested.
    RAISES (DeepALError): As `find_waiting_round`; all is labelled; the pool or the model cannot be
        read.
    """
    here, folder = find_waiting_round(run), RunFolder(run)
    docs, rows = docs_of_round(run, here), here.selected.read()
    answers = settle_round(here, docs)
    open_ids = {*answers.waiting, *answers.problems}
    ranked = enumerate(zip(docs, rows, strict=True), 1)
    wanted = [(rank, doc, row) for rank, (doc, row) in ranked if row.id in open_ids]
    if not wanted and answers.unread:
        raise DeepALError(
            f"Every sentence of {here.path} is labelled, but some lines of "
            f"{here.path / LABELLED} cannot be read. Correct them.{list_problems(answers.unread)}"
        )
    if not wanted:
        raise DeepALError(f"Every sentence of {here.path} is labelled. {CONTINUE_RUN}")
    found = suggest_batch(run, [doc for _, doc, _ in wanted]) if suggest else {}
    sentences = [
        WaitingSentence(doc, rank, row.score, tuple(sorted(found.get(row.id, ()), key=_place)))
        for rank, doc, row in wanted
    ]
    last = folder.round(here.number - 1).path.name if here.number and suggest else None
    names = {one.source or last for each in sentences for one in each.suggestions}
    model = " and ".join(sorted(filter(None, names))) or last
    return WaitingBatch(here.path.name, sentences, folder.labels, model)


def _place(suggestion: Suggestion) -> tuple[int, int]:
    return suggestion.start, suggestion.end
