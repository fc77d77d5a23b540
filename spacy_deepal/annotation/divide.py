"""The text of a labelled run: what people choose from, and random sentences for dev and test."""

from collections.abc import Iterable
from itertools import chain

from spacy.tokens import Doc

from ..files import draft_beside, replace_folder
from ..pipelines import blank_pipeline
from ..pool.convert import convert
from ..pool.lookup import fetch
from ..pool.pool import Pool
from ..pool.shards import read_shards, write_shards
from ..seeds import derive_uniform
from ..sentences import count_words, sentence_id
from .begun_with import advise_convert
from .head import head_ids
from .journal import Part
from .labelling_folder import LabellingFolder, LabellingJob

RESERVE = 3  # a reserve has so many times the words that are asked for, so that dev may grow
MOST_RESERVED = 0.2  # share of the text that dev and test take at most


def divide_text(folder: LabellingFolder, job: LabellingJob, seed: int) -> None:
    """Convert the text to a pool and, for dev and test that people label, to reserves of random
    sentences. No sentence is in two of them. Entities that the text has are taken out.

    RAISES (DeepALError): As `convert`.
    """
    for part, given in (("dev", job.dev), ("test", job.test)):
        if given and not (folder.path / part).exists():
            with advise_convert(part):
                convert([given], folder.path / part, lang=job.lang)
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
        docs = read_shards(text.path, vocab, head_ids(folder))
        drawn = draw_reserves(docs, asked, seed)
        for part, ids in drawn.items():
            write_shards(fetch(text, ids, vocab, with_gold=False), folder.reserve(part))
        reserved = set(chain.from_iterable(drawn.values()))
        docs = (doc for doc in read_shards(text.path, vocab) if sentence_id(doc) not in reserved)
        write_shards(map(without_entities, docs), draft / "pool")
        replace_folder(draft / "pool", folder.pool)


def draw_reserves(docs: Iterable[Doc], asked: dict[Part, int], seed: int) -> dict[Part, list[str]]:
    """Draw sentences at random. Neither the order of the text nor its other sentences matter.

    asked (dict): The words of each part. With 0, it gets no reserve.
    RETURNS (dict): The ids of each reserve, in a random order.
    """
    drawn = sorted(
        (derive_uniform(seed, "held out", name := sentence_id(doc)), name, count_words(doc))
        for doc in docs
    )
    total = sum(words for _, _, words in drawn)
    share = min(1.0, MOST_RESERVED * total / max(1, RESERVE * sum(asked.values())))
    left = iter(drawn)
    reserves: dict[Part, list[str]] = {}
    for part, words in asked.items():
        if words:
            ids, room = [], share * RESERVE * words
            for _, name, count in left:
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
