"""How fast is the tagger with a pretrained encoder, beside the encoder itself?

    python benchmarks/encoder_speed.py --data DIR --encoder minilm

Prints the words a second of the encoder alone, the share of its time that its network takes (in the
rest, words are cut into pieces, and the pieces of a word are averaged), and the words a second of
MNLP and BALD without it and with it. With it, its vectors come from the cache, so this is the speed
of every round but the first. All take turns in one process, and medians count. With one thread,
times are CPU times, so other work on the machine hardly counts. The networks have hardly been
trained: that does not change their speed.
"""

import tempfile
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import torch
import typer
from corpora import make_corpus, take
from spacy.language import Language
from spacy.tokens import Doc
from systems import tagger_config
from tagger_speed import side
from timing import JsonFile, machine, timed, write_figures
from tqdm import tqdm

from spacy_deepal.acquisition.registry import make_acquisition
from spacy_deepal.acquisition.scoring import score_docs
from spacy_deepal.pool.shards import read_shards
from spacy_deepal.sentences import count_words
from spacy_deepal.vectors.pretrained import PretrainedEncoder, find_encoder

FUNCTIONS = ("MNLP", "BALD")
Side = tuple[Language, list[Doc]]  # a pipeline, and the sentences that it scores


def main(
    data: Annotated[Path, typer.Option(help="A folder that `spacy deepal prepare` takes")],
    encoder: Annotated[Path, typer.Option(help="A pretrained encoder")],
    lang: Annotated[str, typer.Option(help="Language of the tokenizer")] = "en",
    words: Annotated[int, typer.Option(help="Words to score")] = 20_000,
    repeats: Annotated[int, typer.Option(help="Turns that are measured")] = 5,
    threads: Annotated[int, typer.Option(help="Threads of torch")] = 1,
    json_file: JsonFile = None,
) -> None:
    """Measure, and print a line for each figure."""
    torch.set_num_threads(threads)
    figures: dict[str, Any] = {"machine": machine(), "threads": threads}
    figures["data"] = data.resolve().name
    with tempfile.TemporaryDirectory() as folder:
        corpus = make_corpus(data, Path(folder), lang, 1.0, 0, dev_words=4000)
        sides = {
            "without": make_side(lang, corpus, words, None),
            "with": make_side(lang, corpus, words, encoder),
        }
        _, docs = sides["without"]
        figures["words"] = sum(map(count_words, docs))
        figures |= measure_encoder(encoder, docs, figures["words"])
        figures |= measure_scoring(sides, figures["words"], repeats)
    for key, value in figures.items():
        print(f"{key:28} {value}")
    write_figures(json_file, figures)


def make_side(lang: str, corpus: Path, words: int, encoder: Path | None) -> Side:
    """Initialise a pipeline and read sentences for it.

    corpus (Path): What `make_corpus` made. The cache of the encoder goes beside it.
    """
    config = tagger_config(lang)
    config["paths"]["encoder"] = encoder and str(encoder)
    config["paths"]["encoder_cache"] = str(corpus.parent / "cache")
    nlp, _ = side(config, corpus, 0)
    docs = list(read_shards(corpus.parent / "pools" / "train", nlp.vocab))
    return nlp, take(docs, words, 0)


def measure_encoder(encoder: Path, docs: list[Doc], words: int) -> dict[str, float]:
    """RETURNS (dict): Words a second of the encoder, which cuts words into pieces and reads them in
    batches of like length, and the share of the time that its network takes."""
    pretrained = PretrainedEncoder(find_encoder(str(encoder)))
    sentences = [[token.text for token in doc if not token.is_space] for doc in docs]
    network, inside = pretrained.model.forward, 0.0

    def forward(**inputs: Any) -> Any:
        nonlocal inside
        found: list[Any] = []
        inside += timed(lambda: found.append(network(**inputs)))
        return found[0]

    pretrained.model.forward = forward
    seconds = timed(lambda: pretrained.encode(sentences))
    return {
        "encoder_words_s": round(words / seconds),
        "encoder_network_share": round(inside / seconds, 3),
    }


def measure_scoring(sides: dict[str, Side], words: int, repeats: int) -> dict[str, Any]:
    """RETURNS (dict): Words a second of each function on each side, and how many times as fast it
    is without the encoder. The first turn warms up: there, the sentences are encoded."""
    speeds: dict[tuple[str, str], list[float]] = {}
    for turn in tqdm(range(repeats + 1), "scoring", leave=False, disable=None):
        for name in FUNCTIONS if turn else FUNCTIONS[:1]:
            for key, (nlp, docs) in sides.items():
                function = make_acquisition(name)
                seconds = timed(
                    lambda nlp=nlp, docs=docs, f=function: list(score_docs(nlp, docs, f))
                )
                if turn:
                    speeds.setdefault((name, key), []).append(words / seconds)
    figures: dict[str, Any] = {}
    for name in FUNCTIONS:
        for key in sides:
            figures[f"{name.lower()}_{key}_words_s"] = round(median(speeds[name, key]))
        pairs = zip(speeds[name, "without"], speeds[name, "with"], strict=True)
        figures[f"{name.lower()}_ratio"] = round(median(x / y for x, y in pairs), 2)
    return figures


if __name__ == "__main__":
    typer.run(main)
