import json
import re

import pytest
import typer
from spacy.vocab import Vocab
from typer.testing import CliRunner

from spacy_deepal.cli import app
from spacy_deepal.cli.convert import print_summaries
from spacy_deepal.pool.convert import ConvertSummary
from spacy_deepal.pool.shards import read_shards

from ..pools import call


@pytest.fixture
def run():
    def call(*args):
        result = CliRunner().invoke(app, [str(arg) for arg in args])
        return result.exit_code, re.sub(r"\x1b\[[\d;]*m", "", result.output)

    return call


def cells(output):
    """The rows of a printed table."""
    return [tuple(re.split(r" {2,}", line.strip())) for line in output.split("\n") if line.strip()]


def unwrapped(output):
    """What wasabi has wrapped, in one line."""
    return " ".join(output.split())


def test_convert_takes_many_inputs_and_prints_what_it_wrote(run, tmp_path):
    (tmp_path / "nw.txt").write_text("[Ada](PER) in [Rome](LOC).\n")
    (tmp_path / "wb.txt").write_text("Rain.\n[Bob](PER).\n")
    status, output = run("convert", tmp_path / "nw.txt", tmp_path / "wb.txt", tmp_path / "pool")
    assert status == 0
    rows = cells(output)
    for row in (
        ("sentences", "3"),
        ("words", "8"),
        ("entities", "3"),
        ("PER", "2"),
        ("LOC", "1"),
        ("genre wb", "2"),
    ):
        assert row in rows
    assert (tmp_path / "pool" / "shard_0000.spacy").is_file()


def test_a_bad_line_ends_convert_with_status_1_and_no_traceback(run, tmp_path):
    (tmp_path / "a.txt").write_text("[Ada](PER)\n[\n")
    status, output = run("convert", tmp_path / "a.txt", tmp_path / "pool")
    assert status == 1
    assert "a.txt:2: square brackets other than [surface](LABEL): '['" in unwrapped(output)
    assert "Traceback" not in output
    assert not (tmp_path / "pool").exists()


def test_skip_bad_says_what_is_left_out(run, tmp_path):
    (tmp_path / "a.txt").write_text("[Ada](PER)\n[\n")
    status, output = run("convert", tmp_path / "a.txt", tmp_path / "pool", "--skip-bad")
    assert status == 0
    assert "Bad lines left out, each with its whole sentence: 1" in unwrapped(output)
    assert "a.txt:2: square brackets" in unwrapped(output)


def test_spans_that_are_dropped_are_counted_and_shown_with_their_sentences(run, tmp_path):
    (tmp_path / "a.txt").write_text("[Ada](PER) saw Ro[me](LOC) .\n[Bo](PER)b ran .\n")
    status, output = run("convert", tmp_path / "a.txt", tmp_path / "pool", "--border", "drop")
    assert status == 0
    assert "Spans dropped, as they are not whole tokens, or overlap a longer one: 2" in unwrapped(
        output
    )
    assert "a.txt:1: 'me' (LOC, 10 to 12): 'Ada saw Rome .'" in unwrapped(output)
    (entity,) = [ent for doc in read_shards(tmp_path / "pool", Vocab()) for ent in doc.ents]
    assert entity.text == "Ada"


def test_convert_passes_every_option_on(run, tmp_path):
    (tmp_path / "a.txt").write_text("Ab. Cd.\n")
    status, output = run(
        *("convert", tmp_path / "a.txt", tmp_path / "pool", "--format", "text", "--lang", "zh"),
        *("--genre", "web", "--sentences-per-shard", "1"),
    )
    assert status == 0
    assert ("genre web", "2") in cells(output)
    assert len(list((tmp_path / "pool").glob("*.spacy"))) == 2


def test_prepare_prints_a_column_for_each_split(run, tmp_path):
    for name, text in (("train", "[a](X) b"), ("dev", "a"), ("test", "[a](X) [b](Y) c")):
        (tmp_path / f"{name}.txt").write_text(f"{text}\n")
    status, output = run("prepare", tmp_path, tmp_path / "corpus", "--lang", "en")
    assert status == 0
    assert ("train", "dev", "test") in cells(output)
    assert ("words", "2", "1", "3") in cells(output)
    assert ("X", "1", "0", "1") in cells(output)


def test_prepare_reports_a_missing_folder(run, tmp_path):
    status, output = run("prepare", tmp_path / "nowhere", tmp_path / "corpus")
    assert status == 1
    assert "There is no folder" in output


def test_many_labels_are_summed_in_one_row(capsys):
    summary = ConvertSummary(sentences=1, genres={None: 1})
    summary.entities.update({f"L{i:02}": 20 - i for i in range(15)})
    print_summaries({"pool": summary})
    rows = cells(capsys.readouterr().out)
    assert ("L11", "9") in rows
    assert ("3 more", "21") in rows
    assert not any(row[0].startswith("genre") for row in rows)


def test_commands_are_listed_with_their_help():
    commands = typer.main.get_command(app).commands
    assert commands["convert"].help.startswith("Convert annotated or raw text to a pool")
    assert commands["prepare"].help.startswith("Make the pools train, dev and test")


def test_convert_says_how_each_file_was_read_and_which_were_not(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.conll").write_text("1 Mia B-PER\n2 ran O\n")
    (tmp_path / "data" / "b.txt").write_text("It rained.\n")
    (tmp_path / "data" / "c.pdf").write_text("x")
    status, output = run("convert", "data", "pool")
    assert status == 0
    rows = cells(output)
    header = ("file", "format", "read as", "sentences", "words", "entities")
    assert header in rows
    assert ("data/a.conll", "columns", "columns _,word,ner, IOB2", "1", "2", "1 PER") in rows
    assert ("data/b.txt", "text", "raw text, not labelled", "1", "3", "not labelled") in rows
    assert "Files not read: 1" in output
    assert "data/c.pdf: its suffix is none of data" in output


def test_a_file_of_doubles_alone_is_not_called_unlabelled(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a.jsonl", "b.jsonl"):
        (tmp_path / name).write_text('{"text": "Mia left.", "spans": [[0, 3, "PER"]]}\n')
    status, output = run("convert", "a.jsonl", "b.jsonl", "pool")
    assert status == 0
    assert ("b.jsonl", "jsonl", "keys text, spans", "0", "0", "-") in cells(output)
    assert "Exact doubles left out: 1" in output


def test_a_file_that_can_be_read_in_two_ways_is_not_read(run, tmp_path):
    (tmp_path / "a.tsv").write_text("The\tO\tO\nLyon\tB-ORG\tB-LOC\nOpera\tI-ORG\tO\n")
    status, output = run("convert", tmp_path / "a.tsv", tmp_path / "pool")
    assert status == 1
    assert (
        "--columns word,ner,_   (columns word,ner,_, IOB2)\n    The Lyon Opera: Lyon Op" in output
    )
    assert not (tmp_path / "pool").exists()
    chosen = ("--columns", "word,_,ner")
    assert run("convert", tmp_path / "a.tsv", tmp_path / "pool", *chosen)[0] == 0


def test_export_writes_a_pool_in_another_format(run, tmp_path):
    (tmp_path / "a.txt").write_text("[Ada](PER) ran.\n")
    run("convert", tmp_path / "a.txt", tmp_path / "pool")
    status, output = run("export", tmp_path / "pool", tmp_path / "a.tsv", "--format", "bioes")
    assert status == 0
    assert "Wrote 1 sentence as bioes" in unwrapped(output)
    assert (tmp_path / "a.tsv").read_text().endswith("Ada\tS-PER\nran\tO\n.\tO\n\n")


@pytest.mark.parametrize("count", ["0", "100000000000000000000"])
def test_shards_of_a_size_beyond_reason_are_refused(run, tmp_path, count):
    (tmp_path / "a.txt").write_text("Rain.\n")
    status, output = run("convert", tmp_path, tmp_path / "p", "--sentences-per-shard", count)
    assert status == 2
    assert "--sentences-per-shard" in output


def test_prepare_takes_the_options_of_convert(run, tmp_path):
    for split in ("train", "dev", "test"):
        (tmp_path / f"{split}.tsv").write_text("Lyon\tB-ORG\tB-LOC\nOpera\tI-ORG\tO\n")
    status, output = run("prepare", tmp_path, tmp_path / "corpus")
    assert status == 1
    assert "--columns word,_,ner" in output
    status, output = run("prepare", tmp_path, tmp_path / "corpus", "--columns", "word,_,ner")
    assert status == 0
    assert ("LOC", "1", "1", "1") in cells(output)


def test_a_terminal_obeys_nothing_that_stands_in_a_file(tmp_path):
    record = {"text": "Mia left", "spans": [[0, 3, "P\x1b[2J\u202eR"]], "genre": "g\x1b]0;x\x07"}
    (tmp_path / "a\x1b[2J.jsonl").write_text(json.dumps(record) + "\n")
    (tmp_path / "b\x1b[2J.png").write_bytes(b"")
    status, output = call("convert", tmp_path, tmp_path / "pool")
    assert status == 0
    assert not set(output) & {"\x1b", "\x07", "\u202e"}
    assert "P\\x1b[2J\\u202eR" in output


def test_utf8_that_is_read_in_another_encoding_is_told(tmp_path):
    (tmp_path / "a.txt").write_text("Zoë left.\n", encoding="utf8")
    status, output = call("convert", tmp_path / "a.txt", tmp_path / "pool", "--encoding", "latin-1")
    assert status == 0
    assert "Sentences look like UTF-8 that was read as latin-1: 1" in output
