"""A run whose first batch waits to be labelled, and what it is in gold."""

import pytest

from spacy_deepal.errors import LabelsAwaited
from spacy_deepal.rounds.run import run_loop
from spacy_deepal.rounds.run_folder import RunFolder
from spacy_deepal.sentences import sentence_id

from ..pools import make_docs, quick_config

FILES = {"@misc": "spacy_deepal.FileOracle.v1"}


def begin_run(paths, folder, oracle=FILES, **active_learning):
    """Begin a run, or continue it, until it waits. RETURNS the error that says so."""
    config = config_of(paths, oracle, **active_learning)
    with pytest.raises(LabelsAwaited) as caught:
        run_loop(config, folder)
    return caught.value


def config_of(paths, oracle=FILES, suggest=None, **active_learning):
    more = {"active_learning.oracle": oracle}
    if suggest:
        more["annotation.suggest"] = suggest
    return quick_config(paths, more=more, **active_learning)


def gold_spans():
    """The entities of every sentence of the pool, in characters."""
    return {
        sentence_id(doc): [(ent.start_char, ent.end_char, ent.label_) for ent in doc.ents]
        for doc in make_docs(45, 1)
    }


def selected(run, number=0):
    """The ids of a round's batch."""
    return [row.id for row in RunFolder(run).round(number).selected.read()]
