"""Entity types: what is labelled has to be among the labels that a run knows."""

from collections.abc import Iterable
from pathlib import Path

from spacy.language import Language
from spacy.tokens import Doc

from ..corpus.docbin import read_docs
from ..errors import PROBLEMS_SHOWN, DeepALError
from ..pool.shards import shard_files
from ..sentences import sentence_id
from ..tagger.component import DeepNER


def check_gold(nlp: Language, tagger: DeepNER, path: str | Path) -> None:
    """Compare the types of dev or test with those that a config names. Where it names none, they
    come from the pool, and dev and test may have others.

    RAISES (DeepALError): An entity has another type: one of the two is misspelt.
    """
    if not nlp.config["initialize"]["components"].get(tagger.name, {}).get("labels"):
        return
    docs = (doc for file in shard_files(path) for doc in read_docs(file, nlp.vocab))
    if others := sorted({ent.label_ for doc in docs for ent in doc.ents} - {*tagger.labels}):
        raise DeepALError(
            f"{path} has entities of {', '.join(others)}, but the labels of the run are "
            f"{', '.join(tagger.labels)}. Correct [initialize.components.{tagger.name}.labels], or "
            "the data."
        )


def check_labelled(docs: Iterable[Doc], tagger: DeepNER, folder: Path) -> None:
    """Check what an oracle has labelled.

    folder (Path): Of the round.
    RAISES (DeepALError): Entities have types that the tagger was not initialised with.
    """
    wrong = [
        f"sentence {sentence_id(doc)}: {ent.text!r} is labelled {ent.label_}"
        for doc in docs
        for ent in doc.ents
        if ent.label_ not in tagger.labels
    ]
    if wrong:
        raise DeepALError(
            f"{folder}: entities with types that are not among the run's labels, "
            f"{', '.join(tagger.labels)}: {len(wrong)}. Correct them; or begin a new run with all "
            f"labels in [initialize.components.{tagger.name}.labels].\n- "
            + "\n- ".join(wrong[:PROBLEMS_SHOWN])
        )
