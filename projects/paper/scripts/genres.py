"""Does active learning find the genre that its training data lack? Figure 5 of Shen et al. (2017).

    python benchmarks/genres.py configs/al.cfg assets/demo runs --seed 0 --seed 1 --seed 2

For each genre G three models are trained: on half of the data, on everything but G, on G alone.
The acquisition function then chooses from the same pool for each of them, and the genres of its
picks are counted. It never sees a genre.

The pool is a third of the training data, drawn from every genre alike and kept from all models. So
all choose from the same sentences, and every one of these is new to all: were the pool what each
model has not seen, that of the model without G would be G and nothing else; were it all the data,
that model would know every sentence but those of G. "The data" above are the other two thirds.

Appends a line for each genre, seed and training set to benchmarks/results/genres.jsonl; what is
there is not run again (other data of the same name, or another config, need another --output). The
page and the picture of a set are WORKSPACE/NAME/genres.html and .png.
"""

import shutil
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any

import spacy
import torch
import typer
from corpora import take
from fisher import fisher
from genres_page import write_page
from genres_table import ALONE, HALF, RESULTS, TRAININGS, WITHOUT, picked, print_table
from records import append, check_made_of, made_of, matching
from spacy.tokens import Doc
from spacy.training.loop import DIR_MODEL_BEST, DIR_MODEL_LAST
from spacy.util import load_model
from thinc.api import Config
from wasabi import msg

from spacy_deepal.acquisition.registry import acquisition_block, acquisition_label
from spacy_deepal.acquisition.scoring import make_acquisition, score_docs
from spacy_deepal.acquisition.selection import fetch, select
from spacy_deepal.cli._app import (
    OVERRIDES,
    ConfigPath,
    DataPath,
    GpuId,
    Lang,
    load_config,
    set_up,
    show_errors,
)
from spacy_deepal.errors import DeepALError
from spacy_deepal.experiment.simulation import configure, full_run, prepare_corpus
from spacy_deepal.pool.shards import read_shards, write_shards
from spacy_deepal.rounds.manifest import count_genres
from spacy_deepal.rounds.settings import words_of
from spacy_deepal.rounds.training import evaluate, without_loop
from spacy_deepal.seeds import derive_seed
from spacy_deepal.sentences import count_words, sentence_id, sentence_info

POOL = 1 / 3  # of the words of each genre
NONE = "-"  # the genre of a sentence without one, as `count_genres` has it

app = typer.Typer()


@app.command(context_settings=OVERRIDES)
def main(
    ctx: typer.Context,
    config: ConfigPath,
    data: DataPath,
    workspace: Annotated[Path, typer.Argument(help="Folder for pools, models and page")],
    lang: Lang = "en",
    genre: Annotated[list[str] | None, typer.Option(help="May be repeated; default: all")] = None,
    seed: Annotated[list[int], typer.Option(help="May be repeated")] = [0, 1, 2],  # noqa: B006
    acquisition: Annotated[str, typer.Option(help="Registered acquisition function")] = "MNLP",
    budget: Annotated[float, typer.Option(help="Share of the pool's words to pick")] = 0.2,
    output: Annotated[Path, typer.Option()] = RESULTS,
    gpu_id: GpuId = -1,
) -> None:
    """Train on half of the data, on all but a genre and on it alone; see what each would label.
    Overrides of the config as in `spacy train`."""
    with show_errors(config):
        set_up(None, gpu_id)
        loaded = load_config(ctx, config)
        folder = prepare_corpus(data, workspace, lang=lang)
        sets = Sets(folder, lang)
        chosen = sets.check(genre)
        block = acquisition_block(acquisition)
        configured = configure(loaded, folder, lang)
        key = {"data": folder.name, "made_of": made_of(without_loop(loaded), folder, lang)}
        check_made_of(output, key)
        setting = {**key, "acquisition": acquisition_label(block), "budget": budget}
        lines = matching(output, setting)
        for number in seed:
            for name in chosen:
                lines += run_cell(configured, sets, setting, name, number, lines, output, gpu_id)
    write_page(lines, folder / "genres.html")
    print_table(lines)
    msg.good(f"The page is in {folder / 'genres.html'}")


class Sets:
    """What the models train on and choose from, made once: folder/genres/seedN/SET."""

    def __init__(self, folder: Path, lang: str):
        self.folder = folder
        self.vocab = spacy.blank(lang).vocab
        self.train = list(read_shards(folder / "corpus" / "train", self.vocab))
        self.genres = sorted({genre_of(doc) for doc in self.train} - {NONE})

    def check(self, wanted: Sequence[str] | None) -> list[str]:
        """RETURNS (list[str]): The genres wanted, or all.

        RAISES (DeepALError): There are no two genres, or one wanted is not there.
        """
        if len(self.genres) < 2:
            raise DeepALError(
                f"{self.folder / 'corpus' / 'train'} has {len(self.genres)} genres "
                f"({', '.join(self.genres) or 'none is named'}); two at least are needed. A genre "
                "is named by lines `# genre = NAME` in IOB2, by the file's name in inline markup, "
                'by "genre" in JSONL, by the document in OntoNotes.'
            )
        if unknown := sorted(set(wanted or ()) - set(self.genres)):
            raise DeepALError(
                f"There is no genre {', '.join(unknown)}; there are {', '.join(self.genres)}."
            )
        return list(wanted or self.genres)

    def pool(self, seed: int) -> Path:
        """RETURNS (Path): The pool, with POOL of the words of each genre."""
        return self._write(self._pool(seed)[0], seed, "pool")

    def training(self, training: str, genre: str, seed: int) -> Path:
        """RETURNS (Path): What a model trains on."""
        known = self._pool(seed)[1]
        if training == HALF:
            return self._write(divide(known, 0.5, seed, HALF)[0], seed, HALF)
        docs = [doc for doc in known if (genre_of(doc) == genre) == (training == ALONE)]
        return self._write(docs, seed, f"{training}-{genre}")

    def test(self, genre: str) -> Path | None:
        """RETURNS (Path | None): The sentences of the genre in test; None: they have no entity."""
        test = read_shards(self.folder / "corpus" / "test", self.vocab)
        docs = [doc for doc in test if genre_of(doc) == genre]
        return self._write(docs, "test", genre) if any(doc.ents for doc in docs) else None

    def _pool(self, seed: int) -> tuple[list[Doc], list[Doc]]:
        return divide(self.train, POOL, seed, "pool")

    def _write(self, docs: list[Doc], part: int | str, name: str) -> Path:
        path = self.folder / "genres" / (part if part == "test" else f"seed{part}") / name
        if not (path / "docs").is_dir():
            write_shards(docs, path / "docs")
        return path / "docs"


def divide(docs: Iterable[Doc], share: float, seed: int, purpose: str) -> tuple[list, list]:
    """RETURNS (list[Doc], list[Doc]): Random sentences with this share of the words of each genre;
    and the others."""
    by_genre = defaultdict(list)
    for doc in docs:
        by_genre[genre_of(doc)].append(doc)
    taken, left = [], []
    for genre, members in by_genre.items():
        words = round(share * sum(map(count_words, members)))
        part = take(members, words, derive_seed(seed, purpose, genre))
        names = {sentence_id(doc) for doc in part}
        taken += part
        left += [doc for doc in members if sentence_id(doc) not in names]
    return taken, left


def genre_of(doc: Doc) -> str:
    """RETURNS (str): The genre of a sentence."""
    return sentence_info(doc)["genre"] or NONE


def run_cell(
    config: Config,
    sets: Sets,
    setting: dict[str, Any],
    genre: str,
    seed: int,
    known: list[dict[str, Any]],
    output: Path,
    use_gpu: int,
) -> list[dict[str, Any]]:
    """Train the three models of a genre and a seed and have each choose, where that is not known.

    setting (dict): Data, function and budget.
    known (list[dict]): The lines that there are.
    RETURNS (list[dict]): The new lines; they are in the output file, too.
    """
    lines = {
        line["training"]: line for line in known if (line["genre"], line["seed"]) == (genre, seed)
    }
    new = []
    for training in TRAININGS:
        if training in lines:
            continue
        msg.divider(f"{training} ({genre}), seed {seed}")
        key = {**setting, "genre": genre, "seed": seed, "training": training}
        line = key | run_model(config, sets, key, use_gpu)
        line["p"] = None if training == HALF else compare(line, lines[HALF])
        lines[training] = line
        new.append(line)
        append(output, line)
    return new


def run_model(config: Config, sets: Sets, key: dict[str, Any], use_gpu: int) -> dict[str, Any]:
    """Train one model, unless that has been done, and have it choose from the pool.

    RETURNS (dict): What it was trained on, its F1 on test and on the genre's part of test, and
        sentences and words of each genre in the pool and in what it chose.
    """
    genre, seed = key["genre"], key["seed"]
    docs, pool = sets.training(key["training"], genre, seed), sets.pool(seed)
    config = config.copy()
    config["paths"]["train"] = str(docs)
    model = docs.parent / "model"
    scores = full_run(config, model, seed=seed, use_gpu=use_gpu)
    shutil.rmtree(model / DIR_MODEL_LAST, ignore_errors=True)  # dozens of models fill a disk
    nlp = load_model(model / DIR_MODEL_BEST)
    test = sets.test(genre)
    offered = count_genres(read_shards(pool, sets.vocab))
    found = score_docs(
        nlp, read_shards(pool, nlp.vocab), make_acquisition(key["acquisition"]), seed=seed
    )
    words = words_of(key["budget"], sum(counts["words"] for counts in offered.values()))
    batch = [item.id for item in select(found, words)]
    trained = count_genres(read_shards(docs, sets.vocab))
    return {
        "sentences": sum(counts["sentences"] for counts in trained.values()),
        "words": sum(counts["words"] for counts in trained.values()),
        "ents_f": round(scores["ents_f"], 4),
        "genre_ents_f": test and round(evaluate(nlp, test)["ents_f"], 4),
        "pool": offered,
        "picks": count_genres(iter(fetch(pool, batch, sets.vocab, with_gold=False))),
        "threads": torch.get_num_threads(),
    }


def compare(line: dict[str, Any], half: dict[str, Any]) -> float:
    """RETURNS (float): Fisher's p value, in sentences: that the model without the genre chose more
    of it than the half-data model, or the model of it alone less."""
    counts = picked(line), picked(half)
    first, second = counts if line["training"] == WITHOUT else counts[::-1]
    return fisher(*first, *second)


if __name__ == "__main__":
    app()
