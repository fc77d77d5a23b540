import subprocess
import sys

import pytest
import spacy
from spacy.tokens import DocBin

from spacy_deepal.pool.shards import read_shards, write_shards
from spacy_deepal.sentences import count_words, sentence_id

from ..pools import annotation, call, fill_scores, make_docs, make_score, read_scores


@pytest.fixture
def pool(tmp_path):
    write_shards(make_docs(30, 1), tmp_path / "pool", sentences_per_shard=7)
    return tmp_path / "pool"


@pytest.fixture
def scores(pool, tmp_path):
    """Scores that grow from sentence to sentence."""
    docs = enumerate(make_docs(30, 1))
    rows = [make_score(sentence_id(d), len(d), n / 30) for n, d in docs]
    return fill_scores(tmp_path / "scores", pool, rows)


def read(file):
    return list(read_shards(file, spacy.blank("xx").vocab))


def test_select_writes_the_highest_scores_up_to_the_budget(pool, scores, tmp_path):
    file = tmp_path / "new" / "batch.spacy"
    status, output = call("select", scores, pool, file, "--budget-words", 20)
    batch = read(file)
    words = sum(count_words(doc) for doc in batch)
    assert status == 0
    assert f"Selected {len(batch)} sentences, {words} of 20 words" in output
    assert words <= 20
    ids = [sentence_id(doc) for doc in batch]
    assert ids[0] == "1-029"
    assert ids == sorted(ids, reverse=True)


@pytest.mark.parametrize("inside", ["", "batch.spacy", "more/batch.spacy"])
def test_a_batch_is_not_written_into_the_pool(pool, scores, inside):
    before = sorted(pool.iterdir())
    status, output = call("select", scores, pool, pool / inside, "--budget-words", 20)
    assert status == 1
    assert "read here" in output
    assert sorted(pool.iterdir()) == before


def test_the_order_of_the_scores_does_not_matter(pool, scores, tmp_path):
    call("select", scores, pool, tmp_path / "a.spacy", "--budget-words", 40)
    fill_scores(scores, pool, read_scores(scores, pool)[::-1])
    call("select", scores, pool, tmp_path / "b.spacy", "--budget-words", 40)
    ids = [[sentence_id(doc) for doc in read(tmp_path / f"{name}.spacy")] for name in "ab"]
    assert ids[0] == ids[1]


def test_the_batch_carries_no_gold_unless_it_is_asked_for(pool, scores, tmp_path):
    options = ["--budget-words", 60]
    call("select", scores, pool, tmp_path / "raw.spacy", *options)
    call("select", scores, pool, tmp_path / "gold.spacy", *options, "--with-gold")
    raw, gold = read(tmp_path / "raw.spacy"), read(tmp_path / "gold.spacy")
    source = {sentence_id(doc): annotation(doc) for doc in make_docs(30, 1)}
    assert [sentence_id(doc) for doc in raw] == [sentence_id(doc) for doc in gold]
    assert [annotation(doc) for doc in gold] == [source[sentence_id(doc)] for doc in gold]
    assert not any(doc.has_annotation("ENT_IOB") for doc in raw)
    assert not {"PER", "LOC"} & set(DocBin().from_disk(tmp_path / "raw.spacy").strings)


@pytest.mark.parametrize(
    ("budget", "message"),
    [
        (0, "budget is 0 words; it must be at least 1"),
        (-3, "budget is -3 words; it must be at least 1"),
        (1, "budget is 1 word, and the shortest sentence of 30 has 2"),
    ],
)
def test_a_budget_that_is_too_small_is_refused(pool, scores, tmp_path, budget, message):
    status, output = call("select", scores, pool, tmp_path / "b.spacy", "--budget-words", budget)
    assert (status, message in output) == (1, True)
    assert not (tmp_path / "b.spacy").exists()


def test_near_copies_are_passed_over_when_asked_for(pool, scores, tmp_path):
    """Of the sentences of the pool, every fifth is "Nobody knew"."""
    options = ["--budget-words", 100]
    call("select", scores, pool, tmp_path / "all.spacy", *options)
    status, _ = call("select", scores, pool, tmp_path / "b.spacy", *options, "--max-similarity", 1)
    texts = [[doc.text for doc in read(tmp_path / f"{name}.spacy")] for name in ("all", "b")]
    assert status == 0
    assert texts[0].count("Nobody knew ") > 1
    assert texts[1].count("Nobody knew ") == 1


@pytest.mark.parametrize("value", [0, -1, 1.5])
def test_a_similarity_out_of_range_is_refused(pool, scores, tmp_path, value):
    options = ["--budget-words", 9, "--max-similarity", value]
    status, output = call("select", scores, pool, tmp_path / "b.spacy", *options)
    assert (status, "it must be above 0 and at most 1" in output) == (1, True)
    assert not (tmp_path / "b.spacy").exists()


def test_near_copies_of_earlier_batches_are_passed_over_too(pool, scores, tmp_path):
    """The first batch has a sentence "Nobody knew"; without it the second would have one, too."""
    first, second = tmp_path / "1.spacy", tmp_path / "2.spacy"
    options = ["--budget-words", 40, "--max-similarity", 1]
    call("select", scores, pool, first, *options)
    batch = read(first)
    assert "Nobody knew " in [doc.text for doc in batch]
    taken = set(map(sentence_id, batch))
    left = [row for row in read_scores(scores, pool) if row.id not in taken]
    fill_scores(scores, pool, left)
    call("select", scores, pool, second, *options)
    assert "Nobody knew " in [doc.text for doc in read(second)]
    assert call("select", scores, pool, second, *options, "--earlier", first)[0] == 0
    texts = [doc.text for doc in read(second)]
    assert texts
    assert not {doc.text for doc in batch} & set(texts)


def test_where_all_are_near_copies_of_earlier_batches_that_is_said(pool, scores, tmp_path):
    batch = tmp_path / "b.spacy"
    options = ["--budget-words", 500, "--max-similarity", 1, "--earlier", pool]
    status, output = call("select", scores, pool, batch, *options)
    assert (status, "is a near-copy of one in an earlier batch" in output) == (1, True)
    assert not batch.exists()


def test_earlier_batches_without_a_similarity_are_refused(pool, scores, tmp_path):
    options = ["--budget-words", 9, "--earlier", pool]
    status, output = call("select", scores, pool, tmp_path / "b.spacy", *options)
    assert (status, "--earlier has no effect without --max-similarity" in output) == (1, True)


@pytest.mark.parametrize("budget", ["0.5", "many"])
def test_a_budget_is_a_whole_number(pool, scores, tmp_path, budget):
    status, output = call("select", scores, pool, tmp_path / "b.spacy", "--budget-words", budget)
    assert (status, "--budget-words" in output) == (2, True)


def test_select_needs_a_budget(pool, scores, tmp_path):
    status, output = call("select", scores, pool, tmp_path / "b.spacy")
    assert (status, "--budget-words" in output) == (2, True)


def test_missing_scores_are_named(pool, tmp_path):
    nope, batch = tmp_path / "nope", tmp_path / "b.spacy"
    status, output = call("select", nope, pool, batch, "--budget-words", 9)
    assert (status, "no folder of scores" in output, "nope" in output) == (1, True, True)


def test_a_malformed_file_is_named_with_its_line(pool, scores, tmp_path):
    file = scores / "shard_0002.json"
    file.write_text(file.read_text()[:40])
    status, output = call("select", scores, pool, tmp_path / "b.spacy", "--budget-words", 9)
    assert (status, "shard_0002.json, line 1 is not" in output) == (1, True)


def test_files_in_the_wrong_order_are_an_error_and_no_traceback(pool, scores, tmp_path):
    shard = pool / "shard_0000.spacy"
    status, output = call("select", shard, scores, tmp_path / "b.spacy", "--budget-words", 9)
    assert (status, "holds no .spacy file" in output) == (1, True)


def test_ids_that_are_not_in_the_pool_are_refused(scores, tmp_path):
    write_shards(make_docs(30, 2), tmp_path / "other")
    batch = tmp_path / "b.spacy"
    status, output = call("select", scores, tmp_path / "other", batch, "--budget-words", 9)
    assert (status, "scores of 5 shards, and the pool" in output) == (1, True)
    assert not batch.exists()


@pytest.mark.slow
def test_select_is_a_command_of_spacy(pool, scores, tmp_path):
    command = [sys.executable, "-m", "spacy", "deepal", "select", scores, pool]
    command += [tmp_path / "b.spacy", "--budget-words", "20"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert "20 words" in done.stdout


def test_a_batch_does_not_replace_the_code(pool, scores, tmp_path):
    code = tmp_path / "code.py"
    code.write_text("")
    options = ["--budget-words", 9, "--code", code]
    status, output = call("select", scores, pool, code, *options)
    assert (status, "is read here, so it cannot be written" in output) == (1, True)
    assert code.read_text() == ""
