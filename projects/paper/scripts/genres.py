"""Does active learning find the genre that its training data lack? Figure 5 of Shen et al. (2017).

    python scripts/genres.py ../../configs/al.cfg ../../assets/demo runs --seed 0 --seed 1

For each genre G, three models are trained: on half of the data, on everything but G, and on G
alone. The acquisition function then selects sentences for each of them from the same pool, and the
genres of these sentences are counted: of the first ones, as in the paper, and of all. The function
never sees a genre.

The pool is a third of the training data. It holds the same share of every genre, and no model is
trained on it; "the data" above are the other two thirds. So all models choose among the same
sentences, which are new to all of them. If each model chose among what it has not seen, the pool of
the model without G would be G and nothing else. If it chose among all data, it would know every
sentence but those of G.

The program records a line for each genre, seed and training set, and draws genres.html and
genres.png in WORKSPACE/NAME. It does not train again what is trained already: the model of half of
the data is trained once for each seed.
"""

import shutil
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import product
from pathlib import Path
from typing import Annotated, Any

import spacy
import torch
import typer
from genres_page import write_page
from genres_table import ALONE, HALF, TRAININGS, print_table
from peers import take
from results import RESULTS, keep_config, matching, record, show_errors
from spacy.tokens import Doc
from spacy.training.loop import DIR_MODEL_BEST, DIR_MODEL_LAST
from spacy.util import load_config, load_model
from thinc.api import Config, require_gpu
from wasabi import msg

from spacy_deepal.acquisition.registry import make_acquisition
from spacy_deepal.acquisition.scoring import score_docs
from spacy_deepal.acquisition.selection import select
from spacy_deepal.budgets import words_of
from spacy_deepal.errors import DeepALError
from spacy_deepal.experiment.simulation import configure, full_run, prepare_corpus
from spacy_deepal.pool.index import count_genres
from spacy_deepal.pool.lookup import fetch
from spacy_deepal.pool.pool import Pool
from spacy_deepal.pool.shards import read_shards, write_shards
from spacy_deepal.rounds.corpora import without_loop
from spacy_deepal.rounds.training import evaluate_pipeline
from spacy_deepal.seeds import derive_seed
from spacy_deepal.sentences import count_words, sentence_id, sentence_info

POOL = 1 / 3  # of the words of each genre
EXPERIMENT = ("data", "acquisition", "budget", "first")  # what all lines of one have in common
CELL = ("genre", "seed", "training")
NONE = "-"  # the genre of a sentence without one, as `count_genres` has it


def main(
    config: Annotated[Path, typer.Argument(help="A config such as configs/al.cfg")],
    data: Annotated[Path, typer.Argument(help="Labelled data whose sentences have genres")],
    workspace: Annotated[Path, typer.Argument(help="Folder for pools, models and page")],
    lang: Annotated[str, typer.Option(help="Language of the tokenizer")] = "en",
    genre: Annotated[list[str] | None, typer.Option(help="May be repeated; default: all")] = None,
    seed: Annotated[list[int], typer.Option(help="May be repeated")] = [0, 1, 2],  # noqa: B006
    acquisition: Annotated[str, typer.Option(help="Acquisition function, as MNLP")] = "MNLP",
    budget: Annotated[float, typer.Option(help="Share of the pool's words to pick")] = 0.2,
    first: Annotated[int, typer.Option(help="Sentences that count as the first picks")] = 1000,
    max_steps: Annotated[
        int | None, typer.Option(help="Most updates of a model. Default: as the config says")
    ] = None,
    output: Annotated[Path, typer.Option(help="File of results")] = RESULTS / "genres.jsonl",
    gpu_id: Annotated[int, typer.Option(help="GPU id; -1: CPU")] = -1,
) -> None:
    """Train on half of the data, on all but a genre, and on it alone. See what each would label."""
    if gpu_id >= 0:
        require_gpu(gpu_id)
    overrides = {} if max_steps is None else {"training.max_steps": max_steps}
    with show_errors():
        make_acquisition(acquisition)  # an unknown name is an error before anything is trained
        folder = prepare_corpus(data, workspace, lang=lang)
        sets = Sets(folder, lang)
        genres = sets.check(genre)
        loaded = load_config(config, overrides=overrides, interpolate=False)
        configured = without_loop(configure(loaded, folder, lang))
        key = {"data": folder.name, "made_of": keep_config(configured, output.parent)}
        key |= {"acquisition": acquisition, "budget": budget, "first": first}
        check_config(output, key)
        for number, name in product(seed, genres):
            cells = run_cell(configured, sets, key, name, number, gpu_id)
            record(output, cells, by=(*EXPERIMENT, *CELL))
    lines = matching(output, key)
    write_page(lines, folder / "genres.html")
    print_table(lines)
    msg.good(f"The page is in {folder / 'genres.html'}")


def check_config(output: Path, key: dict[str, Any]) -> None:
    """RAISES (DeepALError): The file of results has lines of the experiment and another config."""
    found = matching(output, {name: key[name] for name in EXPERIMENT})
    if others := {line["made_of"] for line in found} - {key["made_of"]}:
        raise DeepALError(
            f"{output} has lines of {key['data']} with another config ({', '.join(others)}), which "
            "do not compare. Move them away, or name another file as --output."
        )


class Sets:
    """What the models are trained on and choose from. Each set is written once, to
    folder/genres/seedN/SET.

    folder (Path): What `prepare_corpus` made.
    lang (str): The language of the tokenizer.
    """

    def __init__(self, folder: Path, lang: str):
        self.folder = folder
        self.vocab = spacy.blank(lang).vocab
        self.train = list(read_shards(folder / "corpus" / "train", self.vocab))
        self.genres = sorted({genre_of(doc) for doc in self.train} - {NONE})

    def check(self, wanted: Sequence[str] | None) -> list[str]:
        """RETURNS (list[str]): The genres that are wanted. With None, all.

        RAISES (DeepALError): The data have fewer than two genres, or lack one that is wanted.
        """
        if len(self.genres) < 2:
            raise DeepALError(
                f"{self.folder / 'corpus' / 'train'} has {len(self.genres)} genres "
                f"({', '.join(self.genres) or 'none is named'}). At least two are needed. IOB2 "
                "names a genre in lines `# genre = NAME`, inline markup in the file's name, JSONL "
                'in the key "genre", OntoNotes in the document.'
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
        """RETURNS (Path | None): The test sentences of a genre. None if they have no entity."""
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
    """Draw sentences at random until they have this share of the words of each genre.

    RETURNS (list[Doc], list[Doc]): The sentences drawn, and the others.
    """
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
    config: Config, sets: Sets, key: dict[str, Any], genre: str, seed: int, use_gpu: int
) -> list[dict[str, Any]]:
    """Train the three models of a genre and a seed, and have each of them choose.

    key (dict): What all lines begin with, function, budget and first picks among it.
    RETURNS (list[dict]): A line for each model.
    """
    lines = []
    for training in TRAININGS:
        msg.divider(f"{training} ({genre}), seed {seed}")
        cell = {**key, "genre": genre, "seed": seed, "training": training}
        lines.append(cell | run_model(config, sets, cell, use_gpu))
    return lines


def run_model(config: Config, sets: Sets, key: dict[str, Any], use_gpu: int) -> dict[str, Any]:
    """Train one model, unless that has been done, and have it choose from the pool.

    key (dict): What the model is trained on, the function, the budget and the first picks.
    RETURNS (dict): What it was trained on, its F1 on test and on the genre's part of test, and
        sentences and words of each genre in the pool, in what it chose, and in what it chose first.
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
    offered = describe_genres(read_shards(pool, sets.vocab))
    function = make_acquisition(key["acquisition"])
    found = score_docs(nlp, read_shards(pool, nlp.vocab), function, seed=seed)
    words = words_of(key["budget"], sum(counts["words"] for counts in offered.values()))
    batch = [item.id for item in select(found, words)]
    picks = fetch(Pool(pool), batch, sets.vocab, with_gold=False)
    trained = describe_genres(read_shards(docs, sets.vocab))
    return {
        "sentences": sum(counts["sentences"] for counts in trained.values()),
        "words": sum(counts["words"] for counts in trained.values()),
        "ents_f": round(scores.ents_f, 4),
        "genre_ents_f": test and round(evaluate_pipeline(nlp, test)["ents_f"], 4),
        "pool": offered,
        "picks": describe_genres(picks),
        "first_picks": describe_genres(picks[: key["first"]]),
        "threads": torch.get_num_threads(),
    }


def describe_genres(docs: Iterable[Doc]) -> dict[str, dict[str, int]]:
    """RETURNS (dict): Sentences and words of each genre."""
    return {genre: counts.model_dump() for genre, counts in count_genres(docs).items()}


if __name__ == "__main__":
    typer.run(main)
