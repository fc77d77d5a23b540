"""What is fuzzed: any bytes as a file of any format, read with any options."""

from contextlib import suppress
from itertools import islice
from pathlib import Path

import spacy

from spacy_deepal.corpus.docs import finished
from spacy_deepal.corpus.folders import open_all
from spacy_deepal.corpus.formats import ALL_FORMATS, find_reading
from spacy_deepal.corpus.reading import BadLine, ReadOptions, Sentence
from spacy_deepal.errors import DeepALError

NLP = spacy.blank("xx")
SUFFIXES = (
    *(".txt", ".conll", ".iob2", ".tsv", ".csv", ".conllu", ".jsonl", ".json", ".py", ".spacy"),
    *(".gz", ".zip", ""),
)
OPTIONS = (
    *(ReadOptions(format=name) for name in ("auto", *ALL_FORMATS)),
    ReadOptions(columns=("word", "ner")),
    ReadOptions(columns=("sentence", "_", "word", "ner")),
    ReadOptions(scheme="io", columns=("word", "ner")),
    ReadOptions(scheme="bioes", split=True, border="trim"),
    ReadOptions(spans_key="meta.spans", border="snap"),
    ReadOptions(text_key="data.text", offsets="utf16"),
    ReadOptions(offsets="bytes", tag_names=("O", "B-X", "I-X"), tokens="pipeline"),
)
MOST = 1000  # sentences that are looked at


def read_anything(folder: Path, suffix: int, options: int, content: bytes) -> None:
    """Read a file. Only a DeepALError or a BadLine may come out.

    suffix, options (int): Which of SUFFIXES and OPTIONS.
    """
    file = folder / f"in{SUFFIXES[suffix % len(SUFFIXES)]}"
    given = OPTIONS[options % len(OPTIONS)]
    file.write_bytes(content)
    with suppress(DeepALError, BadLine):
        sources, _ = open_all(file)
        for source in sources:
            for item in islice(find_reading(source, given).read(source, NLP), MOST):
                if isinstance(item, Sentence):
                    list(finished(NLP, item, given))
    file.unlink()
