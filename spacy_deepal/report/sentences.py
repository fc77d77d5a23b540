"""The sentences that a round picked, drawn with displaCy."""

from collections import defaultdict
from dataclasses import dataclass
from html import escape
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from .runs import Pick, read_picks

if TYPE_CHECKING:
    from spacy.tokens import Doc

# displaCy's own template writes a line of style into each entity; a class keeps the page small.
ENTITY = '<mark class="entity" style="background:{bg}">{text} <bdi>{label}</bdi></mark>'
# A hue step at the golden angle keeps neighbouring labels apart, whatever their number.
GOLDEN_ANGLE = 137.508


@dataclass(frozen=True)
class Sentence:
    """A picked sentence as the page shows it; `markup` is displaCy's, escaped."""

    pick: Pick
    genre: str
    markup: str


@dataclass(frozen=True)
class Batch:
    """What a round picked; `labelled` is None while the labels are not there yet."""

    number: int
    picked: int
    words: int
    labelled: int | None
    shown: list[Sentence]


def read_batch(number: int, folder: Path, lang: str, colors: dict[str, str], most: int) -> Batch:
    """Read a round's batch and draw its first sentences.

    number (int): The round.
    folder (Path): Its folder.
    lang (str): Language code, for the direction of writing.
    colors (dict[str, str]): CSS colour of each label.
    most (int): How many sentences to draw; those with the highest scores come first.
    RETURNS (Batch): The counts and the drawn sentences.
    RAISES (DeepALError): A file is there and cannot be read.
    """
    picks = read_picks(folder / "selected.jsonl")
    docs = read_docs(folder / "batch.spacy")
    found = [(pick, docs[pick.id]) for pick in picks if docs and pick.id in docs]
    shown = [
        Sentence(pick, doc.user_data["deepal"].get("genre") or "", draw(doc, lang, colors))
        for pick, doc in found[:most]
    ]
    words = sum(pick.words for pick in picks)
    return Batch(number, len(picks), words, None if docs is None else len(found), shown)


def read_docs(path: Path) -> "dict[str, Doc] | None":
    """Read a batch of labelled sentences.

    path (Path): The DocBin.
    RETURNS (dict[str, Doc] | None): The sentences by id; None if the file is not there.
    RAISES (DeepALError): It is not a DocBin, or a Doc in it has no id.
    """
    from spacy.vocab import Vocab

    from ..pool.shards import read_shards
    from ..sentences import sentence_id

    if not path.exists():
        return None
    return {sentence_id(doc): doc for doc in read_shards(path, Vocab())}


def draw(doc: "Doc", lang: str, colors: dict[str, str]) -> str:
    """Draw a sentence with its entities.

    doc (Doc): The sentence; without entities it is drawn as plain text.
    lang (str): Language code.
    colors (dict[str, str]): CSS colour of each label.
    RETURNS (str): Markup, with all that is the sentence's own escaped.
    """
    from spacy import displacy

    # displaCy escapes the text but not the label, and warns of a Doc without entities (W006):
    # handing it what it would have read from the Doc settles both.
    ents = [
        {
            "start": ent.start_char,
            "end": ent.end_char,
            "label": ent.label_,
            "params": {"label": escape(ent.label_), "bg": colors[ent.label_]},
        }
        for ent in doc.ents
    ]
    settings = {"lang": lang, "direction": writing_direction(lang)}
    parsed = {"text": doc.text, "ents": ents, "title": None, "settings": settings}
    options = {"template": ENTITY}
    return displacy.render(
        parsed, style="ent", page=False, jupyter=False, options=options, manual=True
    )


def writing_direction(lang: str) -> str:
    """Tell "ltr" or "rtl" for a language code; "ltr" for a language that is not installed here."""
    from spacy.util import get_lang_class

    try:
        return get_lang_class(lang).Defaults.writing_system["direction"]
    except ImportError:
        return "ltr"


def label_colors() -> dict[str, str]:
    """Make a dict that gives each label, when it is first asked for, a light colour of its own.

    RETURNS (dict[str, str]): CSS colours by label; dark text is readable on all of them.
    """
    places = count()

    def next_color() -> str:
        place = next(places)
        return f"hsl({round(place * GOLDEN_ANGLE + 205) % 360} 70% {87 - 6 * (place % 2)}%)"

    return defaultdict(next_color)
