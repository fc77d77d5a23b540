"""What every sentence of a pool carries: its id and origin in `doc.user_data`, and real words."""

from typing import TypedDict

import numpy as np
from numpy.typing import NDArray
from spacy.attrs import IS_SPACE
from spacy.lang.lex_attrs import LEX_ATTRS
from spacy.tokens import Doc
from spacy.vocab import Vocab

from .errors import DeepALError

KEY = "deepal"
INFO_KEYS = ("id", "doc_id", "genre")
LABELS = "labels"  # the types for which people have looked, beside these


class SentenceInfo(TypedDict):
    """Where a sentence comes from: `doc.user_data["deepal"]`.

    id (str): Stable from run to run, and unique in the pool.
    doc_id (str | None): The document that it belongs to, if that is known.
    genre (str | None): Its genre, if that is known.
    """

    id: str
    doc_id: str | None
    genre: str | None


def sentence_info(doc: Doc) -> SentenceInfo:
    """RETURNS (SentenceInfo): Where a sentence of a pool comes from.

    RAISES (DeepALError): The Doc has no id.
    """
    name = stated_id(doc.user_data)
    if name is None:
        raise DeepALError(
            f"The sentence {doc.text[:60]!r} has no id. Make the pool with `spacy deepal convert`, "
            "which gives every sentence an id."
        )
    info = doc.user_data[KEY]
    return {"id": name, "doc_id": info.get("doc_id"), "genre": info.get("genre")}


def stated_id(user_data: dict) -> str | None:
    """RETURNS (str | None): The id that the user data of a sentence have, if they have one."""
    info = user_data.get(KEY)
    found = info.get("id") if isinstance(info, dict) else None
    return found if isinstance(found, str) else None


def labels_looked_for(doc: Doc) -> frozenset[str]:
    """RETURNS (frozenset[str]): The entity types for which people have looked at a sentence that is
    not annotated throughout: `doc.user_data["deepal"]["labels"]`. None are known by default."""
    info = doc.user_data.get(KEY)
    return frozenset(info.get(LABELS, ()) if isinstance(info, dict) else ())


def is_looked_at(doc: Doc) -> bool:
    """RETURNS (bool): Whether anything is known of the entities of a sentence. Of one that waits to
    be labelled, or that people have ignored, nothing is."""
    return doc.has_annotation("ENT_IOB") or bool(labels_looked_for(doc))


def sentence_id(doc: Doc) -> str:
    """RETURNS (str): The id of a sentence of a pool. Errors are those of `sentence_info`."""
    return sentence_info(doc)["id"]


def empty_vocab() -> Vocab:
    """RETURNS (Vocab): One without words, for Docs to read. It tells words from white space."""
    return Vocab(lex_attr_getters=LEX_ATTRS)


def bare_copy(doc: Doc, vocab: Vocab) -> Doc:
    """RETURNS (Doc): The same tokens in another pipeline's vocab, without any annotation."""
    return Doc(vocab, [token.text for token in doc], [bool(token.whitespace_) for token in doc])


def word_places(doc: Doc) -> NDArray[np.int64]:
    """RETURNS (array[n_words]): Which tokens are real words: those that are not white space."""
    return np.flatnonzero(doc.to_array(IS_SPACE) == 0)


def count_words(doc: Doc) -> int:
    """RETURNS (int): The number of real words."""
    return len(word_places(doc))


def without_white_space(text: str) -> str:
    """RETURNS (str): A text that is the same however it is tokenised: files of tokens have a space
    before a full stop."""
    return "".join(text.split())
