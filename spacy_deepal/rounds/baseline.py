"""How good another pipeline is without any label of the run: what the run has to pass."""

from collections.abc import Collection
from pathlib import Path

from spacy.language import Language
from spacy.scorer import get_ner_prf

from ..pipelines import blank_pipeline
from ..pool.examples import PoolCorpus
from .other_pipeline import OtherPipeline
from .rows import Baseline
from .run_folder import RunFolder


def note_baseline(
    folder: RunFolder, other: OtherPipeline | None, dev: str, test: str, *, anew: bool = False
) -> None:
    """Measure another pipeline on dev and test, and write it into the folder of a run that has
    begun, unless it is there.

    other (OtherPipeline | None): With None, nothing is measured.
    dev, test (str): Labelled sentences.
    anew (bool): Dev or test may have grown: measure again.
    RAISES (DeepALError): As `OtherPipeline.check`.
    """
    if other is None:
        return
    known = folder.baseline
    if known and (known.pipeline, known.types) == (other.pipeline, other.types) and not anew:
        return
    folder.write_baseline(measure_baseline(other, folder.labels, folder.manifest.lang, dev, test))


def measure_baseline(
    other: OtherPipeline, labels: Collection[str], lang: str, dev: str | Path, test: str | Path
) -> Baseline:
    """Score another pipeline on the tokens of the data.

    labels (Collection[str]): The types of the run; entities of others do not count.
    """
    other.check(labels)
    nlp = blank_pipeline(lang)
    paths = dict.fromkeys((str(dev), str(test)))  # dev may be the test set too
    scores = {path: _score(other, labels, nlp, path) for path in paths}
    found = scores[str(test)]
    return Baseline(
        name=other.name,
        pipeline=other.pipeline,
        types=other.types,
        ents_p=found["ents_p"] or 0.0,
        ents_r=found["ents_r"] or 0.0,
        ents_f=found["ents_f"] or 0.0,
        dev_ents_f=scores[str(dev)]["ents_f"] or 0.0,
    )


def _score(other: OtherPipeline, labels: Collection[str], nlp: Language, path: str) -> dict:
    examples = list(PoolCorpus(path, gold_preproc=True)(nlp))
    docs = [example.predicted for example in examples]
    other.label(docs, labels)
    return get_ner_prf(examples)
