"""Small pools of made-up sentences, and settings with which the loop runs on them in seconds."""

import functools
import json
import random
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import spacy
import spacy.cli
import torch
import typer.testing
from pydantic import ConfigDict
from spacy.cli._util import app as spacy_app
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Example
from thinc.api import fix_random_seed
from typer.testing import CliRunner

import spacy_deepal.cli  # noqa: F401  (makes `spacy deepal` known, as spaCy's own start does)
from spacy_deepal.acquisition.functions import Score
from spacy_deepal.acquisition.score_folder import ScoreFolder, Scoring
from spacy_deepal.files import Row, placed_jsonl, write_atomically
from spacy_deepal.pool import renewed
from spacy_deepal.pool.pool import Pool
from spacy_deepal.pool.shards import write_shards
from spacy_deepal.rounds.config_file import load_run_config
from spacy_deepal.sealed import is_seal, write_sealed, write_sealed_json
from spacy_deepal.sentences import KEY
from spacy_deepal.tagger.model import tagger_of
from spacy_deepal.urls import as_path

CONFIGS = Path(__file__).parent.parent / "configs"
AL_CONFIG = CONFIGS / "al.cfg"
TEXTS = (
    "{person} lives in {place} now",
    "It rained all day long",
    "In {place} it was dark",
    "We met {person} there in the rain and went home",
    "Nobody knew",
)
PEOPLE, PLACES = "Ada Bob Cem Dee Eva Fay".split(), "Rome Oslo Lima Bern Kyiv".split()
SIZES = {
    "embed": {
        "char_width": 4,
        "char_filters": 4,
        "word_width": 8,
        "attrs": ["NORM", "PREFIX", "SUFFIX", "SHAPE"],
        "attr_rows": [50, 50, 50, 50],
        "attr_width": 4,
    },
    "encode": {"width": 8},
    "decode": {"width": 8, "tag_width": 4},
}
QUICK = {
    "seed_words": 30,
    "budget_words": 45,
    "rounds": 2,
    "passes": 2,
    "min_updates": 10,
    "evaluations": 2,
    "cold_start": 0.0,
}


def make_docs(count: int, seed: int, *, gold: bool = True, distinct: bool = False) -> Iterator[Doc]:
    """Make sentences with people (PER) and places (LOC), two in five without any entity.

    distinct (bool): End each with a number, so that no two have the same text.
    """
    vocab = spacy.blank("xx").vocab
    draw = random.Random(seed)
    for number in range(count):
        person, place = draw.choice(PEOPLE), draw.choice(PLACES)
        words = TEXTS[number % len(TEXTS)].format(person=person, place=place).split()
        words += [str(number)] if distinct else []
        labels = [{person: "PER", place: "LOC"}.get(word) for word in words]
        spans = {i: label for i, label in enumerate(labels) if label and gold}
        genre = ("nw", "tc", None)[number % 3]
        yield make_doc(f"{seed}-{number:03}", words, spans, vocab, genre=genre, gold=gold)


def read_jsonl(path: Path) -> list[Any]:
    """RETURNS (list): The values of a JSONL file, without its seal if it has one."""
    values = [value for _, value in placed_jsonl(path)]
    return values[:-1] if values and is_seal(values[-1]) else values


class AnyRow(Row):
    """A row with any keys and values."""

    model_config = ConfigDict(extra="allow", allow_inf_nan=True)


def write_sealed_values(path: Path, values: Iterable[dict]) -> None:
    """Write values as a sealed file of rows."""
    write_sealed(path, map(AnyRow.model_validate, values))


def write_sealed_value(path: Path, value: dict) -> None:
    """Write values by key as a sealed file of one row."""
    write_sealed_json(path, AnyRow.model_validate(value))


def make_score(id: str, words: int, score: float) -> Score:
    return Score(id=id, words=words, score=score)


def fill_scores(folder: Path, pool: Path, rows: Iterable[Score]) -> Path:
    """Write scores of one's own making. RETURNS (Path): Their folder."""
    ScoreFolder(folder).fill(Pool(pool), rows, Scoring(acquisition="own"))
    return folder


def read_scores(folder: Path, pool: Path) -> list[Score]:
    """RETURNS (list[Score]): The scores of a pool."""
    return list(ScoreFolder(folder).read(Pool(pool)))


def make_doc(name, words, spans=None, vocab=None, *, genre=None, gold=True) -> Doc:
    """Make a sentence; spans: labels of one-word entities by position."""
    doc = Doc(vocab or spacy.blank("xx").vocab, words=list(words))
    if gold:
        doc.set_ents([Span(doc, i, i + 1, label) for i, label in (spans or {}).items()])
    doc.user_data[KEY] = {"id": name, "doc_id": None, "genre": genre}
    return doc


def upload(folder: Path, url: str | Path) -> Path:
    """Copy a folder to a URL. RETURNS (Path): There; it may be the folder itself."""
    place = as_path(url)
    for file in folder.rglob("*") if place != folder else ():
        if file.is_file():
            with write_atomically(place / file.relative_to(folder).as_posix(), "wb") as stream:
                stream.write(file.read_bytes())
    return place


def write_three(folder: Path) -> Path:
    """Write sentences a, b and c of 3, 2 and 4 words in two shards; b has no entity."""
    docs = [
        make_doc("a", "Ada likes Rome".split(), {0: "PER", 2: "LOC"}, genre="nw"),
        make_doc("b", "Nobody knew".split()),
        make_doc("c", "Bob was in Oslo".split(), {0: "PER", 3: "LOC"}),
    ]
    write_shards(docs, folder, sentences_per_shard=2)
    return folder


def write_pools(folder: Path, **docs: Iterable[Doc]) -> dict[str, Path]:
    """Write a pool of 45 sentences, dev and test of 15, or others by these names."""
    docs = {"pool": make_docs(45, 1), "dev": make_docs(15, 2), "test": make_docs(15, 3)} | docs
    for name, sentences in docs.items():
        write_shards(sentences, folder / name, sentences_per_shard=20)
    return {name: folder / name for name in docs}


def overrides(paths: dict[str, Path], **active_learning) -> dict:
    """Overrides of configs/al.cfg for a quick run: small sizes, few passes."""
    values = {f"paths.{name}": str(path) for name, path in paths.items()}
    values |= {f"components.ner.model.{key}": value for key, value in SIZES.items()}
    values |= {"nlp.lang": "xx", "training.optimizer.learn_rate": 0.03, "training.batcher.size": 60}
    return values | {f"active_learning.{k}": v for k, v in (QUICK | active_learning).items()}


def quick_config(paths: dict[str, Path], acquisition: str = "MNLP", more=(), **active_learning):
    """configs/al.cfg with the `overrides`; more (dict): overrides by full key."""
    name = acquisition if "." in acquisition else f"spacy_deepal.{acquisition}.v1"
    values = overrides(paths, **active_learning) | dict(more)
    return load_run_config(
        AL_CONFIG, {**values, "active_learning.acquisition": {"@acquisition": name}}
    )


def options(values: dict) -> list[str]:
    """Overrides as they stand on a command line."""
    texts = {key: v if isinstance(v, str) else json.dumps(v) for key, v in values.items()}
    return [part for key, text in texts.items() for part in (f"--{key}", text)]


def make_pipeline(docs: Iterable[Doc], **layers: Any) -> Language:
    """A pipeline with an untrained deepal_ner that marks words at random, and is the same at each
    call: the output layer, which begins at O, has large random weights.

    layers (Any): Layers of the model besides, such as `tok2vec`.
    """
    fix_random_seed(0)
    nlp = spacy.blank("xx")
    encode = {**SIZES["encode"], "dropout": 0.5}
    model = {"@architectures": "spacy_deepal.CnnCnnLstm.v1", **SIZES, "encode": encode, **layers}
    nlp.add_pipe("deepal_ner", config={"model": model})
    words = [[token.text for token in doc] for doc in docs]
    examples = [Example.from_dict(Doc(nlp.vocab, words=w), {"words": w}) for w in words]
    nlp.get_pipe("deepal_ner").add_label("PER")
    nlp.get_pipe("deepal_ner").add_label("LOC")
    nlp.initialize(lambda: examples)
    output = tagger_of(nlp.get_pipe("deepal_ner").model).network.decoder.output
    torch.nn.init.normal_(output.weight)
    torch.nn.init.zeros_(output.bias)
    return nlp


def save_ruler(folder: Path, label: str = "PERSON") -> str:
    """Save a pipeline that knows the people by their names. RETURNS (str): Its folder."""
    nlp = spacy.blank("xx")
    ruler = nlp.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": label, "pattern": name} for name in PEOPLE])
    nlp.to_disk(folder)
    return str(folder)


def annotation(doc: Doc) -> list[tuple[str, str, str]]:
    """Every token with its IOB code and its type."""
    return [(token.text, token.ent_iob_, token.ent_type_) for token in doc]


def call(*args) -> tuple[int, str]:
    """Run `spacy deepal …` in this process: the exit code, and what it printed in one line."""
    return call_spacy("deepal", *args)


def call_spacy(*args) -> tuple[int, str]:
    """Run `spacy …` in this process: the exit code, and what it printed in one line."""
    result = CliRunner().invoke(spacy_app, [str(arg) for arg in args])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, " ".join(re.sub(r"\x1b\[[\d;]*m", "", result.output).split())


@contextmanager
def quick() -> Iterator[None]:
    """Make commands and tokenizers once: that takes longer than all that is looked at here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(renewed, "blank_pipeline", functools.cache(renewed.blank_pipeline))
        patch.setattr(typer.testing, "_get_command", functools.cache(typer.testing._get_command))
        yield
