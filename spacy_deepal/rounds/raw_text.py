"""Raw text: what a pipeline finds in it with tokens of its own, and not with those of the data."""

import warnings
from collections.abc import Iterable
from pathlib import Path

from spacy.language import Language
from spacy.scorer import PRFScore
from spacy.tokens import Doc

from .manifest import read_gold

LEAST_SHARE = 0.9  # of the data's tokens that the pipeline should make too
MOST_LOST = 0.05  # of F1, from the tokens of the data to raw text
RETOKENIZE = (
    "Set [nlp] lang to the language of the data, or make the tokens of all data anew: "
    "`spacy deepal convert --tokens pipeline`."
)


def check_tokens(nlp: Language, path: str | Path) -> None:
    """Warn if the pipeline's tokenizer makes other tokens of a text than the data have. What is
    scored on these says little about what users will get.

    path (str | Path): Sentences. Those whose text is not known are passed over.
    """
    tokens = same = 0
    for doc in read_gold(path, nlp.vocab):
        if not doc.has_unknown_spaces:
            own = _token_places(nlp.make_doc(doc.text))
            places = _token_places(doc)
            tokens += len(places)
            same += len(places & own)
    if same < LEAST_SHARE * tokens:
        warnings.warn(
            f"The pipeline's tokenizer (lang = {nlp.lang}) makes only {same / tokens:.0%} of the "
            f"tokens that {path} has. In raw text it will find other entities than are scored. "
            f"{RETOKENIZE}",
            stacklevel=2,
        )


def raw_text_f(nlp: Language, docs: Iterable[Doc], scored: float) -> float | None:
    """Compare entities by their characters, where the pipeline itself tokenises the text. Warn if
    the F1 is much lower than on the data's tokens.

    docs (Iterable[Doc]): Labelled sentences.
    scored (float): The F1 on their tokens.
    RETURNS (float | None): F1 from 0 to 1; None if no text is known.
    """
    docs = list(docs)
    known = [d for d in docs if d.has_annotation("ENT_IOB") and not d.has_unknown_spaces]
    if not known:
        return None
    own = [nlp.make_doc(doc.text) for doc in known]
    if list(map(_token_places, own)) == list(map(_token_places, docs)):
        return scored  # the same tokens, so the same predictions
    score = PRFScore()
    for found, doc in zip(nlp.pipe(own), known, strict=True):
        score.score_set(_entity_places(found), _entity_places(doc))
    if score.fscore < scored - MOST_LOST:
        warnings.warn(
            "F1 on raw text is much lower than on the tokens of the data, which the pipeline's "
            f"tokenizer does not make. {RETOKENIZE}",
            stacklevel=2,
        )
    return score.fscore


def _token_places(doc: Doc) -> set[tuple[int, int]]:
    return {(token.idx, len(token)) for token in doc if not token.is_space}


def _entity_places(doc: Doc) -> set[tuple[int, int, str]]:
    return {(ent.start_char, ent.end_char, ent.label_) for ent in doc.ents}
