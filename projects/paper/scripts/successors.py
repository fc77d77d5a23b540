"""Do the picks serve another model? Test F1 of spaCy's `ner`, trained on what the loop labelled.

    python benchmarks/successors.py demo=runs/demo-en uner-zh=runs/uner-zh
    python benchmarks/successors.py demo=runs/demo-en --system deepal_ner

The second trains our own tagger from scratch on the same sentences: is the loop's model, which was
trained on from round to round, as good?

A folder holds run folders, as `spacy deepal experiment` leaves them (start this program where that
was started: their paths may be relative). Of each run, the rounds nearest to 10, 20 and 30% of the
words are taken. Appends a line a model to benchmarks/results/successors.jsonl; what is there is not
run again. `ner` has the config of `spacy init config`, `deepal_ner` configs/cnn_cnn_lstm.cfg and
the run's vectors; both keep the model that is best on dev. `deepal_ner_ents_f` is what the run
recorded for its own model. `successors_table.py` prints it all.
"""

import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import spacy
import torch
import typer
from corpora import SPLITS, take
from records import append, matching
from spacy.tokens import DocBin
from systems import ner_config, run_spacy, tagger_config
from thinc.api import Config
from tqdm import tqdm

from spacy_deepal.corpus.docbin import ATTRS
from spacy_deepal.pool.shards import read_shards
from spacy_deepal.report.runs import Round, Run, read_runs
from spacy_deepal.rounds.run_folder import RunFolder

SYSTEMS = "ner", "deepal_ner"
HERE = Path(__file__).parent
NEAR = 2.5  # points: a run without a round so near to a share is left out


def main(
    runs: Annotated[list[str], typer.Argument(help="NAME=FOLDER, more than one will do")],
    percent: Annotated[list[float], typer.Option(help="Of the pool's words")] = [10, 20, 30],  # noqa: B006
    acquisition: Annotated[list[str], typer.Option()] = ["MNLP", "RAND"],  # noqa: B006
    seed: Annotated[list[int] | None, typer.Option(help="Of the runs; default: all")] = None,
    system: Annotated[list[str], typer.Option(help=" or ".join(SYSTEMS))] = ["ner"],  # noqa: B006
    dev_words: Annotated[int, typer.Option(help="Most words of dev")] = 16000,
    output: Annotated[Path, typer.Option()] = HERE / "results" / "successors.jsonl",
) -> None:
    """Train on the labelled sets of every run, and append the test F1."""
    if unknown := set(system) - set(SYSTEMS):
        raise typer.BadParameter(f"{', '.join(unknown)}: there are {' and '.join(SYSTEMS)}.")
    folders = dict(item.split("=", 1) for item in runs)
    models = [
        (data, run, share, name)
        for name in system
        for share in percent
        for data, folder in folders.items()
        for run in read_runs(file.parent for file in Path(folder).glob("*/manifest.json"))
        if run.name in acquisition and (not seed or run.seed in seed)
    ]
    for data, run, share, name in tqdm(models, disable=None):
        key = {"data": data, "acquisition": run.name, "seed": run.seed, "share": share / 100}
        key["system"] = name
        last = nearest(run.rounds, share)
        if last is None:
            print(f"{run.path} has no round near {share:g}% of the words.")
            continue
        size = {"words": last.words, "sentences": last.sentences}
        size["deepal_ner_ents_f"] = round(last.f, 4)
        if recorded := matching(output, key):
            if not size.items() <= recorded[0].items():
                raise typer.BadParameter(
                    f"{output} has a line for other picks than those of {run.path} up to round "
                    f"{last.number}. Give another file as --output."
                )
        else:
            start = time.perf_counter()
            scores = train_successor(name, run, last, dev_words)
            line = {
                **key,
                "words_percent": round(last.percent, 2),
                **size,
                **scores,
                "seconds": round(time.perf_counter() - start),
                "threads": torch.get_num_threads(),
            }
            append(output, line)


def nearest(rounds: Sequence[Round], percent: float) -> Round | None:
    """RETURNS (Round | None): The one nearest to so many words; None if none is near."""
    near = [each for each in rounds if abs(each.percent - percent) <= NEAR]
    return min(near, key=lambda each: abs(each.percent - percent), default=None)


def train_successor(system: str, run: Run, last: Round, dev_words: int) -> dict[str, Any]:
    """RETURNS (dict): Scores of a system, trained on all that a run had labelled up to a round."""
    lang = run.manifest["lang"]
    vocab = spacy.blank(lang).vocab
    paths = Config().from_str(run.manifest["config"])["paths"]
    folder = RunFolder(run.path)
    batches = [folder.round(number).read_batch(vocab) for number in range(last.number + 1)]
    docs = {split: list(read_shards(paths[split], vocab)) for split in ("dev", "test")}
    docs["train"] = [doc for batch in batches for doc in batch]
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
