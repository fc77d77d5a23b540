"""What people have said about the batch of a round, and what their answers make of it."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from spacy.tokens import Doc

from ..pipelines import blank_pipeline
from ..pool.lookup import fetch
from ..pool.pool import Pool
from ..rounds.run_folder import RoundFolder, RunFolder
from .answer_file import LABELLED, read_replies, read_rules
from .file_oracle import TO_LABEL
from .replies import BatchAnswers, settle
from .shown_file import shown_file


def settle_round(here: RoundFolder, docs: Sequence[Doc]) -> BatchAnswers:
    """RETURNS (BatchAnswers): What the answers of today make of a batch, by the rules of its round.

    docs (Sequence[Doc]): As of `docs_of_round`.
    """
    replies, unread = read_replies(here.path / LABELLED, docs)
    return replace(settle(docs, replies, read_rules(here.path)), unread=unread)


def people_label(here: RoundFolder) -> bool:
    """RETURNS (bool): Whether the batch of a round is for people, by files or in a tool."""
    files = (here.path / LABELLED, here.path / TO_LABEL, shown_file(here.path).path)
    return here.selected.path.exists() and any(file.exists() for file in files)


def docs_of_round(run: Path, here: RoundFolder) -> Sequence[Doc]:
    """RETURNS (Sequence[Doc]): The sentences that a round has selected, labelled or not."""
    folder = RunFolder(run)
    manifest = folder.manifest
    vocab = blank_pipeline(manifest.lang).vocab
    if here.batch.exists():
        return here.read_batch(vocab)
    ids = [row.id for row in here.selected.read()]
    index = folder.index if folder.index.exists() else None
    return fetch(Pool(manifest.pool.path, index), ids, vocab, with_gold=False)
