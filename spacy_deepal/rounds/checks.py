"""Checks that a pipeline, its data and the labels of an oracle fit together."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from spacy.language import Language
from spacy.tokens import Doc

from ..acquisition.upstream import find_tagger
from ..errors import DeepALError, list_problems, plural
from ..pool.shards import read_plain_shards, read_shards
from ..pool.shared_texts import find_shared, texts_of
from ..progress import progress_bar
from ..tagger.component import DeepNER
from ..tagger.raw_tokens import warn_of_tokens

# What the components of spaCy learn from, as they say that they assign it.
LEARNT = ("tag", "pos", "morph", "lemma", "dep", "ent_kb_id")


def check_initialized(nlp: Language) -> None:
    """Check the pipeline from which a run starts against the data that its [paths] name. Components
    whose labels the config gives need no annotation in the pool: an oracle may add it. Warn as
    `warn_of_tokens` does.

    RAISES (DeepALError): There are no labels; dev or test has entities of other types than the
        config names; the pool has no annotation for a component that is to be trained.
    """
    tagger, config = find_tagger(nlp), nlp.config.interpolate()
    paths, given = config["paths"], config["initialize"]["components"]
    if not tagger.labels:
        raise DeepALError(
            f"There are no labels: {paths['pool']} has no entity. Give the entity types in "
            f"[initialize.components.{tagger.name}.labels]."
        )
    warn_of_tokens(nlp, read_plain_shards(paths["dev"], nlp.vocab), f"{paths['dev']} has")
    has_labels = {name for name in nlp.pipe_names if given.get(name, {}).get("labels")}
    if tagger.name in has_labels:
        _check_gold(nlp, tagger, paths["dev"])
        _check_gold(nlp, tagger, paths["test"])
    for name, pipe in nlp.pipeline:
        assigned = nlp.get_pipe_meta(name).assigns
        learnt = [attribute.upper() for attribute in LEARNT if f"token.{attribute}" in assigned]
        fixed = {*config["training"]["frozen_components"], *has_labels}
        if learnt and getattr(pipe, "is_trainable", False) and name not in fixed:
            docs = read_shards(paths["pool"], None)
            if not any(doc.has_annotation(attr) for doc in docs for attr in learnt):
                raise no_annotation(name, paths["pool"])


def describe_shared(pool: str | Path, dev: str | Path, test: str | Path) -> str:
    """RETURNS (str): How many sentences of a pool have a text that is in dev or test too, and what
    to do; empty if none has."""
    texts = texts_of([dev, test])
    sentences = progress_bar(read_shards(pool, None), "compare texts", unit=" sentences")
    shared = find_shared(sentences, texts)
    if shared is None:
        return ""
    measured = " or ".join(dict.fromkeys(map(str, (dev, test))))
    how = " and two different sets for dev and test" if str(dev) == str(test) else ""
    return (
        f"{shared.describe(str(pool), measured)}. There the model is measured by what it has "
        "learnt by heart. To leave it out, make the pools with `spacy deepal prepare --apart`"
        f"{how}."
    )


def _check_gold(nlp: Language, tagger: DeepNER, path: str) -> None:
    types = {ent.label_ for doc in read_plain_shards(path, nlp.vocab) for ent in doc.ents}
    if others := sorted(types - {*tagger.labels}):
        raise DeepALError(
            f"{path} has entities of {', '.join(others)}, but the labels of the run are "
            f"{', '.join(tagger.labels)}. Correct [initialize.components.{tagger.name}.labels], or "
            f"the data: `convert --entity-types {','.join(tagger.labels)}` leaves the others out."
        )


def no_annotation(name: str, data: str | Path) -> DeepALError:
    """RETURNS (DeepALError): The data have nothing that a component could learn from."""
    return DeepALError(
        f"{data} has no annotation for the component {name!r}. Convert data that have it; or take "
        f'the component from a trained pipeline, with [components.{name}] source = "PIPELINE" and '
        f'[training] frozen_components = ["{name}"]; or take it out of [nlp] pipeline.'
    )


def check_labelled(
    labelled: Mapping[str, Doc], ids: Sequence[str], tagger: DeepNER, folder: Path
) -> None:
    """Check what an oracle has labelled in a round.

    labelled (Mapping[str, Doc]): What it gave back, by the id of the sentence.
    ids (Sequence[str]): The sentences that it got.
    RAISES (DeepALError): Sentences are missing or were not asked for, or entities have types that
        the tagger was not initialised with.
    """
    if labelled.keys() != set(ids):
        lost = [name for name in ids if name not in labelled]
        raise DeepALError(
            f"The oracle must give back what it got: {plural(len(ids), 'sentence')}, with the ids. "
            f"Missing: {', '.join(lost[:5]) or 'none'}; given back: {len(labelled)}."
        )
    wrong = [
        f"sentence {name}: {ent.text!r} is labelled {ent.label_}"
        for name, doc in labelled.items()
        for ent in doc.ents
        if ent.label_ not in tagger.labels
    ]
    if wrong:
        raise DeepALError(
            f"{folder}: entities with types that are not among the run's labels, "
            f"{', '.join(tagger.labels)}: {len(wrong)}. Correct them; or begin a new run with all "
            f"labels in [initialize.components.{tagger.name}.labels]." + list_problems(wrong)
        )
