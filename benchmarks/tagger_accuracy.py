"""Compare the test F1 of the tagger with that of spaCy's `ner` and a CRF, from the same labels.

    python benchmarks/tagger_accuracy.py demo=assets/demo/en --share 0.1 --share 1.0 --seed 0

Appends a line for each model to benchmarks/results/tagger_accuracy.jsonl; what is recorded is not
run again. Every system chooses its model on dev: `ner` and `deepal_ner` by the patience of their
configs, the CRF by its penalties. `deepal_ner` learns its word vectors from the text of the
training pool, labelled or not, as `spacy deepal experiment` does. `deepal_ner_plain` gets none. The
systems called _vectors get theirs from `--transformer`, the folder of a sentence-transformer. A
line has the versions of the packages, and the fingerprint of the transformer where there is one.

Other systems have to be named. `deepal_ner_tables` joins the transformer's table with that from the
text. `deepal_ner_pieces` joins the text's with a table of sentence pieces, from the folder
`--sentencepiece`. `deepal_ner_encoder` reads whole sentences with the transformer besides its
table. `ner_encoder` is spaCy's parser on the same vectors of whole sentences.
`deepal_ner_finetuned` is `deepal_ner_encoder` with a transformer that is trained along, and needs
the packages of benchmarks/finetuned-requirements.txt in an environment of its own.
"""

import time
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import crf
import spacy
import torch
import typer
from corpora import make_corpus
from finetuned import with_trained_transformer
from records import append, matching
from systems import ner_config, run_spacy, tagger_config
from tagger_table import SYSTEMS
from thinc.api import Config
from tqdm import tqdm

from spacy_deepal.vectors.make import make_vectors, vectors_source
from spacy_deepal.vectors.pretrained import find_fingerprint
from spacy_deepal.vectors.wordpieces import load_tokenizer

HERE = Path(__file__).parent
PACKAGES = ("spacy_deepal", "spacy", "thinc", "torch")
TABLES = {  # the systems, and where their word vectors come from
    "ner": None,
    "crf": None,
    "deepal_ner": "text",
    "deepal_ner_paper": None,
    "ner_vectors": "transformer",
    "deepal_ner_vectors": "transformer",
    "deepal_ner_plain": None,
    "ner_encoder": None,
    "deepal_ner_tables": "text+transformer",
    "deepal_ner_pieces": "text+pieces",
    "deepal_ner_encoder": "transformer",
    "deepal_ner_finetuned": "transformer",
}
READ_SENTENCES = {name for name in TABLES if "encoder" in name or "finetuned" in name}
DEFAULT = [*SYSTEMS]
FINETUNING = {"max_steps": 600, "patience": 0, "eval_frequency": 100}  # in [training]
TRANSFORMER_RATE = 1e-4


def main(
    data: Annotated[list[str], typer.Argument(help="NAME=FOLDER; may be repeated")],
    share: Annotated[list[float], typer.Option(help="Of the training words")] = [0.1, 1.0],  # noqa: B006
    seed: Annotated[list[int], typer.Option()] = [0, 1, 2],  # noqa: B006
    system: Annotated[list[str], typer.Option(help=", ".join(TABLES))] = DEFAULT,
    transformer: Annotated[Path | None, typer.Option(help="For the systems with vectors")] = None,
    sentencepiece: Annotated[Path | None, typer.Option(help="For deepal_ner_pieces")] = None,
    lang: Annotated[str, typer.Option(help="Language of the tokenizer")] = "en",
    dev_words: Annotated[int, typer.Option(help="Most words of dev")] = 16000,
    workspace: Annotated[Path, typer.Option(help="Pools and shares")] = HERE / "workspace",
    output: Annotated[Path, typer.Option()] = HERE / "results" / "tagger_accuracy.jsonl",
) -> None:
    """Train every system on every share of the data sets with every seed, and record test F1."""
    folders = dict(item.split("=", 1) for item in data)
    sources = {"transformer": transformer, "pieces": sentencepiece}
    cells = [
        {"data": d, "share": s, "seed": n, "system": t}
        for n in seed
        for s in share
        for d in folders
        for t in system
        if all(sources[source] for source in needed(t))
        and not (t == "crf" and s == 1 and n)  # the same labels and no random number
    ]
    for cell in tqdm(cells, disable=None):
        made = made_with(cell["system"], transformer)
        read = made.get("transformer")  # the first lines do not say which one they read
        if any(line.get("transformer", read) == read for line in matching(output, cell)):
            continue
        name = cell["data"]
        corpus = make_corpus(
            Path(folders[name]), workspace / name, lang, cell["share"], cell["seed"], dev_words
        )
        start = time.perf_counter()
        scores = train_and_score(cell["system"], cell["seed"], corpus, lang, sources)
        line = {**cell, **scores, "seconds": round(time.perf_counter() - start)}
        append(output, line | made)


def train_and_score(
    system: str, seed: int, corpus: Path, lang: str, sources: dict[str, Path | None]
) -> dict[str, Any]:
    """Train a system on the corpus that `make_corpus` made.

    sources (dict[str, Path | None]): The folders of "transformer" and "pieces".
    RETURNS (dict): Its scores on dev and test.
    """
    with TemporaryDirectory() as draft:
        if system == "crf":
            return run_crf(corpus, Path(draft), lang)
        table = make_table(TABLES[system], corpus.parent, lang, sources)
        encoder = sources["transformer"] if system in READ_SENTENCES else None
        return run_spacy(config_of(system, lang, table, seed, encoder), corpus, Path(draft))


def needed(system: str) -> set[str]:
    """RETURNS (set[str]): What a system needs from elsewhere: "transformer", "pieces"."""
    named = {*(TABLES[system] or "").split("+")} & {"transformer", "pieces"}
    return named | {"transformer"} if system in READ_SENTENCES else named


def made_with(system: str, transformer: Path | None) -> dict[str, Any]:
    """RETURNS (dict): Threads, the versions of packages, and the fingerprint of the transformer."""
    made: dict[str, Any] = {"threads": torch.get_num_threads()}
    made["versions"] = {name: version(name) for name in PACKAGES}
    if "finetuned" in system:
        made["versions"]["spacy-curated-transformers"] = version("spacy-curated-transformers")
        made |= {"training": FINETUNING, "transformer_rate": TRANSFORMER_RATE}
    if transformer and "transformer" in needed(system):
        made["transformer"] = fingerprint(transformer)
    return made


def fingerprint(transformer: Path) -> str:
    """RETURNS (str): What tells a transformer from all others."""
    return find_fingerprint(load_tokenizer(transformer).folder)


def make_table(
    source: str | None, folder: Path, lang: str, sources: dict[str, Path | None]
) -> Path | None:
    """Make a table of word vectors, unless that has been done. One from elsewhere covers the words
    of all splits. Text is that of train.

    source (str | None): "text", "transformer" or "pieces", or several with "+" between them. With
        None, there is no table.
    sources (dict[str, Path | None]): The folders of "transformer" and "pieces".
    RETURNS (Path | None): The folder of the table, in `folder`.
    """
    if source is None:
        return None
    transformer = sources["transformer"] if "transformer" in source else None
    table = folder / f"vectors_{source}"
    if transformer:
        table = table.with_name(f"{table.name}_{fingerprint(transformer)}")
    if not table.is_dir():
        pools = [folder / "pools" / split for split in ("train", "dev", "test")]
        vectors = vectors_source(
            from_text=pools[:1] if "text" in source else None,
            from_transformer=transformer,
            from_sentencepiece=sources["pieces"] if "pieces" in source else None,
        )
        make_vectors(pools[:1] if source == "text" else pools, table, vectors, lang=lang)
    return table


def config_of(
    system: str, lang: str, vectors: Path | None, seed: int, encoder: Path | None = None
) -> Config:
    """RETURNS (Config): The config that users of the system start from, with these vectors."""
    if system.startswith("ner"):
        config = ner_config(lang, seed, vectors=vectors is not None, encoder=encoder)
    else:
        config = tagger_config(lang, seed, paper=system == "deepal_ner_paper")
        if "finetuned" in system and encoder is not None:
            config["training"] |= FINETUNING
            config = with_trained_transformer(config, encoder, TRANSFORMER_RATE)
        else:
            config["paths"]["encoder"] = str(encoder) if encoder else None
    config["paths"]["vectors"] = str(vectors) if vectors else None
    return config


def run_crf(corpus: Path, output: Path, lang: str) -> dict[str, Any]:
    """RETURNS (dict): Scores of the CRF that is best on dev."""
    vocab = spacy.blank(lang).vocab
    docs = {
        split: list(spacy.tokens.DocBin().from_disk(corpus / f"{split}.spacy").get_docs(vocab))
        for split in ("train", "dev", "test")
    }
    scores = crf.train_and_score(docs, output / "crf")
    return {key: round(value, 4) for key, value in scores.items()}


if __name__ == "__main__":
    typer.run(main)
