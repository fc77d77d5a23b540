"""Run folders as the loop leaves them, small and with numbers that can be checked by hand."""

from pathlib import Path

import spacy
from spacy.tokens import Doc, DocBin

from ..pools import write_sealed_value, write_sealed_values

POOL_WORDS = 1000


def make_run(
    path: Path,
    name: str = "MNLP",
    seed: int = 0,
    curve: tuple[tuple[float, float], ...] = ((1, 0.5), (10, 0.7), (20, 0.8)),
    lang: str = "en",
    stability: tuple[float | None, ...] = (),
    **manifest,
) -> Path:
    """Write a run with a round for each (percent of the words, F1) of the curve."""
    path.mkdir(parents=True)
    genres = {"nw": {"sentences": 60, "words": 750}, "tc": {"sentences": 40, "words": 250}}
    pool = {"path": "pool", "fingerprint": "f00d", "shards": {}}
    pool |= {"sentences": 100, "words": POOL_WORDS}
    base = {
        "format": 1,
        "acquisition": f"spacy_deepal.{name}.v1",
        "arguments": {},
        "seed": seed,
        "lang": lang,
        "config": '[active_learning]\n# a <b>"config"</b>\n',
        "vectors": "",
        "code": "",
        "versions": {"spacy": "3.8.18"},
        "threads": 1,
        "pool": {**pool, "genres": genres},
        "dev": {"path": "dev", "fingerprint": "d"},
        "test": {"path": "test", "fingerprint": "t"},
        "started": "2026-01-05T10:00:00+00:00",
    }
    write_sealed_value(path / "manifest.json", base | manifest)
    rows = [make_row(n, percent, f) for n, (percent, f) in enumerate(curve)]
    for row, number in zip(rows, stability, strict=False):
        row["stability"] = number
    write_sealed_values(path / "metrics.jsonl", rows)
    return path


def make_row(number: int, percent: float, f: float) -> dict:
    """Make a line of metrics.jsonl."""
    return {
        "round": number,
        "selection": "acquisition" if number else "seed",
        "words": round(POOL_WORDS * percent / 100),
        "words_percent": percent,
        "sentences": 10 * (number + 1),
        "ents_p": f,
        "ents_r": f,
        "ents_f": f,
        "ents_per_type": {"PERSON": {"p": 0.25, "r": 0.5, "f": 1 / 3}},
        "dev_ents_f": 0.25,
        "stability": None,
        "genres": {"nw": {"sentences": 6, "words": 50}, "tc": {"sentences": 4, "words": 50}},
        "seconds": {"score": 2.0, "select": 0.1, "train": 30.0, "evaluate": 1.0},
    }


def make_calibration(temperature: float = 1.5) -> dict:
    """Make what a round says of its model's confidence."""
    before = {"entities": 20, "confidence": 0.95, "right": 0.75}
    after = {"entities": 20, "confidence": 0.8, "right": 0.75}
    return {
        "temperature": temperature,
        "before": {"bins": [before], "error": 0.2},
        "after": {"bins": [after], "error": 0.05},
    }


def make_batch(
    run: Path, number: int, docs: list[Doc], scores: list[float | None], **info: str
) -> Path:
    """Write what a round picked, with labels. info: What the sentences note besides their ids."""
    folder = run / f"round_{number:02d}"
    folder.mkdir()
    picks = []
    for place, (doc, score) in enumerate(zip(docs, scores, strict=True)):
        id_ = f"r{number}s{place}"
        doc.user_data["deepal"] = {"id": id_, "doc_id": "d", "genre": "nw", **info}
        picks.append({"id": id_, "words": len(doc), "score": score})
    write_sealed_values(folder / "selected.jsonl", picks)
    DocBin(docs=docs, store_user_data=True).to_disk(folder / "batch.spacy")
    return folder


def make_doc(text: str, *ents: tuple[str, str], lang: str = "en") -> Doc:
    """Make a labelled sentence; each entity is its text, whole tokens, and its label."""
    doc = spacy.blank(lang).make_doc(text)
    starts = [text.index(surface) for surface, _ in ents]
    spans = zip(starts, ents, strict=True)
    doc.set_ents([doc.char_span(at, at + len(ent[0]), label=ent[1]) for at, ent in spans])
    return doc
