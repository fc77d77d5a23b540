"""What people have labelled in a run is written in other formats, and what is not is counted."""

import json

import pytest
import spacy

from spacy_deepal.annotation.answer_file import LABELLED
from spacy_deepal.files import write_jsonl
from spacy_deepal.labelling.divide import divide_text
from spacy_deepal.labelling.journal import NewLabel
from spacy_deepal.pool.shards import read_shards
from spacy_deepal.sentences import labels_looked_for, sentence_id

from ..annotation.build import answer
from ..annotation.waiting_run import begin_run, gold_spans, selected
from ..pools import call, write_pools
from .build import begin

VOCAB = spacy.blank("en").vocab
BOTH = ("PER", "LOC")


@pytest.fixture
def page(tmp_path):
    """A run whose text is divided, with an answer of each kind and no round."""
    folder = begin(tmp_path / "run", dev_words=1)
    divide_text(folder, folder.read_job(), seed=0)
    train, (dev, *_) = (
        list(read_shards(path, VOCAB)) for path in (folder.pool, folder.reserve("dev"))
    )
    first, second, *_ = map(sentence_id, train)
    journal = folder.journal
    journal.append(answer(first, [(0, 1, "PER")], labels=BOTH))
    journal.append(answer(second, answer="ignore", labels=BOTH))
    journal.append(answer(sentence_id(dev), [(0, 1, "LOC")], labels=BOTH, part="dev"))
    return folder, train, dev


def test_answers_that_no_round_has_taken_are_written_and_ignored_sentences_are_counted(
    page, tmp_path
):
    folder, (first, *_), dev = page
    status, output = call("export", folder.run, tmp_path / "a.conll", "--format", "conll2003")
    assert (status, "Wrote 1 sentence as conll2003" in output) == (0, True)
    assert "Left out, as they are ignored, or nothing is known of them: 1" in output
    lines = (tmp_path / "a.conll").read_text("utf8").splitlines()
    rows = [line.split() for line in lines if line and not line.startswith(("#", "-DOCSTART-"))]
    assert [row[0] for row in rows] == [token.text for token in first]
    assert [row[-1] for row in rows] == ["I-PER", *["O"] * (len(first) - 1)]
    call("export", folder.run, tmp_path / "d.spacy", "--format", "spacy", "--part", "dev")
    (found,) = read_shards(tmp_path / "d.spacy", VOCAB)
    assert (found.text, found.ents[0].label_) == (dev.text, "LOC")
    options = ("--format", "jsonl", "--part", "train", "--part", "dev")
    assert "Wrote 2 sentences" in call("export", folder.run, tmp_path / "b.jsonl", *options)[1]


def test_a_part_that_is_named_twice_is_written_once(page, tmp_path):
    options = ("--format", "jsonl", "--part", "train", "--part", "train")
    assert "Wrote 1 sentence" in call("export", page[0].run, tmp_path / "a.jsonl", *options)[1]


def test_nothing_of_the_run_is_written_over(page):
    folder, _, _ = page
    journal = folder.path / "journal.jsonl"
    before = journal.read_bytes()
    for output in (journal, folder.run):
        status, text = call("export", folder.run, output, "--force", "--format", "jsonl")
        assert (status, "which is read here" in " ".join(text.split())) == (1, True)
    assert journal.read_bytes() == before


def test_sentences_that_a_format_cannot_hold_are_left_out_with_a_remedy(page, tmp_path):
    folder, (first, _, third, *_), _ = page
    folder.journal.append(NewLabel(at="2026", by="ada", label="ORG"))
    folder.journal.append(answer(sentence_id(third), labels=(*BOTH, "ORG")))
    _, output = call("export", folder.run, tmp_path / "a.conll", "--format", "conll2003")
    output = " ".join(output.split())
    assert "Wrote 1 sentence" in output
    assert "Left out, as conll2003 cannot hold them: 1. --format spacy holds them." in output
    assert "--format spacy holds them. `--labels LOC,PER` writes these types alone" in output
    assert sentence_id(first) in output
    _, output = call("export", folder.run, tmp_path / "a.spacy", "--format", "spacy")
    assert "Wrote 2 sentences" in output
    partly = [doc for doc in read_shards(tmp_path / "a.spacy", VOCAB) if doc.text == first.text]
    assert [token.ent_iob_ for token in partly[0]][:2] == ["B", ""]


def test_the_remedy_names_another_format(page, tmp_path):
    folder, (_, _, third, *_), _ = page
    folder.journal.append(answer(sentence_id(third), labels=BOTH))
    folder.journal.append(NewLabel(at="2026", by="ada", label="ORG"))
    _, output = call("export", folder.run, tmp_path / "a.jsonl", "--format", "prodigy")
    assert "The format prodigy cannot say that words are not labelled" in output
    assert "Write it as spacy." in output
    assert "The page asks for these sentences again." in " ".join(output.split())


def spans_written(run, file, *options):
    """RETURNS (dict): The types of the spans of each sentence that `export` writes as JSONL."""
    status, output = call("export", run, file, "--force", "--format", "jsonl", *options)
    assert status == 0, output
    records = map(json.loads, file.read_text("utf8").splitlines())
    return {record["id"]: [span["label"] for span in record["spans"]] for record in records}


def test_older_sentences_are_written_with_the_types_that_were_there(page, tmp_path):
    folder, (first, _, third, *_), _ = page
    folder.journal.append(NewLabel(at="2026", by="ada", label="ORG"))
    older, newer = sentence_id(first), sentence_id(third)
    entities = [(0, 1, "LOC"), (1, 2, "ORG")]
    folder.journal.append(answer(newer, entities, labels=(*BOTH, "ORG")))
    file = tmp_path / "a.jsonl"
    assert spans_written(folder.run, file) == {newer: ["LOC", "ORG"]}
    both = {older: ["PER"], newer: ["LOC"]}
    assert spans_written(folder.run, file, "--labels", "PER,LOC") == both
    assert spans_written(folder.run, file, "--labels", "LOC") == {older: [], newer: ["LOC"]}
    assert spans_written(folder.run, file, "--labels", "PER,ORG") == {newer: ["ORG"]}


def test_of_a_sentence_that_is_not_whole_the_other_types_are_left_out_too(page, tmp_path):
    folder, _, _ = page
    folder.journal.append(NewLabel(at="2026", by="ada", label="ORG"))
    options = ("--format", "spacy", "--labels", "LOC,ORG")
    call("export", folder.run, tmp_path / "a.spacy", *options)
    (doc,) = read_shards(tmp_path / "a.spacy", VOCAB)
    assert [token.ent_iob_ for token in doc] == ["O", *[""] * (len(doc) - 1)]
    assert labels_looked_for(doc) == {"LOC"}


def test_if_only_older_sentences_are_there_the_error_names_the_option(page, tmp_path):
    folder, _, _ = page
    folder.journal.append(NewLabel(at="2026", by="ada", label="ORG"))
    status, output = call("export", folder.run, tmp_path / "a.conll", "--format", "conll2003")
    assert (status, "`--labels LOC,PER` writes" in " ".join(output.split())) == (1, True)


def test_types_that_the_run_does_not_have_are_refused(page, tmp_path):
    options = ("--format", "jsonl", "--labels", "PER,DATE")
    status, output = call("export", page[0].run, tmp_path / "a", *options)
    output = " ".join(output.split())
    assert (status, "has no DATE. Name some of its types: PER, LOC." in output) == (1, True)
    assert not (tmp_path / "a").exists()


def test_a_run_of_another_tool_gives_what_is_labelled_before_the_round_is_trained(tmp_path):
    paths = write_pools(tmp_path / "pools")
    run, gold = tmp_path / "run", gold_spans()
    begin_run(paths, run)
    names = selected(run)
    status, output = call("export", run, tmp_path / "a.jsonl", "--format", "jsonl")
    assert (status, f"still to do: {len(names)}." in " ".join(output.split())) == (1, True)
    lines = [{"id": name, "spans": gold[name]} for name in names[:2]]
    write_jsonl(run / "round_00" / LABELLED, [*lines, {"id": names[2], "answer": "ignore"}])
    status, output = call("export", run, tmp_path / "a.jsonl", "--format", "jsonl")
    assert (status, "Wrote 2 sentences" in output) == (0, True)
    assert f"Left out, as they are still to do: {len(names) - 3}" in output
    records = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text().splitlines()]
    found = {r["id"]: [(s["start"], s["end"], s["label"]) for s in r["spans"]] for r in records}
    assert found == {name: gold[name] for name in names[:2]}
    status, output = call("export", run, tmp_path / "d", "--format", "jsonl", "--part", "dev")
    assert (status, "which was labelled before" in " ".join(output.split())) == (1, True)


def test_a_text_that_is_still_being_read_has_no_labelled_set(tmp_path):
    folder = begin(tmp_path / "run")
    status, output = call("export", folder.run, tmp_path / "x", "--format", "jsonl")
    assert (status, "is not read yet" in " ".join(output.split())) == (1, True)


def test_parts_are_those_of_a_run(page, tmp_path):
    folder, _, _ = page
    options = ("--format", "jsonl", "--part")
    assert "name train, dev, test" in call("export", folder.run, tmp_path / "x", *options, "al")[1]
    output = call("export", folder.pool, tmp_path / "x", *options, "dev")[1]
    assert "is not the folder of a run" in " ".join(output.split())
    output = call("export", folder.pool, tmp_path / "x", *options[:2], "--labels", "PER")[1]
    assert "--labels is about one" in " ".join(output.split())
    output = call("export", folder.run, tmp_path / "x", *options, "test")[1]
    assert "has no test set of its own" in " ".join(output.split())
