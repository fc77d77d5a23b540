"""The text of a labelled run: what people choose from, and random sentences for dev and test."""

from collections.abc import Collection, Iterable
from heapq import heappop, heappush
from pathlib import Path

from spacy.tokens import Doc

from ..annotation.answers import Answer, Part
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
from .given import answers_in_text, convert_given, given_texts
from .head import head_texts
from .labelling_folder import LabellingFolder, LabellingJob

RESERVE = 3  # a reserve has so many times the words that are asked for, so that dev may grow
MOST_RESERVED = 0.2  # share of the text that dev and test take at most


def divide_text(folder: LabellingFolder, job: LabellingJob, seed: int) -> None:
    """Convert the text to a pool and, for dev and test that people label, to reserves of random
    sentences. No text is in two of them, or in the pool and in a set that is given: a model would
    be measured on what it has learnt by heart. Entities that the text has are taken out. If the run
    begins with them, they go into `labelled` of the folder, as answers.

    RAISES (DeepALError): As `convert` and `answers_in_text`; or all of the text is in dev or test.
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
        known: list[Answer] = []
        if job.begins_labelled:
            known = answers_in_text(text, job, folder.annotations.labels, given)
        known_texts = {without_white_space("".join(answer.tokens)) for answer in known}
        docs = read_shards(text.path, None)
        drawn = draw_reserves(docs, asked, seed, given | head_texts(folder) | known_texts)
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
        if known:
            folder.labelled.write(known)
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
    of the text nor its other sentences matter. Memory grows with the words that are asked for, and
    not with the text.

    asked (dict): The words of each part. With 0, it gets no reserve.
    without (Collection[str]): Texts, without white space, that are not drawn.
    RETURNS (dict): The ids of each reserve, in a random order.
    """
    most = RESERVE * sum(asked.values())
    first = _FirstTexts(most)
    for doc in docs:
        if (text := without_white_space(doc.text)) not in without:
            place = derive_uniform(seed, "held out", text)
            first.add(place, sentence_id(doc), count_words(doc))
    drawn = first.in_order()
    total = sum(words for _, words in drawn)
    share = min(1.0, MOST_RESERVED * total / max(1, most))
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


class _FirstTexts:
    """Of texts in a random order, those that the reserves can reach: the first, up to the words
    of which the reserves are MOST_RESERVED. All texts, if there are fewer words.

    A sentence counts at most as many words as all reserves have: a reserve may end with a very long
    one, and others come after it.
    """

    def __init__(self, most: int) -> None:
        """most (int): The words of all reserves."""
        self._most, self._enough = most, most / MOST_RESERVED
        self._texts: dict[float, tuple[str, int]] = {}  # by place: the first id, and the words
        self._places: list[float] = []  # a heap of the places below 0: the last one is at the top
        self._words = 0

    def add(self, place: float, name: str, words: int) -> None:
        """Add a sentence. Of those with one text, and so one place, the first by id counts."""
        if place in self._texts:
            self._words -= self._counted(place)
        else:
            heappush(self._places, -place)
        self._texts[place] = min((name, words), self._texts.get(place, (name, words)))
        self._words += self._counted(place)
        while self._places and self._words - self._counted(-self._places[0]) >= self._enough:
            last = -heappop(self._places)
            self._words -= self._counted(last)
            del self._texts[last]

    def _counted(self, place: float) -> int:
        return min(self._texts[place][1], self._most)

    def in_order(self) -> list[tuple[str, int]]:
        """RETURNS (list[tuple[str, int]]): The ids and words of the texts, the first one first."""
        return [self._texts[place] for place in sorted(self._texts)]


def without_entities(doc: Doc) -> Doc:
    """RETURNS (Doc): The same sentence. No word of it is annotated."""
    doc.set_ents([], default="missing")
    return doc
