"""What happens to sentences before the tagger of a pipeline sees them."""

from collections.abc import Iterable, Iterator
from itertools import islice

from spacy.language import Language
from spacy.tokens import Doc

from ..errors import DeepALError
from ..sentences import count_words
from ..tagger.component import DeepNER

SENTENCES_AT_ONCE = 2048


def find_tagger(nlp: Language) -> DeepNER:
    """RETURNS (DeepNER): The one `deepal_ner`. RAISES (DeepALError): There is none, or more."""
    found = [pipe for _, pipe in nlp.pipeline if isinstance(pipe, DeepNER)]
    if len(found) != 1:
        names = ", ".join(pipe.name for pipe in found)
        raise DeepALError(
            "Scoring needs a pipeline with one deepal_ner component, and this pipeline has "
            f"{f'{len(found)} of them ({names})' if found else 'none'}. "
            f"Its components: {', '.join(nlp.pipe_names) or 'none'}."
        )
    return found[0]


def prepared(nlp: Language, tagger: DeepNER, docs: Iterable[Doc]) -> Iterator[list[Doc]]:
    """Pass sentences through the components before the tagger, if it has a tok2vec: it may listen
    to one of them, or read what they set.

    YIELDS (list[Doc]): Up to SENTENCES_AT_ONCE sentences, each with at least one real word.
    RAISES (DeepALError): The component that the tagger listens to is disabled.
    """
    for name, pipe in nlp.components:
        if tagger.name in getattr(pipe, "listening_components", ()) and name in nlp.disabled:
            raise DeepALError(
                f"Component '{tagger.name}' listens to '{name}', which is disabled. Enable it to "
                "score."
            )
    after = nlp.pipe_names[nlp.pipe_names.index(tagger.name) :]
    with_words = (doc for doc in docs if count_words(doc))
    while chunk := list(islice(with_words, SENTENCES_AT_ONCE)):
        yield list(nlp.pipe(chunk, disable=after)) if tagger.model.layers else chunk
