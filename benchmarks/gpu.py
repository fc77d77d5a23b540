"""Does a GPU give the same results as the CPU, and how much faster is it?

    python benchmarks/gpu.py --data assets/demo/en --encoder minilm

On each device, without an encoder and with one: trains for some updates, then scores sentences of
the training data with MNLP and BALD. All devices score with the model that the CPU has trained, so
the scores of MNLP must agree but for rounding. BALD draws other samples with each seed and on each
device, so its scores may differ as much as those of two seeds on the CPU. Where there is no GPU,
the program says so and measures the CPU alone.
"""

import io
import json
import tempfile
import time
from pathlib import Path
from statistics import mean
from typing import Annotated

import spacy
import typer
from corpora import make_corpus, take
from spacy.training.initialize import init_nlp
from spacy.training.loop import train
from systems import tagger_config
from thinc.api import Config, require_cpu, require_gpu
from thinc.util import gpu_is_available
from timing import JsonFile, rounded, write_figures

from spacy_deepal.acquisition.functions import Score
from spacy_deepal.acquisition.registry import make_acquisition
from spacy_deepal.acquisition.scoring import score_docs
from spacy_deepal.pool.shards import read_shards
from spacy_deepal.sentences import count_words

CPU, GPU = "cpu", "gpu"
DEV_WORDS = 4000
FUNCTIONS = {"mnlp": ("MNLP", 0), "bald": ("BALD", 0), "bald_again": ("BALD", 1)}  # and the seeds

Scores = dict[str, list[Score]]  # of the sentences, for each of FUNCTIONS


def main(
    data: Annotated[Path, typer.Option(help="A folder that `spacy deepal prepare` takes")],
    encoder: Annotated[Path | None, typer.Option(help="A pretrained encoder")] = None,
    lang: Annotated[str, typer.Option(help="Language of the tokenizer")] = "en",
    updates: Annotated[int, typer.Option(help="Updates of a training")] = 200,
    words: Annotated[int, typer.Option(help="Words to score")] = 20_000,
    gpu_id: Annotated[int, typer.Option(help="GPU id")] = 0,
    json_file: JsonFile = None,
) -> None:
    """Measure both devices, and print a line of JSON for each of them."""
    devices = [CPU, GPU] if gpu_is_available() else [CPU]
    if GPU not in devices:
        print("There is no GPU that spaCy can use (it needs CuPy), so only the CPU is measured.")
    figures = []
    with tempfile.TemporaryDirectory() as draft:
        corpus = make_corpus(data, Path(draft), lang, 1.0, 0, DEV_WORDS)
        for place in [None, encoder] if encoder else [None]:
            known: Scores = {}
            for device in devices:
                require_gpu(gpu_id) if device == GPU else require_cpu()
                folder = Path(draft) / f"{device}_{place is not None}"
                config = make_config(lang, updates, corpus, place, folder)
                line = {"device": device, "encoder": place is not None}
                line |= time_training(config, folder)
                model = Path(draft) / f"{CPU}_{place is not None}" / "model-best"
                seconds, scores = time_scoring(model, folder, corpus, words)
                known = known or scores
                figures.append(line | seconds | compare(known, scores))
                print(json.dumps(figures[-1]), flush=True)
    write_figures(json_file, {"data": data.resolve().name, "figures": figures})


def make_config(
    lang: str, updates: int, corpus: Path, encoder: Path | None, folder: Path
) -> Config:
    """RETURNS (Config): That of configs/al.cfg for so many updates. `folder` has the cache of the
    encoder, so that each device encodes for itself."""
    config = tagger_config(lang)
    for split in ("train", "dev"):
        config["paths"][split] = str(corpus / f"{split}.spacy")
    config["paths"]["encoder"] = encoder and str(encoder)
    config["paths"]["encoder_cache"] = str(folder / "cache")
    config["training"] |= {"max_steps": updates, "eval_frequency": updates, "patience": 0}
    return config


def time_training(config: Config, folder: Path) -> dict[str, float]:
    """RETURNS (dict): Seconds of initialisation and training, and F1 on dev from 0 to 1."""
    start = time.perf_counter()
    nlp = init_nlp(config)
    begun = time.perf_counter()
    folder.mkdir(exist_ok=True)
    train(nlp, folder, stdout=io.StringIO(), stderr=io.StringIO())
    seconds = {"initialise": begun - start, "train": time.perf_counter() - begun}
    f = spacy.load(folder / "model-best").meta["performance"]["ents_f"]
    return {**rounded(seconds), "dev_ents_f": round(f, 4)}


def time_scoring(
    model: Path, folder: Path, corpus: Path, words: int
) -> tuple[dict[str, float], Scores]:
    """Score sentences with a model.

    folder (Path): Has the cache of the encoder.
    RETURNS (dict, Scores): The words, and the seconds of loading and of each function. The first
        function has to encode the sentences that training has not seen. And the scores.
    """
    seconds: dict[str, float] = {}
    scores: Scores = {}
    start = time.perf_counter()
    nlp = spacy.load(model, config={"paths": {"encoder_cache": str(folder / "cache")}})
    docs = take(list(read_shards(corpus.parent / "pools" / "train", nlp.vocab)), words, 0)
    seconds["load"] = time.perf_counter() - start
    for key, (name, seed) in FUNCTIONS.items():
        begun = time.perf_counter()
        scores[key] = list(score_docs(nlp, docs, make_acquisition(name), seed=seed))
        seconds[key] = time.perf_counter() - begun
    return {"words": sum(map(count_words, docs)), **rounded(seconds)}, scores


def compare(known: Scores, scores: Scores) -> dict[str, float]:
    """RETURNS (dict): The largest difference between scores of MNLP, and the mean difference
    between those of BALD with two seeds, of which the CPU has the first.

    known (Scores): Those of the CPU.
    """
    mnlp, bald = (
        [abs(one.score - other.score) for one, other in zip(known[a], scores[b], strict=True)]
        for a, b in (("mnlp", "mnlp"), ("bald", "bald_again"))
    )
    return {"mnlp_difference": max(mnlp), "bald_difference": round(mean(bald), 4)}


if __name__ == "__main__":
    typer.run(main)
