"""What is fuzzed: any bytes as a file of any format, read with any options."""

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


Item = Sentence | BadLine


def read_anything(
    folder: Path, suffix: int, options: int, content: bytes
) -> tuple[list[Item], DeepALError | None]:
    """Read a file. Nothing else may come out than what is returned.

    suffix, options (int): Which of SUFFIXES and OPTIONS.
    RETURNS (list, DeepALError | None): The sentences and bad lines, and the error that ended them.
    """
    file = folder / f"in{SUFFIXES[suffix % len(SUFFIXES)]}"
    given = OPTIONS[options % len(OPTIONS)]
    file.write_bytes(content)
    items: list[Item] = []
    problem = None
    try:
        sources, _ = open_all(file)
        for source in sources:
            for item in islice(find_reading(source, given).read(source, NLP), MOST):
                items += finished(NLP, item, given) if isinstance(item, Sentence) else [item]
    except BadLine as bad_line:
        items.append(bad_line)
    except DeepALError as error:
        problem = error
    file.unlink()
    return items, problem


def is_clear(items: list[Item], error: DeepALError | None) -> bool:
    """RETURNS (bool): Whether all items are sentences, or bad lines with a message, and whether
    the error has one."""
    clear = (isinstance(i, Sentence) or (isinstance(i, BadLine) and i.message) for i in items)
    return all(clear) and (error is None or str(error) != "")
