"""The demo corpus and the data sets beside the repository, with the numbers of their READMEs."""

import re
from collections import Counter
from pathlib import Path

import pytest
import spacy

from spacy_deepal.experiment.prepare import document, prepare
from spacy_deepal.pool.convert import convert
from spacy_deepal.pool.shards import read_shards
from spacy_deepal.sentences import sentence_id, sentence_info

DEMO = Path(__file__).parents[2] / "assets" / "demo"
DATA = Path(__file__).parents[3] / "shared" / "data"
SETS = ("btc", "bc5cdr", "wnut17", "crossner", "uner-zh", "uner-ewt")
SPLITS = ("train", "dev", "test")


@pytest.fixture(scope="module", params=SETS)
def corpus(request, tmp_path_factory):
    """A set's name, the numbers of its README, its prepared pools and their summaries."""
    if not DATA.is_dir():
        pytest.skip("needs the data sets in ../shared/data")
    name = request.param
    folder = tmp_path_factory.mktemp(name)
    summaries = prepare(DATA / name, folder, lang="zh" if name == "uner-zh" else "en")
    table = rows(DATA / name / "README.md")
    pools = {split: read_docs(folder / split) for split in SPLITS}
    return name, table, pools, list(summaries.values())


def read_docs(pool):
    return list(read_shards(pool, spacy.blank("en").vocab))


def rows(readme):
    """The rows of a README's tables by their first cell, as numbers."""
    table = {}
    for line in readme.read_text(encoding="utf-8").split("\n"):
        cells = [cell.strip() for cell in line.replace("`", "").split("|")[1:-1]]
        if len(cells) == 4 and cells[0]:
            table[cells[0]] = cells[1:]
    return table


def numbers(cells):
    """The first number of each cell ("-" is none)."""
    return [int(cell.split(" / ")[0].replace(",", "").replace("-", "0")) for cell in cells]


def test_sentences_words_and_entities_are_as_many_as_the_readme_says(corpus):
    _, table, _, summaries = corpus
    assert [pool.sentences for pool in summaries] == numbers(table["sentences"])
    assert [pool.words for pool in summaries] == numbers(table["words"])
    assert [pool.entities.total() for pool in summaries] == numbers(table["entities"])


def test_entities_of_each_label_are_as_many_as_the_readme_says(corpus):
    name, table, _, summaries = corpus
    labels = set().union(*(pool.entities for pool in summaries))
    assert len(labels) == {"bc5cdr": 2, "wnut17": 6, "crossner": 39}.get(name, 3)
    for label in labels:
        assert [pool.entities[label] for pool in summaries] == numbers(table[label])


def test_sentences_of_each_genre_are_as_many_as_the_readme_says(corpus):
    name, table, _, summaries = corpus
    genres = set().union(*(pool.genres for pool in summaries)) - {None}
    assert len(genres) == {"btc": 6, "crossner": 5, "uner-ewt": 5, "wnut17": 4}.get(name, 0)
    for genre in genres:
        assert [pool.genres[genre] for pool in summaries] == numbers(table[genre])


def test_documents_are_as_many_as_the_readme_says(corpus):
    name, table, pools, _ = corpus
    found = [{sentence_info(doc)["doc_id"] for doc in docs} - {None} for docs in pools.values()]
    expected = numbers(table["documents (doc_id)"]) if name in ("btc", "uner-ewt") else [0, 0, 0]
    assert [len(documents) for documents in found] == expected


def test_every_sentence_is_labelled_and_has_an_id_of_its_own(corpus):
    _, _, pools, summaries = corpus
    for docs, summary in zip(pools.values(), summaries, strict=True):
        assert summary.labelled == len(docs)
        assert len({sentence_id(doc) for doc in docs}) == len(docs)


def source_sentences(file):
    """Tokens, tags, text, document and genre, read the plain way."""
    for block in file.read_text(encoding="utf-8").strip("\n").split("\n\n"):
        lines = block.split("\n")
        comments = dict(line[2:].split(" = ", 1) for line in lines if line.startswith("# "))
        tokens = [line.split("\t") for line in lines if not line.startswith("# ")]
        words, tags = map(list, zip(*tokens, strict=True))
        yield words, tags, comments.get("text"), comments.get("doc_id"), comments.get("genre")


@pytest.mark.parametrize("split", SPLITS)
def test_tokens_tags_and_text_equal_the_source(corpus, split):
    name, _, pools, _ = corpus
    source = source_sentences(DATA / name / f"{split}.iob2")
    for doc, (words, tags, text, doc_id, genre) in zip(pools[split], source, strict=True):
        assert [token.text for token in doc] == words
        assert [
            f"{token.ent_iob_}-{token.ent_type_}" if token.ent_type_ else token.ent_iob_
            for token in doc
        ] == tags
        assert text is None or doc.text == text
        assert doc.has_unknown_spaces == (text is None)
        info = sentence_info(doc)
        assert (info["doc_id"], info["genre"]) == (doc_id, genre)


@pytest.mark.parametrize(
    ("lang", "genres"),
    [
        ("en", {"bc": 501, "bn": 481, "mz": 488, "nw": 524, "tc": 536, "wb": 481}),
        ("zh", {"zh_nw": 449, "zh_wb": 356}),
    ],
)
def test_the_demo_corpus_is_split_by_document(tmp_path, lang, genres):
    summaries = prepare(DEMO / lang, tmp_path / "corpus", lang=lang)
    assert sum((pool.genres for pool in summaries.values()), Counter()) == genres
    words = [pool.words for pool in summaries.values()]
    assert words[0] / sum(words) == pytest.approx(0.70, abs=0.02)
    assert words[1] / sum(words) == pytest.approx(0.15, abs=0.02)
    parts = [{document(doc) for doc in read_docs(tmp_path / "corpus" / s)} for s in SPLITS]
    assert sum(map(len, parts)) == len(set.union(*parts))
    assert sum(map(len, parts)) == {"en": 278, "zh": 76}[lang]


def test_the_texts_of_the_demo_corpus_are_its_lines_without_the_brackets(tmp_path):
    files = sorted(DEMO.rglob("zh_*.txt"))
    convert(files, tmp_path / "pool", lang="zh")
    lines = [line for file in files for line in file.read_text(encoding="utf-8").split("\n")]
    plain = [re.sub(r"\[(.+?)\]\((\w+)\)", r"\1", line) for line in lines if line]
    assert [doc.text for doc in read_docs(tmp_path / "pool")] == plain
