"""Do the selected sentences serve another model? Train spaCy's `ner` on what the loop labelled.

    python scripts/successors.py runs
    python scripts/successors.py runs --system deepal_ner

The second command trains our own tagger from its initial weights on the same sentences: is the
model of the loop, which is trained on from round to round, as good?

A workspace of `spacy deepal experiment` holds its runs as WORKSPACE/NAME/RUN. Start this program
where that command was started, for their paths may be relative. Of each run, the rounds nearest to
10, 20 and 30% of the words are taken. Appends a line for each model to the file of results; what is
recorded is not trained again. `ner` has the config of `spacy init config`. `deepal_ner` has that of
configs/al.cfg with the vectors of the run. Both keep the model that is best on dev. The value
`deepal_ner_ents_f` is what the run recorded for its own model.
"""

import time
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import spacy
import torch
import typer
from peers import ner_config, run_spacy, tagger_config, take
from results import RESULTS, append, matching, show_errors
from spacy.tokens import DocBin
from thinc.api import Config
from tqdm import tqdm

from spacy_deepal.corpus.docbin import ATTRS
from spacy_deepal.errors import DeepALError
from spacy_deepal.experiment.simulation import SPLITS
from spacy_deepal.pool.shards import read_shards
from spacy_deepal.report.runs import RecordedRun, read_runs
from spacy_deepal.rounds.rows import RoundMetrics

SYSTEMS = "ner", "deepal_ner"
NEAR = 2.5  # points: a run whose rounds are all farther from a share is left out


def main(
    workspace: Annotated[Path, typer.Argument(help="With the runs to take")],
    data: Annotated[list[str] | None, typer.Option(help="Data sets to take; default: all")] = None,
    percent: Annotated[list[float], typer.Option(help="Of the pool's words")] = [10, 20, 30],  # noqa: B006
    acquisition: Annotated[list[str], typer.Option(help="Of the runs")] = ["MNLP", "RAND"],  # noqa: B006
    seed: Annotated[list[int] | None, typer.Option(help="Of the runs; default: all")] = None,
    system: Annotated[list[str], typer.Option(help=" or ".join(SYSTEMS))] = ["ner"],  # noqa: B006
    dev_words: Annotated[int, typer.Option(help="Most words of dev")] = 16000,
    output: Annotated[Path, typer.Option(help="File of results")] = RESULTS / "successors.jsonl",
) -> None:
    """Train on the labelled sets of the runs, and record the test F1."""
    if unknown := set(system) - set(SYSTEMS):
        raise typer.BadParameter(f"{', '.join(unknown)}: there are {' and '.join(SYSTEMS)}.")
    with show_errors():
        runs = [
            run
            for run in read_runs(file.parent for file in workspace.glob("*/*/manifest.json"))
            if run.name in acquisition
            and (not seed or run.seed in seed)
            and (not data or run.folder.path.parent.name in data)
        ]
        for name, share, run in tqdm([*product(system, percent, runs)], disable=None):
            record_successor(run, share / 100, name, dev_words, output)


def record_successor(
    run: RecordedRun, share: float, system: str, dev_words: int, output: Path
) -> None:
    """Train a system on what a run had labelled at a share of the words, unless that is recorded.

    RAISES (DeepALError): The recorded line is that of another run.
    """
    last = nearest(run.rounds, 100 * share)
    if last is None:
        print(f"{run.folder.path} has no round near {share:.0%} of the words.")
        return
    key = {"data": run.folder.path.parent.name, "acquisition": run.name, "seed": run.seed}
    key |= {"share": share, "system": system}
    size = {"words": last.words, "sentences": last.sentences}
    size["deepal_ner_ents_f"] = round(last.ents_f, 4)
    if recorded := matching(output, key):
        if not size.items() <= recorded[0].items():
            raise DeepALError(
                f"{output} has a line for other sentences than those of {run.folder.path} up to "
                f"round {last.round}. Give another file as --output."
            )
        return
    start = time.perf_counter()
    scores = train_successor(system, run, last, dev_words)
    seconds = round(time.perf_counter() - start)
    line = {
        **key,
        "words_percent": round(last.words_percent, 2),
        **size,
        **scores,
        "seconds": seconds,
    }
    append(output, {**line, "threads": torch.get_num_threads()})


def nearest(rounds: Sequence[RoundMetrics], percent: float) -> RoundMetrics | None:
    """RETURNS (RoundMetrics | None): The round nearest to these words. None if none is near."""
    near = [row for row in rounds if abs(row.words_percent - percent) <= NEAR]
    return min(near, key=lambda row: abs(row.words_percent - percent), default=None)


def train_successor(
    system: str, run: RecordedRun, last: RoundMetrics, dev_words: int
) -> dict[str, Any]:
    """RETURNS (dict): Scores of a system trained on all that a run labelled up to a round."""
    lang = run.manifest.lang
    vocab = spacy.blank(lang).vocab
    paths = Config().from_str(run.manifest.config)["paths"]
    rounds = [run.folder.round(number) for number in range(last.round + 1)]
    docs = {split: list(read_shards(paths[split], vocab)) for split in ("dev", "test")}
    docs["train"] = [doc for each in rounds for doc in each.read_batch(vocab)]
    docs["dev"] = take(docs["dev"], dev_words, 0)
    with TemporaryDirectory() as draft:
        for split in SPLITS:
            DocBin(attrs=ATTRS, docs=docs[split]).to_disk(Path(draft) / f"{split}.spacy")
        config = (ner_config if system == "ner" else tagger_config)(lang, run.seed)
        if system != "ner":
            config["paths"]["vectors"] = paths["vectors"]
        return run_spacy(config, Path(draft), Path(draft))


if __name__ == "__main__":
    typer.run(main)
