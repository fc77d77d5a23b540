"""What does a round's model miss that a model of all words finds? By type, and by what it saw.

    python scripts/missing.py runs/large

The runs must have kept their models (`spacy deepal experiment … --full --keep all`). Records a line
for the last round of each run, and for each model of all words: entities of the test set that are
right, found and there, for each type; and of those that are there, how many are right among those
whose words were labelled with this type in training, and among the others. Prints all that the file
of results holds, the mean of the seeds.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from statistics import mean
from typing import Annotated, Any

import typer
from curves_table import FULL
from paired import read_workspace
from results import DIGITS, RESULTS, markdown, read_lines, record, show_errors
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training.loop import DIR_MODEL_BEST

from spacy_deepal.errors import DeepALError
from spacy_deepal.pipelines import load_pipeline
from spacy_deepal.pool.shards import read_shards
from spacy_deepal.report.compare import BASELINE
from spacy_deepal.report.runs import RecordedRun
from spacy_deepal.sentences import bare_copy

SYSTEMS = (FULL, "MNLP", BASELINE)  # the columns


def main(
    workspace: Annotated[Path | None, typer.Argument(help="With the runs, to record")] = None,
    output: Annotated[Path, typer.Option(help="File of results")] = RESULTS / "missing.jsonl",
) -> None:
    """Record what the last models of the runs miss, and print tables of all that is recorded."""
    with show_errors():
        for folder, runs in read_workspace(workspace) if workspace else ():
            lines = [{"data": folder.name, **line} for line in lines_of(folder, runs)]
            record(output, lines, by=("data", "acquisition", "seed"))
        lines = read_lines(output)
    for data in dict.fromkeys(line["data"] for line in lines):
        ours = [line for line in lines if line["data"] == data]
        print(f"\n**{data}**, by type:\n\n{markdown(*by_type(ours))}")
        print(f"\n**{data}**, by what was labelled:\n\n{markdown(*by_labelled(ours))}")


def lines_of(folder: Path, runs: list[RecordedRun]) -> Iterator[dict[str, Any]]:
    """YIELDS (dict): A line for each run of a data set, and for each of its models of all words.

    RAISES (DeepALError): A model is gone, or there is none of all words; or the runs have not come
        equally far.
    """
    full = sorted(folder.glob(f"{FULL}-seed*"))
    if not full:
        raise DeepALError(f"{folder} has no model of all words. Run the experiment with --full.")
    if len({len(run.rounds) for run in runs}) > 1 or not all(run.rounds for run in runs):
        told = ", ".join(f"{run.folder.path.name}: {len(run.rounds)}" for run in runs)
        raise DeepALError(f"The runs in {folder} have not as many rounds ({told}). Finish them.")
    for run in runs:
        last = run.rounds[-1]
        rounds = [run.folder.round(row.round) for row in run.rounds]
        nlp = load_pipeline(existing(rounds[-1].model))
        labelled = (doc for each in rounds for doc in each.read_batch(nlp.vocab))
        head = {"acquisition": run.name, "seed": run.seed, "words_percent": last.words_percent}
        head["words_percent"] = round(head["words_percent"], DIGITS)
        yield head | compare(nlp, labelled, folder / "corpus" / "test")
    for path in full:
        nlp = load_pipeline(existing(path / DIR_MODEL_BEST))
        labelled = read_shards(folder / "corpus" / "train", nlp.vocab)
        head = {"acquisition": FULL, "seed": int(path.name.removeprefix(f"{FULL}-seed"))}
        yield head | {"words_percent": 100.0} | compare(nlp, labelled, folder / "corpus" / "test")


def existing(model: Path) -> Path:
    """RETURNS (Path): The folder of a model.

    RAISES (DeepALError): It is gone.
    """
    if not model.is_dir():
        raise DeepALError(f"{model} is gone. Run the experiment with --full and --keep all.")
    return model


def compare(nlp: Language, labelled: Iterable[Doc], test: Path) -> dict[str, Any]:
    """Compare what a model finds in the test set with what is there.

    labelled (Iterable[Doc]): What the model was trained on.
    RETURNS (dict): For each type, the entities of the test set that are right, found and there, and
        those that were labelled in training. Whether an entity's words were labelled with its type
        in training: of such entities of the test set, how many are right, and how many there are.
    """
    learnt = Counter(name_of(entity) for doc in labelled for entity in doc.ents)
    right, found, there = Counter[str](), Counter[str](), Counter[str]()
    known = {"labelled": [0, 0], "not labelled": [0, 0]}
    gold = list(read_shards(test, nlp.vocab))
    bare = (bare_copy(doc, nlp.vocab) for doc in gold)
    for doc, predicted in zip(gold, nlp.pipe(bare), strict=True):
        ours = {(entity.start, entity.end, entity.label_) for entity in predicted.ents}
        found.update(label for _, _, label in ours)
        for entity in doc.ents:
            is_right = (entity.start, entity.end, entity.label_) in ours
            there[entity.label_] += 1
            right[entity.label_] += is_right
            counts = known["labelled" if name_of(entity) in learnt else "not labelled"]
            counts[0] += is_right
            counts[1] += 1
    trained = Counter[str]()
    for (label, _), number in learnt.items():
        trained[label] += number
    types = {
        label: [right[label], found[label], there[label], trained[label]]
        for label in sorted({*there, *found}, key=lambda label: -there[label])
    }
    return {"types": types, "known": known}


def name_of(entity: Span) -> tuple[str, str]:
    """RETURNS (tuple[str, str]): Its type and its words."""
    return entity.label_, entity.text


def by_type(lines: list[dict[str, Any]]) -> Iterator[list[str]]:
    """YIELDS (list[str]): The head, then a row for each type: entities of the test set and of the
    pool, the share of the latter that was labelled, and F1 in points."""
    systems = {name: mean_types(lines, name) for name in SYSTEMS}
    systems = {name: types for name, types in systems.items() if types}
    chosen = [name for name in systems if name != FULL]
    yield [
        *("type", "in the test set", "in the pool"),
        *(f"labelled by {name}, %" for name in chosen),
        *(f"{name}: F1" for name in systems),
    ]
    for label, (_, _, there, pool) in systems[FULL].items():
        row = [label, f"{there:,.0f}", f"{pool:,.0f}"]
        of = {name: systems[name].get(label, (0, 0, there, 0)) for name in systems}
        row += [f"{100 * of[name][3] / max(pool, 1):.0f}" for name in chosen]
        yield row + [f1(*of[name][:3]) for name in systems]


def mean_types(lines: list[dict[str, Any]], name: str) -> dict[str, tuple[float, ...]]:
    """RETURNS (dict): The numbers of each type, the mean of all seeds of a system."""
    ours = [line["types"] for line in lines if line["acquisition"] == name]
    labels = dict.fromkeys(label for types in ours for label in types)
    return {
        label: tuple(map(mean, zip(*(types.get(label, [0] * 4) for types in ours), strict=True)))
        for label in labels
    }


def f1(right: float, found: float, there: float) -> str:
    """RETURNS (str): F1 in points."""
    return f"{100 * 2 * right / max(found + there, 1):.1f}"


def by_labelled(lines: list[dict[str, Any]]) -> Iterator[list[str]]:
    """YIELDS (list[str]): The head, then a row for each system: which share of the entities of the
    test set was labelled in training with the same words and type, and the recall of these, of the
    others, and of all, in percent."""
    yield ["", "words", "labelled before, %", "recall of these", "recall of the others", "of all"]
    for name in SYSTEMS:
        ours = [line for line in lines if line["acquisition"] == name]
        if ours:
            words = mean(line["words_percent"] for line in ours)
            shares = map(mean, zip(*map(recalls, ours), strict=True))
            yield [name, f"{words:.1f}%", *(f"{100 * share:.1f}" for share in shares)]


def recalls(line: dict[str, Any]) -> list[float]:
    """RETURNS (list[float]): The shares of `by_labelled`, from 0 to 1."""
    right, there = zip(line["known"]["labelled"], line["known"]["not labelled"], strict=True)
    recall = [a / max(b, 1) for a, b in zip(right, there, strict=True)]
    return [there[0] / sum(there), *recall, sum(right) / sum(there)]


if __name__ == "__main__":
    typer.run(main)
