"""Score a pool as a stream: memory does not grow with it."""

import json
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc
from spacy.vocab import Vocab

from ..errors import DeepALError
from ..files import write_jsonl
from ..pool.shards import distinct, read_shards
from ..seeds import derive_uniform
from ..sentences import count_words, sentence_id
from .registry import acquisition_block, resolve_acquisition

if TYPE_CHECKING:
    from ..tagger.component import DeepNER
    from .functions import AcquisitionFunction

SENTENCES_AT_ONCE = 2048


@dataclass(frozen=True)
class Score:
    """id of a sentence, its real words, and how much it should be labelled (higher: sooner)."""

    id: str
    words: int
    score: float


def make_acquisition(text: str, *, samples: int | None = None) -> "AcquisitionFunction":
    """Make a registered acquisition function.

    text (str): As for `acquisition_block`: "MNLP", "BALD:samples=20".
    samples (int | None): MC dropout samples, for a function that takes them.
    RAISES (DeepALError): For an unknown name; for arguments that the function does not take.
    """
    block = acquisition_block(text)
    if samples is not None:
        block["samples"] = samples
    return resolve_acquisition(block, text)


def score_docs(
    nlp: Language,
    docs: Iterable[Doc],
    acquisition: "AcquisitionFunction",
    *,
    seed: int = 0,
    batch_words: int | None = None,
) -> Iterator[Score]:
    """Score sentences.

    nlp (Language): A pipeline with one `deepal_ner` component. Where that listens to a component,
        the sentences first pass all that stand before it.
    docs (Iterable[Doc]): Sentences of a pool, read with the pipeline's vocab.
    acquisition (AcquisitionFunction): A function of `spacy.registry.acquisition`.
    seed (int): Of random numbers and MC dropout.
    batch_words (int | None): Most words decoded at once; None: as the model's architecture says.
    YIELDS (Score): In the order of the Docs. Sentences without real words are left out.
    RAISES (DeepALError): For a score that is no finite number, with the sentence's id.
    """
    predicts = getattr(acquisition, "predicts", True)
    tagger = find_tagger(nlp) if predicts else None
    docs = (doc for doc in docs if count_words(doc))
    while chunk := list(islice(docs, SENTENCES_AT_ONCE)):
        if tagger is None:
            evidence = _blank_evidence(chunk, seed)
        else:
            chunk = pass_upstream(nlp, tagger, chunk)
            evidence = tagger.evidence(
                chunk,
                samples=getattr(acquisition, "samples", 0),
                decoder_only=getattr(acquisition, "decoder_only", False),
                seed=seed,
                batch_words=batch_words,
            )
        for item in evidence:
            score = acquisition(item)
            if not isinstance(score, Real) or not np.isfinite(score):
                raise DeepALError(
                    f"The acquisition function gave {score} to sentence {item.id}. A score must be "
                    "a finite number."
                )
            yield Score(item.id, item.words, float(score))


def find_tagger(nlp: Language) -> "DeepNER":
    """RETURNS (DeepNER): The pipeline's one `deepal_ner` component.

    RAISES (DeepALError): When there is none, or more than one.
    """
    from ..tagger.component import DeepNER

    found = [name for name, pipe in nlp.pipeline if isinstance(pipe, DeepNER)]
    if len(found) != 1:
        count = "no" if not found else f"{len(found)} ({', '.join(found)})"
        raise DeepALError(
            f"Scoring needs a pipeline with one deepal_ner component; this one has {count}. "
            f"Its components: {', '.join(nlp.pipe_names) or 'none'}."
        )
    return nlp.get_pipe(found[0])


def pass_upstream(nlp: Language, tagger: "DeepNER", docs: list[Doc]) -> list[Doc]:
    """Where the tagger has a tok2vec, have Docs pass all components that stand before the tagger:
    it may listen to one of them, or read what they set.

    RAISES (DeepALError): When the component that it listens to is disabled.
    """
    listened = [
        name
        for name, pipe in nlp.components
        if tagger.name in getattr(pipe, "listening_components", ())
    ]
    if disabled := [name for name in listened if name in nlp.disabled]:
        raise DeepALError(
            f"Component '{tagger.name}' listens to '{disabled[0]}', which is disabled. Enable it "
            "to score."
        )
    if not tagger.model.layers:
        return docs
    after = nlp.pipe_names[nlp.pipe_names.index(tagger.name) :]
    return list(nlp.pipe(docs, disable=after))


def score_pool(
    nlp: Language,
    pool: str | Path,
    output: str | Path,
    acquisition: "AcquisitionFunction",
    *,
    seed: int = 0,
    batch_words: int | None = None,
    exclude: Iterable[str | Path] = (),
    progress: Callable[[Iterator[Score]], Iterable[Score]] = iter,
) -> int:
    """Score a pool on disk into a JSONL file, a line a sentence: {"id", "words", "score"}.

    exclude (Iterable[str | Path]): As for `pool_reader`.
    progress (Callable): Wraps the stream of scores, such as tqdm.
    RETURNS (int): The number of sentences scored.
    RAISES (DeepALError): As `score_docs` and `pool_reader`; for an output that cannot be written.
    """
    docs = pool_reader(pool, nlp.vocab, exclude)()
    scores = score_docs(nlp, docs, acquisition, seed=seed, batch_words=batch_words)
    return write_scores(progress(scores), output)


def pool_reader(
    pool: str | Path, vocab: Vocab, exclude: Iterable[str | Path] = ()
) -> Callable[[], Iterator[Doc]]:
    """What reads the sentences of a pool that are to be scored, from the first to the last.

    exclude (Iterable[str | Path]): .spacy files or folders of them, such as batches selected
        before: their sentences are left out, by their ids.
    RETURNS (Callable): It raises a DeepALError when there is no pool, its stream one when two
        sentences have the same id.
    RAISES (DeepALError): When one of `exclude` has no sentence of the pool.
    """
    known: set[str] = set()
    if exclude := list(exclude):
        ids = set(map(sentence_id, read_shards(pool, vocab)))
        for path in exclude:
            if not (found := ids.intersection(map(sentence_id, read_shards(path, vocab)))):
                raise DeepALError(
                    f"No sentence of {path} is in the pool {pool}: there is nothing to exclude. "
                    "Sentences are known by their ids; give the batch that `spacy deepal select` "
                    "wrote from this pool."
                )
            known |= found
    return lambda: excluding(distinct(read_shards(pool, vocab)), known)


def write_scores(scores: Iterable[Score], path: str | Path) -> int:
    """Write scores as JSONL: all, or on any error none. RETURNS (int): How many."""
    return write_jsonl(path, (asdict(score) for score in scores))


def read_scores(path: str | Path) -> list[Score]:
    """Read scores back.

    RAISES (DeepALError): When the file is missing; when a line is no score or scores a sentence
        again, with its number.
    """
    path = Path(path)
    if not path.is_file():
        raise DeepALError(f"There is no scores file {path}. `spacy deepal score` makes it.")
    scores: dict[str, Score] = {}
    lines = path.read_text(encoding="utf8", errors="replace").split("\n")
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            item = json.loads(line)
            score = Score(str(item["id"]), int(item["words"]), float(item["score"]))
        except (ValueError, KeyError, TypeError, OverflowError) as error:
            raise _no_score(path, number, line) from error
        if not np.isfinite(score.score):
            raise _no_score(path, number, line)
        if score.id in scores:
            raise DeepALError(f"{path}, line {number} scores sentence {score.id} a second time.")
        scores[score.id] = score
    return list(scores.values())


def _no_score(path: Path, number: int, line: str) -> DeepALError:
    return DeepALError(
        f"{path}, line {number} is no score: {line[:80]!r}. A line must be "
        '{"id": …, "words": …, "score": …}, the score a finite number.'
    )


def _blank_evidence(docs: list[Doc], seed: int) -> list:
    """Evidence without any prediction, for functions that need none."""
    from ..tagger.evidence import Evidence

    return [
        Evidence(
            id=(name := sentence_id(doc)),
            words=count_words(doc),
            uniform=derive_uniform(seed, "uniform", name),
        )
        for doc in docs
    ]


def excluding(docs: Iterable[Doc], ids: Collection[str]) -> Iterator[Doc]:
    """YIELDS (Doc): The sentences whose ids are not among `ids`."""
    return (doc for doc in docs if sentence_id(doc) not in ids)
