"""Raw text: how well a pipeline does with tokens of its own, and not with those of the data."""

import warnings
from collections.abc import Iterable

from spacy.language import Language
from spacy.scorer import PRFScore
from spacy.tokens import Doc

from ..tagger.raw_tokens import RETOKENIZE, token_places

MOST_LOST = 0.05  # of F1, from the tokens of the data to raw text


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
    if list(map(token_places, own)) == list(map(token_places, docs)):
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


def _entity_places(doc: Doc) -> set[tuple[int, int, str]]:
    return {(ent.start_char, ent.end_char, ent.label_) for ent in doc.ents}
