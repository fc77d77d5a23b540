"""From what size on does the paper's own model learn? It and our default, on the same words.

    python scripts/paper_model.py ../../assets/demo runs --words 5000 --words 0 --passes 50

Takes sentences at random until they have so many words (with 0, all sentences), and trains each
config on them as `spacy train` does. A larger set of one seed holds the smaller ones. Word vectors
are learnt from the text of the whole training data, for all models the same. The model that is best
on dev is tested.

Appends a line for each model to the file of results; what is recorded is not trained again.
`curve` has the F1 on dev at each evaluation: passes, updates, F1.
"""

import re
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Annotated, Any

import spacy
import torch
import typer
from peers import take
from results import RESULTS, append, keep_config, markdown, matching, read_lines, show_errors
from spacy.util import load_config
from thinc.api import Config, require_gpu

from spacy_deepal.experiment.simulation import configure, full_run, prepare_corpus
from spacy_deepal.pool.shards import read_shards, write_shards
from spacy_deepal.rounds.corpora import without_loop
from spacy_deepal.rounds.training import LossDiverged
from spacy_deepal.sentences import count_words

CONFIGS = Path(__file__).resolve().parents[3] / "configs"
BOTH = [CONFIGS / "al_paper.cfg", CONFIGS / "al.cfg"]
SIZES = [25_000, 100_000, 200_000, 500_000, 0]
GPU = " (GPU)"
LOG_ROW = re.compile(r"\s*(\d+)\s+(\d+)\s+[\d.]+\s+([\d.]+)\s")  # pass, update, loss, F1 in points


def main(
    data: Annotated[Path, typer.Argument(help="As for `spacy deepal experiment`")],
    workspace: Annotated[Path, typer.Argument(help="As for `spacy deepal experiment`")],
    lang: Annotated[str, typer.Option(help="Language of the tokenizer")] = "en",
    config: Annotated[list[Path], typer.Option(help="May be repeated")] = BOTH,
    words: Annotated[list[int], typer.Option(help="May be repeated; 0: all words")] = SIZES,
    seed: Annotated[list[int], typer.Option(help="May be repeated")] = [0],  # noqa: B006
    passes: Annotated[
        int | None, typer.Option(help="Most passes. Default: as the config says")
    ] = None,
    learn_rate: Annotated[
        float | None, typer.Option(help="Step. Default: as the config says")
    ] = None,
    dev_words: Annotated[int, typer.Option(help="Most words of dev")] = 16000,
    every: Annotated[
        int, typer.Option(help="Updates between evaluations, where passes end the training")
    ] = 50,
    output: Annotated[Path, typer.Option(help="File of results")] = RESULTS / "paper_model.jsonl",
    gpu_id: Annotated[int, typer.Option(help="GPU id; -1: CPU")] = -1,
) -> None:
    """Train each config on each size, record F1 on dev and test, and print a table."""
    if gpu_id >= 0:
        require_gpu(gpu_id)
    changed = {"training.max_epochs": passes, "training.optimizer.learn_rate": learn_rate}
    overrides = {key: value for key, value in changed.items() if value is not None}
    with show_errors():
        folder = prepare_corpus(data, workspace, lang=lang)
        for size, number, file in product(words, seed, config):
            loaded = load_config(file, overrides=overrides, interpolate=False)
            if loaded["training"]["max_epochs"]:
                loaded["training"]["eval_frequency"] = every
            configured = without_loop(configure(loaded, folder, lang))
            key = {"data": folder.name, "config": file.stem, "asked": size, "seed": number}
            key["made_of"] = keep_config(configured, output.parent)
            if not matching(output, key):
                sets = folder / "paper_model" / f"seed{number}-words{size}"
                make_sets(folder / "corpus", sets, lang, size, number, dev_words)
                append(output, key | train_model(configured, sets, key, gpu_id))
        print(table(read_lines(output, data=folder.name)))


def make_sets(corpus: Path, sets: Path, lang: str, size: int, seed: int, dev_words: int) -> None:
    """Draw the sentences to train on, and those to choose a model by. Both are written once, to
    sets/train and sets/dev.

    corpus (Path): What `prepare_corpus` made.
    size (int): The least number of words to train on, in whole sentences. With 0, all.
    """
    vocab = spacy.blank(lang).vocab
    for split, most, draw in (("train", size, seed), ("dev", dev_words, 0)):
        if not (sets / split).is_dir():
            docs = list(read_shards(corpus / split, vocab))
            write_shards(take(docs, most, draw) if most else docs, sets / split)


def train_model(config: Config, sets: Path, key: dict[str, Any], use_gpu: int) -> dict[str, Any]:
    """RETURNS (dict): Words, sentences, passes and updates of a training, its seconds, the curve on
    dev, and F1 of the best model on dev and test: None if the loss diverged."""
    docs = list(read_shards(sets / "train", spacy.blank(config["nlp"]["lang"]).vocab))
    config["paths"] |= {split: str(sets / split) for split in ("train", "dev")}
    model = sets / f"{key['config']}-{key['made_of']}"
    line: dict[str, Any] = {"words": sum(map(count_words, docs)), "sentences": len(docs)}
    optimizer = config["training"]["optimizer"]
    line |= {"optimizer": optimizer["@optimizers"], "learn_rate": optimizer["learn_rate"]}
    try:
        scores = full_run(config, model, seed=key["seed"], use_gpu=use_gpu)
        found = {"dev_ents_f": scores.dev_ents_f, "ents_f": scores.ents_f}
        seconds = scores.seconds.train
    except LossDiverged:
        found, seconds = {"dev_ents_f": None, "ents_f": None}, None
    curve = read_log(model / "train.log")
    line |= {"passes": curve[-1][0], "updates": curve[-1][1], "seconds": seconds}
    line |= {name: f and round(f, 4) for name, f in found.items()}
    return line | {"curve": curve, "threads": torch.get_num_threads(), "gpu": use_gpu >= 0}


def read_log(log: Path) -> list[tuple[int, int, float]]:
    """RETURNS (list[tuple]): Passes begun, updates, and F1 on dev (0 to 1), at each evaluation."""
    found = map(LOG_ROW.match, log.read_text(encoding="utf8").splitlines())
    return [(int(m[1]) + 1, int(m[2]), round(float(m[3]) / 100, 4)) for m in found if m]


def table(lines: Sequence[dict[str, Any]]) -> str:
    """RETURNS (str): A Markdown table with a row for each model."""
    head = "config", "optimizer", "step", "words", "passes", "updates", "seconds", "dev", "test"
    rows = [
        (
            line["config"],
            line["optimizer"].split(".")[0],
            f"{line['learn_rate']:g}",
            f"{line['words']:,}",
            str(line["passes"]),
            f"{line['updates']:,}",
            "-" if line["seconds"] is None else f"{line['seconds']:,.0f}{GPU * line['gpu']}",
            *(
                "diverged" if line[name] is None else f"{100 * line[name]:.1f}"
                for name in ("dev_ents_f", "ents_f")
            ),
        )
        for line in sorted(
            lines, key=lambda line: (line["words"], line["config"], -line["learn_rate"])
        )
    ]
    return markdown(head, *rows)


if __name__ == "__main__":
    typer.run(main)
