"""What every sentence of a pool carries: `doc.user_data["deepal"]`, and its real words."""

from spacy.attrs import IS_SPACE
from spacy.tokens import Doc

from .errors import DeepALError

KEY = "deepal"
REMEDY = "Make the pool with `spacy deepal convert`, which gives every sentence its id."


def sentence_info(doc: Doc) -> dict[str, str | None]:
    """Where a sentence comes from.

    doc (Doc): A sentence of a pool.
    RETURNS (dict): Its "id", and its "doc_id" and "genre", which may be None.
    RAISES (DeepALError): The Doc has no id.
    """
    info = doc.user_data.get(KEY)
    if not isinstance(info, dict) or not isinstance(info.get("id"), str):
        raise DeepALError(f"The sentence {doc.text[:60]!r} has no id. {REMEDY}")
    return info


def sentence_id(doc: Doc) -> str:
    """The id of a sentence: stable from run to run, unique in its pool.

    doc (Doc): A sentence of a pool.
    RAISES (DeepALError): The Doc has no id.
    """
    return sentence_info(doc)["id"]


def count_words(doc: Doc) -> int:
    """Number of real words: the tokens that are not white space."""
    return len(doc) - int(doc.to_array(IS_SPACE).sum()) if len(doc) else 0
