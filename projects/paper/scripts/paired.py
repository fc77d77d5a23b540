"""Is one acquisition function better than another? Paired differences of runs on one test set.

    python scripts/paired.py runs --acquisition MNLP --baseline RAND

The runs must have kept the models of all rounds (`spacy deepal experiment … --keep all`). Two runs
of the same seed have the same seed set, so they make a pair. Each model's entities on the test set
are counted once, sentence by sentence, and kept in WORKSPACE/NAME/counts. The counts of each run
are kept in counts/NAME beside the results, too: a later run of another seed is paired with all that
are there, although their models are gone.

A difference is the mean over the pairs of F1 (micro, 0 to 1) of the one function minus that of the
other, after the same round, that is after equal words up to a sentence. Its interval is the 95%
percentile interval of a bootstrap over the test sentences (Efron & Tibshirani 1993, chapter 13):
each resample is shared by all models, so what is easy or hard for all of them cancels out. The
spread between seeds is not in the interval; the differences of the seeds stand beside it. A
difference whose interval has 0 in it, or whose seeds do not all have its sign, is not decided.
"""

from collections.abc import Collection, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any, NamedTuple
from urllib.parse import quote, unquote

import numpy as np
import typer
from numpy.typing import NDArray
from results import DIGITS, RESULTS, markdown, record, show_errors, signed
from spacy.tokens import Doc
from tqdm import tqdm

from spacy_deepal.errors import DeepALError
from spacy_deepal.pipelines import load_pipeline
from spacy_deepal.pool.shards import read_shards
from spacy_deepal.report.runs import RecordedRun, read_runs
from spacy_deepal.seeds import derive_seed
from spacy_deepal.sentences import bare_copy

KEPT = "counts"  # the folder beside the results
RESAMPLES = 2000
INTERVAL = (2.5, 97.5)  # percentiles


def main(
    workspace: Annotated[Path, typer.Argument(help="With the runs, as WORKSPACE/NAME/RUN")],
    acquisition: Annotated[str, typer.Option(help="The function that is judged")] = "MNLP",
    baseline: Annotated[str, typer.Option(help="The function it is compared with")] = "RAND",
    output: Annotated[Path, typer.Option(help="File of results")] = RESULTS / "paired.jsonl",
) -> None:
    """Record the difference after each round, and over all rounds, and print them."""
    rows = [["data", "words", "difference", "95% interval", "by seed", ""]]
    functions = (acquisition, baseline)
    with show_errors():
        for folder, runs in read_workspace(workspace):
            kept = output.parent / KEPT / folder.name
            found = {(run.name, run.seed): run for run in runs}
            seeds = paired_seeds({*found, *kept_runs(kept)}, *functions)
            for run in (found.get((name, seed)) for name in functions for seed in seeds):
                if run is not None:
                    keep(count_run(run, folder / "counts"), kept)
            pairs = [[read_kept(kept, name, seed) for name in functions] for seed in seeds]
            head = {"data": folder.name, "acquisition": acquisition, "baseline": baseline}
            lines = [{**head, "seeds": seeds, **line} for line in compare_rounds(pairs)]
            record(output, lines, by=("data", "acquisition", "baseline"))
            rows += map(show, lines)
    print(markdown(*rows))


class Counted(NamedTuple):
    """The entities that the models of a run find in the test set.

    words_percent (array[rounds]): The words labelled, in percent of the pool's.
    counts (array[rounds, sentences, 3]): In each sentence: entities that are right, entities that
        are found, entities that are there.
    """

    name: str
    seed: int
    words_percent: NDArray[np.float64]
    counts: NDArray[np.int64]


def read_workspace(workspace: Path) -> Iterator[tuple[Path, list[RecordedRun]]]:
    """YIELDS (Path, list[RecordedRun]): Of each data set, its folder and its runs."""
    files = sorted(workspace.glob("*/*/manifest.json"))
    for folder, found in groupby(files, lambda file: file.parents[1]):
        yield folder, read_runs(file.parent for file in found)


def paired_seeds(found: Collection[tuple[str, int]], first: str, second: str) -> list[int]:
    """RETURNS (list[int]): The seeds with which both functions were run.

    found (Collection): The function and the seed of each run.
    RAISES (DeepALError): There is none.
    """
    seeds = sorted(seed for name, seed in found if name == first and (second, seed) in found)
    if not seeds:
        raise DeepALError(
            f"No seed has a run of {first} and one of {second}. There are runs of "
            f"{', '.join(sorted({name for name, _ in found}))}."
        )
    return seeds


def kept_runs(folder: Path) -> Iterator[tuple[str, int]]:
    """YIELDS (tuple[str, int]): The function and the seed of each run that `keep` has kept."""
    for file in folder.glob("*-seed*.npz"):
        name, _, seed = file.stem.rpartition("-seed")
        yield unquote(name), int(seed)


def keep(counted: Counted, folder: Path) -> None:
    """Write a run's counts, so that runs made later can be paired when its models are gone."""
    folder.mkdir(parents=True, exist_ok=True)
    small = counted.counts.astype("uint16")
    file = kept_file(folder, counted.name, counted.seed)
    np.savez_compressed(file, words_percent=counted.words_percent, counts=small)


def kept_file(folder: Path, name: str, seed: int) -> Path:
    """RETURNS (Path): Where the counts of a run are. Windows has no file names with a colon."""
    return folder / f"{quote(name, safe='=,')}-seed{seed}.npz"


def read_kept(folder: Path, name: str, seed: int) -> Counted:
    """RETURNS (Counted): What `keep` wrote."""
    with np.load(kept_file(folder, name, seed)) as kept:
        return Counted(name, seed, kept["words_percent"], kept["counts"].astype("int64"))


def count_run(run: RecordedRun, folder: Path) -> Counted:
    """Count the entities of each round's model on the test set, unless that has been done.

    folder (Path): Keeps the counts of each model.
    RAISES (DeepALError): The model of a round is gone.
    """
    rounds = []
    for row in tqdm(run.rounds, desc=run.folder.path.name, disable=None):
        file = folder / f"{run.folder.path.name}-round_{row.round:02}.npy"
        model = run.folder.round(row.round).model
        if not file.exists():
            if not model.is_dir():
                raise DeepALError(
                    f"{model} is gone. Run the experiment with --keep all: all models are needed."
                )
            folder.mkdir(exist_ok=True)
            np.save(file, count_model(model, run.manifest.test.path))
        rounds.append(np.load(file))
    words = np.array([row.words_percent for row in run.rounds])
    return Counted(run.name, run.seed, words, np.stack(rounds))


def count_model(model: Path, test: str) -> NDArray[np.int64]:
    """RETURNS (array[sentences, 3]): As the counts of `Counted`, of one model."""
    nlp = load_pipeline(model)
    gold = list(read_shards(test, nlp.vocab))
    bare = (bare_copy(doc, nlp.vocab) for doc in gold)
    return np.array([count(doc, found) for doc, found in zip(gold, nlp.pipe(bare), strict=True)])


def count(gold: Doc, found: Doc) -> tuple[int, int, int]:
    """RETURNS (tuple): Entities of a sentence that are right, that are found, that are there."""
    there, ours = ({(e.start, e.end, e.label_) for e in doc.ents} for doc in (gold, found))
    return len(there & ours), len(ours), len(there)


def compare_rounds(pairs: Sequence[Sequence[Counted]]) -> Iterator[dict[str, Any]]:
    """Compare pairs of runs, as far as all have come.

    RETURNS (Iterator[dict]): A line for each round, and one for the mean of all but the first,
        whose batch is the same for all functions.
    RAISES (DeepALError): The runs do not have the same test set.
    """
    check_same_test([run for pair in pairs for run in pair])
    rounds = min(len(run.counts) for pair in pairs for run in pair)
    test = np.array([[run.counts[:rounds] for run in pair] for pair in pairs])
    sentences = test.shape[-2]
    random = np.random.default_rng(derive_seed(0, "bootstrap"))
    drawn = random.multinomial(sentences, np.full(sentences, 1 / sentences), RESAMPLES)
    exact = paired_difference(np.ones((1, sentences)), test)[..., 0]
    resampled = paired_difference(drawn, test).mean(0)
    for number in range(rounds):
        words = np.mean([run.words_percent[number] for pair in pairs for run in pair])
        line = {"round": number, "words_percent": round(float(words), DIGITS)}
        yield line | decide(exact[:, number], resampled[number])
    if rounds > 1:
        mean = {"round": None, "words_percent": None}
        yield mean | decide(exact[:, 1:].mean(1), resampled[1:].mean(0))


def check_same_test(runs: Sequence[Counted]) -> None:
    """RAISES (DeepALError): Test sentences do not have as many entities for all runs."""
    there = {run.counts[0, :, 2].tobytes() for run in runs}
    if len(there) > 1:
        raise DeepALError(
            "These runs were not all evaluated on the same test set: "
            f"{', '.join(f'{run.name}, seed {run.seed}' for run in runs)}. Remove the counts of "
            f"the others from the folder {KEPT} beside the results."
        )


def paired_difference(weights: NDArray, counts: NDArray) -> NDArray[np.float64]:
    """F1 of the first function minus that of the second.

    weights (array[resamples, sentences]): How often each resample has each sentence.
    counts (array[pairs, 2, rounds, sentences, 3]): As in `Counted`.
    RETURNS (array[pairs, rounds, resamples]): The differences.
    """
    right, found, there = np.moveaxis(weights @ counts.astype("float64"), -1, 0)
    f = 2 * right / np.maximum(found + there, 1)
    return f[:, 0] - f[:, 1]


def decide(seeds: NDArray[np.float64], resampled: NDArray[np.float64]) -> dict[str, Any]:
    """RETURNS (dict): The difference, its interval, the difference of each seed, and whether it is
    decided."""
    low, high = np.percentile(resampled, INTERVAL)
    one_sign = bool((seeds > 0).all() or (seeds < 0).all())
    numbers = {"difference": seeds.mean(), "low": low, "high": high}
    return {key: round(float(value), DIGITS) for key, value in numbers.items()} | {
        "seeds_difference": [round(float(value), DIGITS) for value in seeds],
        "decided": one_sign and not low <= 0 <= high,
    }


def show(line: dict[str, Any]) -> list[str]:
    """RETURNS (list[str]): The cells of a line, in points of F1."""
    words = "all" if line["round"] is None else f"{line['words_percent']:.1f}%"
    return [line["data"], words, *show_difference(line)]


def show_difference(line: dict[str, Any]) -> list[str]:
    """RETURNS (list[str]): A difference in points of F1, its interval, the difference of each seed,
    and whether it is decided."""
    low, high = (signed(100 * line[key]) for key in ("low", "high"))
    seeds = ", ".join(signed(100 * value) for value in line["seeds_difference"])
    decided = "" if line["decided"] else "not decided"
    return [signed(100 * line["difference"]), f"{low} to {high}", seeds, decided]


if __name__ == "__main__":
    typer.run(main)
