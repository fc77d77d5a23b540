"""Learning curves as in Figure 4 of Shen et al. (2017): acquisition functions from the same seed
sets, beside models of all words.

    python benchmarks/curves.py configs/al.cfg assets/demo runs --active_learning.rounds 12

Appends a line a round to benchmarks/results/curves.jsonl, and one for each model of all words, the
config's ("full") and the CRF ("crf"). What is there is not run again, and a run that was killed
goes on: its folder is in WORKSPACE/NAME, with the report. Lines are appended whole, so that
processes with different data may write to one file. benchmarks/curves_table.py sums them up.
"""

from collections.abc import Iterable
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any

import crf
import spacy
import torch
import typer
from curves_table import DIGITS, FULL, RESULTS, SHALLOW
from records import append, matching
from thinc.api import Config
from wasabi import msg

from spacy_deepal.acquisition.names import acquisition_block, acquisition_label
from spacy_deepal.cli._app import (
    OVERRIDES,
    CodePath,
    ConfigPath,
    DataPath,
    GpuId,
    Lang,
    load_config,
    set_up,
    show_errors,
)
from spacy_deepal.pool.files import read_json, write_json
from spacy_deepal.pool.shards import read_shards
from spacy_deepal.report import report
from spacy_deepal.rounds.experiment import (
    METRICS,
    SPLITS,
    configure,
    configure_run,
    full_folder,
    full_run,
    prepare_corpus,
    run_folder,
)
from spacy_deepal.rounds.loop import run
from spacy_deepal.rounds.manifest import describe_pool
from spacy_deepal.rounds.run_folder import RunFolder
from spacy_deepal.rounds.settings import SECTION

WHAT = ("round", "selection", "words", "words_percent", "sentences", "stability")
SCORES = ("ents_p", "ents_r", "ents_f", "dev_ents_f")

app = typer.Typer()


@app.command(context_settings=OVERRIDES)
def main(
    ctx: typer.Context,
    config: ConfigPath,
    data: DataPath,
    workspace: Annotated[Path, typer.Argument(help="Folder for pools, runs, models and report")],
    lang: Lang = "en",
    acquisition: Annotated[
        list[str], typer.Option(help="Acquisition function, as MNLP or BALD:samples=20; repeatable")
    ] = ["RAND", "LC", "MNLP", "BALD"],  # noqa: B006 (read only)
    seed: Annotated[list[int], typer.Option(help="Seed; may be repeated")] = [0, 1, 2],  # noqa: B006
    output: Annotated[Path, typer.Option(help="Where the lines go")] = RESULTS / "curves.jsonl",
    code: CodePath = None,
    gpu_id: GpuId = -1,
) -> None:
    """Run what is not recorded yet, record it, and report. Overrides of the config as in `spacy
    train`."""
    set_up(code, gpu_id)
    with show_errors(config):
        loaded = load_config(ctx, config)
        blocks = [acquisition_block(text) for text in acquisition]
        folder = prepare_corpus(data, workspace, lang=lang)
        curves = Curves(configure(loaded, folder, lang), folder, lang, output, gpu_id)
        curves.shallow()
        for number in seed:
            curves.full(number)
        for number in seed:
            for block in blocks:
                curves.function(block, number)
        curves.report(seed)


class Curves:
    """The experiment with one set, and what is recorded of it.

    config (Config): What `configure` made.
    folder (Path): What `prepare_corpus` made; its name is that of the data in the lines.
    output (Path): JSONL, a line a round.
    """

    def __init__(self, config: Config, folder: Path, lang: str, output: Path, use_gpu: int):
        self.config, self.folder, self.lang = config, folder, lang
        self.output, self.use_gpu = output, use_gpu

    def function(self, block: dict[str, Any], seed: int) -> None:
        """Run an acquisition function, or go on with it."""
        name, folder = acquisition_label(block), run_folder(self.folder, block, seed)
        if ends(self.recorded(name, seed), self.config[SECTION].get("rounds", 0)):
            return
        msg.divider(f"{self.folder.name}: {name}, seed {seed}")

        def record(line: dict[str, Any] | None = None) -> None:
            if line:
                print(f"{line['words_percent']:.1f}% of the words: F1 {100 * line['ents_f']:.2f}")
            self.record(name, seed, RunFolder(folder).metrics)

        config = configure_run(self.config, block, seed)
        run(config, folder, use_gpu=self.use_gpu, report=record)
        record()

    def full(self, seed: int) -> None:
        """Train the config's model on all words."""
        if self.recorded(FULL, seed):
            return
        msg.divider(f"{self.folder.name}: full data, seed {seed}")
        output = full_folder(self.folder, seed)
        scores = full_run(self.config, output, seed=seed, use_gpu=self.use_gpu)
        self.record(FULL, seed, [self.all_words(scores)])

    def shallow(self) -> None:
        """Train the CRF on all words; it has no random number, its seed is 0."""
        if self.recorded(SHALLOW, 0):
            return
        msg.divider(f"{self.folder.name}: CRF")
        file = self.folder / SHALLOW / METRICS
        if not file.exists():
            vocab = spacy.blank(self.lang).vocab
            docs = {
                split: list(read_shards(self.folder / "corpus" / split, vocab)) for split in SPLITS
            }
            file.parent.mkdir(exist_ok=True)
            start = perf_counter()
            scores = crf.train_and_score(docs, file.with_name("model"))
            write_json(file, {**scores, "seconds": {"train": round(perf_counter() - start, 3)}})
        self.record(SHALLOW, 0, [self.all_words(read_json(file))])

    def all_words(self, scores: dict[str, Any]) -> dict[str, Any]:
        """RETURNS (dict): The scores of a model of all words as a round of the loop has them."""
        pool = describe_pool(self.folder / "corpus" / "train", self.lang)
        size = {"words": pool["words"], "words_percent": 100.0, "sentences": pool["sentences"]}
        return {"round": 0, "selection": "all", **size, **scores}

    def recorded(self, name: str, seed: int) -> list[dict[str, Any]]:
        """RETURNS (list[dict]): The lines of a run that are there."""
        mine = {"data": self.folder.name, "acquisition": name, "seed": seed}
        return matching(self.output, mine)

    def record(self, name: str, seed: int, rounds: Iterable[dict[str, Any]]) -> None:
        """Append the rounds of a run that are not there yet."""
        there = {line["round"] for line in self.recorded(name, seed)}
        run = {"data": self.folder.name, "acquisition": name, "seed": seed}
        for line in rounds:
            if line["round"] not in there:
                what = {key: line[key] for key in WHAT if key in line}
                scores = {key: round(line[key], DIGITS) for key in SCORES}
                rest = {"seconds": line["seconds"], "threads": torch.get_num_threads()}
                append(self.output, {**run, **what, **scores, **rest})

    def report(self, seeds: Iterable[int]) -> None:
        """Report all runs in the folder."""
        runs = [file.parent for file in sorted(self.folder.glob("*/manifest.json"))]
        full = [full_folder(self.folder, seed) / METRICS for seed in seeds]
        shallow = self.folder / SHALLOW / METRICS
        if runs:
            page = report(
                runs,
                self.folder / "report.html",
                full=[file for file in full if file.exists()],
                shallow=shallow if shallow.exists() else None,
                title=self.folder.name,
            )
            msg.good(f"The report is in {page}")


def ends(lines: list[dict[str, Any]], rounds: int) -> bool:
    """Whether a run is recorded to its end: so many rounds after the seed set's, or all words."""
    numbers = {line["round"] for line in lines}
    if not lines or len(numbers) <= max(numbers):
        return False
    return 0 < rounds <= max(numbers) or any(line["words_percent"] >= 100 for line in lines)


if __name__ == "__main__":
    app()
