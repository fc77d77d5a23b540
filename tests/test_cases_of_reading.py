"""The cases about files: `convert` gives the right pool, or one error that says what to type."""

import os
import subprocess
import sys

import pytest
import spacy

from spacy_deepal.pool.shards import read_shards

from .cases import convert_case, copy_case
from .pools import annotation, call, fill_scores, write_pools

MIA, BO = ("Mia Ota", "PER"), ("Bo Ek", "PER")


def test_accept_and_reject_one_span(tmp_path):
    """Accepted spans are entities; of all other words nothing is known."""
    source = copy_case("accept-and-reject-one-span", tmp_path) / "teach.jsonl"
    ((_, entities),) = convert_case(source)
    assert sorted(entities) == [BO, MIA]
    (doc,) = read_shards(source.with_name("teach.jsonl.pool"), spacy.blank("en").vocab)
    assert {iob for _, iob, label in annotation(doc) if not label} == {""}


def test_brat_folder(tmp_path):
    found = convert_case(copy_case("brat-folder", tmp_path) / "data")
    entities = [ent for _, entities in found for ent in entities]
    assert sorted(entities) == sorted([MIA, ("Porto", "LOC"), BO])


@pytest.mark.parametrize(("name", "second"), [("bom1.conll", "Bo"), ("bom2.iob2", "Mia")])
def test_byte_order_mark_inside(tmp_path, name, second):
    assert convert_case(copy_case("byte-order-mark-inside", tmp_path) / name) == [
        (["Mia", "left"], [("Mia", "PER")]),
        ([second, "stayed"], [(second, "PER")]),
    ]


def test_comment_lines_in_columns(tmp_path):
    folder = copy_case("comment-lines-in-columns", tmp_path)
    found = convert_case(folder / "multiconer.conll")
    assert len(found) == 2
    entities = [ent for _, entities in found for ent in entities]
    assert entities == [("anna", "PER"), ("lyon", "LOC"), ("bob", "PER")]
    status, output = call("convert", folder / "germeval.tsv", tmp_path / "pool")
    assert status == 1
    assert "can be read in 2 ways" in output
    assert len(convert_case(folder / "germeval.tsv", "--columns", "_,word,ner,_")) == 2


def test_cr_line_ends(tmp_path):
    found = convert_case(copy_case("cr-line-ends", tmp_path) / "cr.iob2")
    assert found == [(["A", "b"], [("A", "X")]), (["c"], [])]


@pytest.mark.slow
def test_fifo_waits(tmp_path):
    """Nobody writes to the pipe: the command says that it waits."""
    copy_case("fifo-waits", tmp_path)
    os.mkfifo(tmp_path / "in.txt")
    command = [sys.executable, "-u", "-m", "spacy", "deepal", "convert"]
    process = subprocess.Popen(
        [*command, tmp_path / "in.txt", tmp_path / "pool"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        lines = []  # a long path makes several of the message
        while "until" not in "".join(lines[-1:]):
            lines.append(process.stdout.readline())
            assert lines[-1]  # it ends without a line if the command ends
        assert f"Reading {tmp_path / 'in.txt'} until" in " ".join("".join(lines).split())
    finally:
        process.kill()
        process.communicate()


def test_index_in_first_column(tmp_path):
    folder = copy_case("index-in-first-column", tmp_path)
    for words, _ in convert_case(folder / "index_word_pos_tag.conll"):
        assert not any(word.isdigit() for word in words)
    nested = folder / "index_word_tag_nested.tsv"
    status, output = call("convert", nested, tmp_path / "pool")
    assert status == 1
    assert "--columns _,word,ner,_" in output
    found = convert_case(nested, "--columns", "_,word,ner,_")
    entities = [ent for _, entities in found for ent in entities]
    assert entities == [("Anna", "PER"), ("Lyon", "LOC"), ("Lyon Opera", "ORG")]


def test_json_deeply_nested(tmp_path):
    source = copy_case("json-deeply-nested", tmp_path) / "nested.jsonl"
    status, output = call("convert", source, tmp_path / "pool")
    assert status == 1
    assert "nested.jsonl:1: nested too deeply" in output
    paths, scores = write_pools(tmp_path / "pools"), tmp_path / "scores"
    fill_scores(scores, paths["pool"], [])
    next(scores.glob("shard_*.json")).write_bytes(source.read_bytes())
    for given, message in ((scores, "nested too deeply"), (source, "There is no folder of scores")):
        options = tmp_path / "b.spacy", "--budget-words", 5
        status, output = call("select", given, paths["pool"], *options)
        assert status == 1
        assert message in output


def test_jsonl_odd_types(tmp_path):
    source = copy_case("jsonl-odd-types", tmp_path) / "odd.jsonl"
    status, output = call("convert", source, tmp_path / "pool")
    assert status == 1
    assert all(f"odd.jsonl:{number}: " in output for number in (1, 2, 3, 4))


def test_markdown_link_in_raw_text(tmp_path):
    source = copy_case("markdown-link-in-raw-text", tmp_path) / "notes.txt"
    assert [entities for _, entities in convert_case(source)] == [[], [], []]
    docs = list(read_shards(source.with_name("notes.txt.pool"), spacy.blank("en").vocab))
    assert [doc.text.strip() for doc in docs] == source.read_text().splitlines()
    assert not any(doc.has_annotation("ENT_IOB") for doc in docs)


def test_numbers_too_large(tmp_path):
    folder = copy_case("numbers-too-large", tmp_path)
    (folder / "text.txt").write_text("Mia left.\n")
    status, output = call(
        "convert", folder / "text.txt", tmp_path / "pool", "--sentences-per-shard", 10**20
    )
    assert status == 2
    assert "--sentences-per-shard" in output
    convert_case(folder / "text.txt")
    pool = folder / "text.txt.pool"
    status, output = call("vectors", pool, tmp_path / "v", "--from-file", folder / "width.txt")
    assert status == 1
    assert "width.txt, line 1 gives an impossible width" in output


@pytest.mark.slow
def test_pipe_loses_sentences(tmp_path):
    source = copy_case("pipe-loses-sentences", tmp_path) / "sentences.iob2"
    for times in (1, 1000):
        pool = tmp_path / f"pool{times}"
        script = (
            f"{sys.executable} -m spacy deepal convert "
            f"<(for i in $(seq {times}); do cat {source}; done) {pool}"
        )
        subprocess.run(["bash", "-c", script], check=True, capture_output=True)
        assert sum(1 for _ in read_shards(pool, spacy.blank("en").vocab)) == 12 * times


def test_pool_grew_asked_again(tmp_path):
    """No sentence of the first batch is asked for again when a line is put into the text."""
    folder = copy_case("pool-grew-asked-again", tmp_path)
    spacy.blank("en").to_disk(folder / "blank")
    batches: list[list[str]] = []
    for name in ("before", "after"):
        pool, scores, batch = (folder / f"{part}_{name}" for part in ("pool", "scores", "batch"))
        assert call("convert", folder / name / "articles.txt", pool)[0] == 0
        earlier = ["--exclude", folder / "batch_before"] if batches else []
        status, _ = call("score", folder / "blank", pool, scores, "--acquisition", "RAND", *earlier)
        assert status == 0
        assert call("select", scores, pool, batch, "--budget-words", 120)[0] == 0
        batches.append([doc.text for doc in read_shards(batch, spacy.blank("en").vocab)])
    assert all(batches)
    assert not set(batches[0]) & set(batches[1])


def test_spacy_file_malformed(tmp_path):
    files = sorted(copy_case("spacy-file-malformed", tmp_path).glob("*.spacy"))
    assert len(files) == 11
    for file in files:
        status, output = call("convert", file, tmp_path / "pool")
        assert status == 1
        assert f"{file.name} cannot be read as a .spacy file" in output


def test_spans_under_another_key(tmp_path):
    folder = copy_case("spans-under-another-key", tmp_path)
    ((_, entities),) = convert_case(folder / "annotation.jsonl")
    assert [label for _, label in entities] == ["PER"]
    status, output = call("convert", folder / "start_offset.jsonl", tmp_path / "pool")
    assert status == 1
    assert "start_offset.jsonl:1: under 'annotations'" in output


def test_tokens_of_the_record(tmp_path):
    ((words, entities),) = convert_case(
        copy_case("tokens-of-the-record", tmp_path) / "prodtok.jsonl"
    )
    assert "2785" in words
    assert entities == [("2785", "NUM")]


def test_tool_gives_our_columns_back(tmp_path):
    source = copy_case("tool-gives-our-columns-back", tmp_path) / "labelled.jsonl"
    ((_, entities),) = convert_case(source)
    assert entities == [MIA, ("Porto", "LOC")]
