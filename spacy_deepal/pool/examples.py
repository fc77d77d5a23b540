"""What pipelines train and are evaluated on: Examples, read from a pool or any `.spacy` files."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Corpus, Example

from .shards import read_plain_shards


class PoolCorpus(Corpus):
    """spaCy's `Corpus`, but several times as fast (see `doc_bin`), and for a pool at a URL, too.

    With `gold_preproc` it keeps what spaCy's forgets of a Doc that has sentence starts, or one
    word: its `user_data`, which say for which types people have looked, and whether its text is
    known.

    path (str): As for `read_plain_shards`.
    **options: As for `Corpus`.
    """

    def __init__(self, path: str, **options):
        super().__init__("", **options)
        self.pool = path

    def __call__(self, nlp: Language) -> Iterator[Example]:
        """YIELDS (Example): As `Corpus` does."""
        docs = filter(len, read_plain_shards(self.pool, nlp.vocab))
        make = self.make_examples_gold_preproc if self.gold_preproc else self.make_examples
        for example in make(nlp, islice(docs, self.limit or None)):
            yield from self.augmenter(nlp, example)

    def make_examples_gold_preproc(
        self, nlp: Language, reference_docs: Iterable[Doc]
    ) -> Iterator[Example]:
        """YIELDS (Example): Sentences with the tokens that they have in the data."""
        for doc in reference_docs:
            for sentence in _sentences(doc):
                yield self._make_example(nlp, sentence, True)


def _sentences(doc: Doc) -> Iterator[Doc]:
    spans = list(doc.sents) if doc.has_annotation("SENT_START") else []
    if len(spans) < 2:
        yield doc
        return
    for span in spans:
        sentence = span.as_doc(copy_user_data=True)
        sentence.has_unknown_spaces = doc.has_unknown_spaces
        yield sentence


def read_examples(
    path: str,
    gold_preproc: bool = False,
    max_length: int = 0,
    limit: int = 0,
    augmenter: Callable | None = None,
) -> PoolCorpus:
    """`spacy_deepal.PoolCorpus.v1`, with the arguments of `spacy.Corpus.v1`."""
    options = {"max_length": max_length, "limit": limit, "augmenter": augmenter}
    return PoolCorpus(path, gold_preproc=gold_preproc, **options)
