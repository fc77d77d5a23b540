"""Learning curves as in Figure 4 of Shen et al. (2017), from what `spacy deepal experiment` ran.

    python scripts/record_curves.py ../../assets/demo runs --output runs/curves.jsonl

Trains the shallow model of the figure, a CRF of all words, and writes the report of WORKSPACE/NAME
again with the CRF in it. Records a line for each round of each run, and one for each model of all
words: the config's ("full") and the CRF ("crf"). `curves_table.py` sums the lines up.
"""

from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any

import spacy
import typer
from curves_table import FULL, SHALLOW
from peers import train_crf
from results import DIGITS, RESULTS, keep_config, record, show_errors
from thinc.api import Config
from wasabi import msg

from spacy_deepal.errors import DeepALError
from spacy_deepal.experiment.simulation import METRICS, SPLITS, prepare_corpus
from spacy_deepal.files import read_json, write_json
from spacy_deepal.pool.shards import read_shards
from spacy_deepal.report.compare import read_comparison
from spacy_deepal.report.page import write_report
from spacy_deepal.report.runs import RecordedRun, read_runs
from spacy_deepal.sentences import count_words

WHAT = ("round", "selection", "words", "words_percent", "sentences", "stability", "seconds")
SCORES = ("ents_p", "ents_r", "ents_f", "dev_ents_f")


def main(
    data: Annotated[Path, typer.Argument(help="As for `spacy deepal experiment`")],
    workspace: Annotated[Path, typer.Argument(help="As for `spacy deepal experiment`")],
    lang: Annotated[str, typer.Option(help="Language of the tokenizer")] = "en",
    output: Annotated[Path, typer.Option(help="File of results")] = RESULTS / "curves.jsonl",
) -> None:
    """Train the CRF, record all runs of a data set, and report."""
    with show_errors():
        folder = prepare_corpus(data, workspace, lang=lang)
        shallow = train_shallow(folder, lang)
        runs = read_runs(file.parent for file in sorted(folder.glob("*/manifest.json")))
        full = sorted(folder.glob(f"{FULL}-seed*/{METRICS}"))
        lines = [*record_all_words(folder, lang, shallow, full), *record_runs(runs, output.parent)]
        record(
            output,
            [{"data": folder.name, **line} for line in lines],
            by=("data", "acquisition", "seed"),
        )
        comparison = read_comparison([run.folder.path for run in runs], full, shallow)
        page = write_report(comparison, folder / "report.html", folder.name)
    msg.good(f"{output} holds the curves of {folder.name}. The report is in {page}")


def train_shallow(folder: Path, lang: str) -> Path:
    """Train the CRF on all words, unless that has been done. It has no random number.

    folder (Path): What `prepare_corpus` made.
    RETURNS (Path): Its scores, and the seconds of the training.
    """
    file = folder / SHALLOW / METRICS
    if not file.exists():
        vocab = spacy.blank(lang).vocab
        docs = {split: list(read_shards(folder / "corpus" / split, vocab)) for split in SPLITS}
        file.parent.mkdir(exist_ok=True)
        start = perf_counter()
        scores = train_crf(docs, file.with_name("model"))
        write_json(file, {**scores, "seconds": {"train": round(perf_counter() - start, 3)}})
    return file


def record_all_words(
    folder: Path, lang: str, shallow: Path, full: Sequence[Path]
) -> list[dict[str, Any]]:
    """RETURNS (list[dict]): A line for each model of all words, like that of a round."""
    docs = read_shards(folder / "corpus" / "train", spacy.blank(lang).vocab)
    words = [count for doc in docs if (count := count_words(doc))]
    size = {"words": sum(words), "words_percent": 100.0, "sentences": len(words)}
    models = {(SHALLOW, 0): shallow}
    models |= {(FULL, int(file.parent.name.removeprefix(f"{FULL}-seed"))): file for file in full}
    lines = []
    for (name, seed), file in models.items():
        metrics = read_json(file)
        scores = {key: round(metrics[key], DIGITS) for key in SCORES}
        line = {"acquisition": name, "seed": seed, "round": 0, "selection": "all", **size, **scores}
        lines.append({**line, "seconds": {"train": metrics["seconds"]["train"]}})
    return lines


def record_runs(runs: Sequence[RecordedRun], folder: Path) -> list[dict[str, Any]]:
    """Make the lines of the rounds, and keep the config of the runs.

    folder (Path): Where the results go.
    RETURNS (list[dict]): A line for each round of each run.
    RAISES (DeepALError): The runs have different configs.
    """
    lines, made_of = [], {}
    for run in runs:
        name = keep_config(Config().from_str(run.manifest.config, interpolate=False), folder)
        made_of[f"{run.folder.path}: {folder / 'configs' / name}.cfg"] = name
        for row in run.rounds:
            line = row.model_dump(include={*WHAT, *SCORES})
            line |= {key: round(line[key], DIGITS) for key in SCORES}
            lines.append({"made_of": name, "acquisition": run.name, "seed": run.seed, **line})
    if len(set(made_of.values())) > 1:
        raise DeepALError(
            "The runs have different configs, so their curves do not compare:\n- "
            + "\n- ".join(made_of)
            + "\nMove the runs away that do not belong to the experiment."
        )
    return lines


if __name__ == "__main__":
    typer.run(main)
