"""A smaller set for an experiment: the first documents of the training data. Dev and test stay.

    python scripts/first_words.py DATA gmb25 --share 0.25

Writes train.spacy, dev.spacy and test.spacy to a folder, which all commands take as data.
"""

from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import spacy
import typer
from results import show_errors
from spacy.tokens import Doc
from wasabi import msg

from spacy_deepal.corpus.docbin import write_docs
from spacy_deepal.experiment.prepare import SHARES, document, prepare
from spacy_deepal.files import check_output
from spacy_deepal.pool.shards import read_shards
from spacy_deepal.sentences import count_words


def main(
    data: Annotated[Path, typer.Argument(help="As for `spacy deepal prepare`")],
    output: Annotated[Path, typer.Argument(help="The folder of the three files")],
    share: Annotated[
        float, typer.Option(min=0, max=1, help="The least share of the training words")
    ] = 0.25,
    lang: Annotated[str, typer.Option(help="Language of the tokenizer")] = "en",
) -> None:
    """Write the first documents of the training data, and all of dev and test."""
    with show_errors(), TemporaryDirectory() as draft:
        check_output(output, data)
        prepare(data, Path(draft) / "pools", lang=lang)
        output.mkdir(parents=True, exist_ok=True)
        for split in SHARES:
            docs = list(read_shards(Path(draft) / "pools" / split, spacy.blank(lang).vocab))
            words = sum(map(count_words, docs))
            if split == "train":
                docs = first_documents(docs, share * words)
            taken = sum(map(count_words, docs))
            write_docs(docs, output / f"{split}.spacy")
            msg.good(f"{split}: {taken:,} of {words:,} words, {len(docs):,} sentences")


def first_documents(docs: Iterable[Doc], words: float) -> list[Doc]:
    """RETURNS (list[Doc]): The sentences of the first documents that have at least so many words
    together. A sentence whose document is not known counts as a document."""
    names, taken, total = set(), [], 0
    for doc in docs:
        if total < words:
            names.add(document(doc))
        if document(doc) in names:
            taken.append(doc)
            total += count_words(doc)
    return taken


if __name__ == "__main__":
    typer.run(main)
