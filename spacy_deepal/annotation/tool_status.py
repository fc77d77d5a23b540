"""How far people have come with the batches of a run that they label in other tools."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from spacy.tokens import Doc

from ..files import Row
from ..rounds.run_folder import RunFolder
from ..sentences import count_words, is_looked_at, sentence_id
from .answer_file import read_rules
from .answers import Answer
from .between_annotators import AgreementScores, compare_annotators
from .contradictions import last_of_each
from .replies import BatchAnswers, Reply, Rules, settle
from .round_answers import docs_of_round, people_label, settle_round
from .shown_file import Shown, shown_file
from .suggestion_counts import SuggestionCounts, count_suggestions


class BatchStatus(Row):
    """How much of a batch is labelled.

    labelled, sentences (int): The sentences that are labelled or ignored, and all of them.
    problems (list[str]): What a person has to decide before the run goes on.
    """

    round: int
    labelled: int
    sentences: int
    problems: list[str]


class ToolStatus(NamedTuple):
    """What came back from tools. What is not known is None.

    batch (BatchStatus | None): That of the last round.
    waiting (int): The words that are labelled and no finished round has trained on.
    """

    batch: BatchStatus | None = None
    waiting: int = 0
    agreement: AgreementScores | None = None
    suggestions: SuggestionCounts | None = None


def read_tool_status(run: Path) -> ToolStatus:
    """RETURNS (ToolStatus): That of a run whose rounds people label, if any.

    RAISES (DeepALError): A file is damaged, or the pool of a batch that waits cannot be read.
    """
    folder = RunFolder(run)
    finished = len(folder.metrics)
    batch, waiting = None, 0
    final: list[Answer] = []
    people: list[list[Answer]] = []
    for here in filter(people_label, folder.rounds()):
        answers = settle_round(here, docs_of_round(run, here))
        shown = {row.id: row for row in shown_file(here.path).read()}
        problems = [*answers.unread, *answers.problems.values()]
        batch = BatchStatus(
            round=here.number,
            labelled=len(answers.settled),
            sentences=len(answers.docs),
            problems=problems,
        )
        if here.number >= finished:
            waiting += sum(count_words(doc) for doc in answers.settled if is_looked_at(doc))
        final += _final(answers, shown)
        people += _by_person(answers, read_rules(here.path))
    if batch is None:
        return ToolStatus()
    return ToolStatus(batch, waiting, compare_annotators(people), count_suggestions(final))


def _final(answers: BatchAnswers, shown: dict[str, Shown]) -> Iterator[Answer]:
    """YIELDS (Answer): What counts of each sentence that is labelled as a whole."""
    for doc in answers.settled:
        if doc.has_annotation("ENT_IOB", require_complete=True):
            yield _answer(doc, "", shown.get(sentence_id(doc)))


def _by_person(answers: BatchAnswers, rules: Rules) -> Iterator[list[Answer]]:
    """YIELDS (list[Answer]): Of each sentence, the last answer of each person whose name is known.
    The entities of the sentences are others then."""
    given: dict[str, list[Reply]] = {sentence_id(doc): [] for doc in answers.docs}
    for reply in answers.replies:
        if reply.by and not reply.single:
            given[reply.id].append(reply)
    for doc in answers.docs:
        yield [
            _answer(doc, reply.by)
            for reply in last_of_each(given[sentence_id(doc)], lambda each: each.by)
            if reply.verdict == "accept" and not settle([doc], [reply], rules).problems
        ]


def _answer(doc: Doc, by: str, shown: Shown | None = None) -> Answer:
    """RETURNS (Answer): The entities of a sentence, as the journal of the page would hold them."""
    return Answer(
        key="",
        at="",
        by=by,
        id=sentence_id(doc),
        part="train",
        answer="accept",
        entities=[(ent.start, ent.end, ent.label_) for ent in doc.ents],
        labels=[],
        seconds=0.0,
        tokens=[token.text_with_ws for token in doc],
        suggested=shown.suggestions if shown else [],
        model=0 if shown and shown.model else None,
    )
