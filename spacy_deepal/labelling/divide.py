"""The text of a labelled run: what people choose from, and random sentences for dev and test."""

from collections.abc import Collection, Iterable
from pathlib import Path

from spacy.tokens import Doc

from ..annotation.answers import Part
from ..errors import DeepALError
from ..files import draft_beside, replace_folder
from ..pipelines import blank_pipeline
from ..pool.convert import convert
from ..pool.lookup import fetch
from ..pool.pool import Pool
from ..pool.shards import read_shards, write_shards
from ..pool.shared_texts import texts_of
from ..seeds import derive_uniform
from ..sentences import count_words, sentence_id, without_white_space
from .begun_with import advise_convert
from .given import convert_given, given_texts
from .head import head_texts
from .labelling_folder import LabellingFolder, LabellingJob

RESERVE = 3  # a reserve has so many times the words that are asked for, so that dev may grow
MOST_RESERVED = 0.2  # share of the text that dev and test take at most


def divide_text(folder: LabellingFolder, job: LabellingJob, seed: int) -> None:
    """Convert the text to a pool and, for dev and test that people label, to reserves of random
    sentences. No text is in two of them, or in the pool and in a set that is given: a model would
    be measured on what it has learnt by heart. Entities that the text has are taken out.

    RAISES (DeepALError): As `convert`; or all of the text is in dev or test.
    """
    convert_given(folder, job)
    if folder.pool.exists():
        return
    asked: dict[Part, int] = {
        "dev": 0 if job.dev else job.dev_words,
        "test": 0 if job.test else job.test_words,
    }
    vocab = blank_pipeline(job.lang).vocab
    with draft_beside(folder.pool) as draft:
        with advise_convert("inputs"):
            convert(
                job.inputs,
                draft / "all",
                options=job.reading,
                lang=job.lang,
                encoding=job.encoding,
            )
        text = Pool(draft / "all")
        given = given_texts(folder, job)
        docs = read_shards(text.path, None)
        drawn = draw_reserves(docs, asked, seed, given | head_texts(folder))
        for part, ids in drawn.items():
            write_shards(fetch(text, ids, vocab, with_gold=False), folder.reserve(part))
        apart = given | texts_of(map(folder.reserve, drawn))
        left = (
            doc
            for doc in read_shards(text.path, None)
            if without_white_space(doc.text) not in apart
        )
        write_shards(map(without_entities, left), draft / "pool")
        _check_some_left(draft / "pool", job)
        replace_folder(draft / "pool", folder.pool)


def _check_some_left(pool: Path, job: LabellingJob) -> None:
    """RAISES (DeepALError): The pool has no sentence."""
    if not Pool(pool).sentences:
        raise DeepALError(
            f"Every sentence of {', '.join(job.inputs)} is in dev or test, so there is none to "
            "learn from. Name a larger text, or another one, with --pool."
        )


def draw_reserves(
    docs: Iterable[Doc], asked: dict[Part, int], seed: int, without: Collection[str] = ()
) -> dict[Part, list[str]]:
    """Draw sentences at random, each text at most once however often it occurs. Neither the order
    of the text nor its other sentences matter.

    asked (dict): The words of each part. With 0, it gets no reserve.
    without (Collection[str]): Texts, without white space, that are not drawn.
    RETURNS (dict): The ids of each reserve, in a random order.
    """
    found: dict[float, tuple[str, int]] = {}  # of each text: its place, and its first id
    for doc in docs:
        if (text := without_white_space(doc.text)) not in without:
            one = sentence_id(doc), count_words(doc)
            place = derive_uniform(seed, "held out", text)
            found[place] = min(one, found.get(place, one))
    drawn = [found[place] for place in sorted(found)]
    total = sum(words for _, words in drawn)
    share = min(1.0, MOST_RESERVED * total / max(1, RESERVE * sum(asked.values())))
    left = iter(drawn)
    reserves: dict[Part, list[str]] = {}
    for part, words in asked.items():
        if words:
            ids, room = [], share * RESERVE * words
            for name, count in left:
                ids.append(name)
                room -= count
                if room <= 0:
                    break
            reserves[part] = ids
    return reserves


def without_entities(doc: Doc) -> Doc:
    """RETURNS (Doc): The same sentence. No word of it is annotated."""
    doc.set_ents([], default="missing")
    return doc
