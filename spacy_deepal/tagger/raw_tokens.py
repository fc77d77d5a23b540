"""Raw text: whether a pipeline makes the tokens of it that it is trained and scored on."""

import warnings
from collections.abc import Callable, Iterable
from itertools import islice

from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example

EXAMPLES = 1000  # of the training data, that are looked at
LEAST_SHARE = 0.9  # of the data's tokens that the pipeline should make too
RETOKENIZE = (
    "Set [nlp] lang to the language of the data, or make the tokens of all data anew: "
    "`spacy deepal convert --tokens pipeline`."
)


def check_tokens(nlp: Language | None, get_examples: Callable[[], Iterable[Example]]) -> None:
    """Warn, as `warn_of_tokens`, if training keeps tokens of the data (gold_preproc) that the
    pipeline does not make."""
    if nlp is not None:
        examples = islice(get_examples(), EXAMPLES)
        docs = (eg.predicted for eg in examples if _has_text(eg.reference))
        warn_of_tokens(nlp, docs, "the training data have")


def _has_text(doc: Doc) -> bool:
    """RETURNS (bool): Whether the text of a Doc is known. Where spaCy cuts a Doc into sentences, it
    forgets that it is not: then each token has a space behind it, the last one too."""
    may_be_cut = doc.has_annotation("SENT_START")
    spaced = all(token.whitespace_ for token in doc)
    return not (doc.has_unknown_spaces or (may_be_cut and spaced))


def warn_of_tokens(nlp: Language, docs: Iterable[Doc], data: str) -> None:
    """Warn if the pipeline's tokenizer makes other tokens of a text than the data have. What is
    scored on these says little about what users will get.

    docs (Iterable[Doc]): Sentences. Those whose text is not known are passed over.
    data (str): What they are, for the message: "dev.spacy has".
    """
    tokens = same = 0
    for doc in docs:
        if not doc.has_unknown_spaces:
            places = token_places(doc)
            tokens += len(places)
            same += len(places & token_places(nlp.make_doc(doc.text)))
    if same < LEAST_SHARE * tokens:
        warnings.warn(
            f"The pipeline's tokenizer (lang = {nlp.lang}) makes only {same / tokens:.0%} of the "
            f"tokens that {data}. In raw text it will find other entities than are scored. "
            f"{RETOKENIZE}",
            stacklevel=2,
        )


def token_places(doc: Doc) -> set[tuple[int, int]]:
    """RETURNS (set[tuple[int, int]]): The first character and the length of each real word."""
    return {(token.idx, len(token)) for token in doc if not token.is_space}
