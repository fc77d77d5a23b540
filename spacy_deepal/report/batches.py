"""The batches of a run as the report shows them: sentences drawn with displaCy."""

from dataclasses import dataclass
from html import escape

from spacy import displacy
from spacy.tokens import Doc
from spacy.util import get_lang_class

from ..rounds.pipeline_oracle import LABELLED_BY
from ..rounds.rows import Selected
from ..rounds.run_folder import RoundFolder
from ..sentences import KEY, empty_vocab, is_looked_at, sentence_id, sentence_info

# displaCy's own template writes a line of style into each entity; a class keeps the page small.
ENTITY = '<mark class="entity" style="background:{bg}">{text} <bdi>{label}</bdi></mark>'
# A hue step at the golden angle keeps neighbouring labels apart, whatever their number.
GOLDEN_ANGLE = 137.508


@dataclass(frozen=True)
class ShownSentence:
    """A selected sentence on the page; `markup` is displaCy's, escaped."""

    selected: Selected
    genre: str
    markup: str


@dataclass(frozen=True)
class ShownBatch:
    """What a round selected; `labelled` is None while the labels are not there yet.

    labelled_by (list[str]): The pipelines that labelled it; empty if people did, or gold labels
        were revealed.
    """

    number: int
    sentences: int
    words: int
    labelled: int | None
    shown: list[ShownSentence]
    labelled_by: list[str]


def show_batch(here: RoundFolder, lang: str, colors: dict[str, str], most: int) -> ShownBatch:
    """Draw the first sentences of a round's batch, those with the highest scores first.

    lang (str): Language code, for the direction of writing.
    colors (dict[str, str]): As `LabelColors`.
    most (int): How many sentences to draw.
    """
    selected = sorted(here.selected.read(), key=lambda row: -(row.score or 0))
    batch = here.read_batch(empty_vocab())
    docs = {sentence_id(doc): doc for doc in batch if is_looked_at(doc)}
    found = [(row, docs[row.id]) for row in selected if row.id in docs]
    shown = [
        ShownSentence(row, sentence_info(doc)["genre"] or "", entity_markup(doc, lang, colors))
        for row, doc in found[:most]
    ]
    words = sum(row.words for row in selected)
    labelled = len(found) if here.batch.exists() else None
    pipelines = {doc.user_data[KEY].get(LABELLED_BY) for doc in batch} - {None}
    return ShownBatch(here.number, len(selected), words, labelled, shown, sorted(pipelines))


def entity_markup(doc: Doc, lang: str, colors: dict[str, str]) -> str:
    """RETURNS (str): A sentence with its entities; all that comes from the sentence is escaped."""
    # displaCy escapes the text but not the label, and warns of a Doc without entities (W006).
    # Given what it would have read from the Doc, it does neither wrong.
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
    return displacy.render(parsed, style="ent", jupyter=False, options=options, manual=True)


def writing_direction(lang: str) -> str:
    """RETURNS (str): "ltr" or "rtl"; "ltr" for a language that is not installed here."""
    try:
        return str(get_lang_class(lang).Defaults.writing_system["direction"])
    except ImportError:
        return "ltr"


class LabelColors(dict[str, str]):
    """CSS colours by label. A label gets its colour at its first look-up. All are light, so that
    dark text is readable on them."""

    def __missing__(self, label: str) -> str:
        place = len(self)
        self[label] = f"hsl({round(place * GOLDEN_ANGLE + 205) % 360} 70% {87 - 6 * (place % 2)}%)"
        return self[label]
