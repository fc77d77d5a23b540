"""What people have said about the batch of a round, and what their answers make of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from spacy.tokens import Doc

from ..pipelines import blank_pipeline
from ..pool.lookup import fetch
from ..pool.pool import Pool
from ..rounds.run_folder import RoundFolder, RunFolder
from ..sentences import sentence_id
from .answer_file import LABELLED, read_replies, read_rules
from .file_oracle import TO_LABEL
from .replies import Reply, settle
from .shown_file import shown_file


@dataclass(frozen=True)
class RoundAnswers:
    """The answers about a batch.

    docs (Sequence[Doc]): Its sentences, with the entities that the answers give them.
    replies (list[Reply]): All answers, in the order in which they were given.
    waiting (list[str]): The ids of the sentences that are still to be labelled.
    problems (dict[str, str]): What a person has to decide, by the id of the sentence.
    unread (list[str]): Lines of answers that cannot be read.
    dropped (list[str]): Spans that are left out because they are not whole tokens.
    """

    docs: Sequence[Doc]
    replies: list[Reply]
    waiting: list[str]
    problems: dict[str, str]
    unread: list[str]
    dropped: list[str]

    @property
    def settled(self) -> list[Doc]:
        """RETURNS (list[Doc]): The sentences that are labelled or ignored."""
        still_open = {*self.waiting, *self.problems}
        return [doc for doc in self.docs if sentence_id(doc) not in still_open]


def settle_round(here: RoundFolder, docs: Sequence[Doc]) -> RoundAnswers:
    """RETURNS (RoundAnswers): What the answers of today make of a batch, by the rules of its round.

    docs (Sequence[Doc]): As of `docs_of_round`.
    """
    replies, unread = read_replies(here.path / LABELLED, docs)
    settled = settle(docs, replies, read_rules(here.path))
    return RoundAnswers(docs, replies, settled.waiting, settled.problems, unread, settled.dropped)


def people_label(here: RoundFolder) -> bool:
    """RETURNS (bool): Whether the batch of a round is for people, by files or in a tool."""
    files = (here.path / LABELLED, here.path / TO_LABEL, shown_file(here.path).path)
    return here.selected.path.exists() and any(file.exists() for file in files)


def docs_of_round(run: Path, here: RoundFolder) -> Sequence[Doc]:
    """RETURNS (Sequence[Doc]): The sentences that a round has selected, labelled or not."""
    manifest = RunFolder(run).manifest
    vocab = blank_pipeline(manifest.lang).vocab
    if here.batch.exists():
        return here.read_batch(vocab)
    ids = [row.id for row in here.selected.read()]
    return fetch(Pool(manifest.pool.path), ids, vocab, with_gold=False)
