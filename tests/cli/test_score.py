import subprocess
import sys

import catalogue
import pytest
from spacy.vocab import Vocab

from spacy_deepal.acquisition.score_file import read_scores
from spacy_deepal.pool.shards import read_shards, write_shards
from spacy_deepal.sentences import sentence_id

from ..pools import call, make_doc, make_docs, make_pipeline

OWN = """
from spacy_deepal.acquisition.functions import MNLP
from spacy.util import registry

@registry.acquisition("own.{name}.v1")
def make_{name}():
    return lambda evidence: {value}
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "model"
    make_pipeline(make_docs(45, 1)).to_disk(path)
    return path


@pytest.fixture
def pool(tmp_path):
    write_shards(make_docs(30, 1), tmp_path / "pool", sentences_per_shard=7)
    return tmp_path / "pool"


@pytest.fixture
def code(tmp_path, monkeypatch):
    """Write a file that registers own.NAME.v1 for the expression `value`, for this test only."""
    monkeypatch.setattr(catalogue, "REGISTRY", dict(catalogue.REGISTRY))

    def write(name, value):
        file = tmp_path / f"{name}.py"
        file.write_text(OWN.format(name=name, value=value))
        return file

    return write


def read(file):
    return [row.model_dump() for row in read_scores(file)[1]]


def by_id(file):
    return {line["id"]: pytest.approx(line["score"], rel=1e-5) for line in read(file)}


def test_score_writes_a_line_for_each_sentence_in_the_order_of_the_pool(model, pool, tmp_path):
    status, output = call("score", model, pool, tmp_path / "s.jsonl")
    assert status == 0
    assert "Scored 30 sentences by MNLP" in output
    lines = read(tmp_path / "s.jsonl")
    assert [list(line) for line in lines] == [["id", "words", "score"]] * 30
    assert [line["id"] for line in lines] == [sentence_id(doc) for doc in make_docs(30, 1)]


@pytest.mark.parametrize("name", ["MNLP", "LC", "RAND", "BALD:samples=4"])
def test_options_of_batches_and_the_order_of_shards_change_no_score(model, pool, tmp_path, name):
    options = ["--acquisition", name, "--seed", 3]
    call("score", model, pool, tmp_path / "a.jsonl", *options)
    shards = sorted(pool.iterdir())
    for number, shard in enumerate(reversed(shards)):
        shard.rename(pool / f"{number}.spacy")
    call("score", model, pool, tmp_path / "b.jsonl", *options, "--batch-words", 11)
    first, second = read(tmp_path / "a.jsonl"), read(tmp_path / "b.jsonl")
    assert [line["id"] for line in first] != [line["id"] for line in second]
    assert by_id(tmp_path / "a.jsonl") == {line["id"]: line["score"] for line in second}


def test_the_same_command_writes_the_same_bytes(model, pool, tmp_path):
    for name in ("a", "b"):
        options = ["--acquisition", "BALD:samples=5", "--seed", 1]
        call("score", model, pool, tmp_path / name, *options)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize("function", ["RAND", "BALD:samples=4"])
def test_another_seed_gives_other_scores(model, pool, tmp_path, function):
    for seed in (1, 2):
        file = tmp_path / str(seed)
        call("score", model, pool, file, "--seed", seed, "--acquisition", function)
    assert read(tmp_path / "1") != read(tmp_path / "2")


def test_a_single_shard_is_a_pool(model, pool, tmp_path):
    status, _ = call("score", model, pool / "shard_0001.spacy", tmp_path / "s.jsonl")
    assert status == 0
    assert len(read(tmp_path / "s.jsonl")) == 7


@pytest.mark.parametrize("options", [[], ["--acquisition", "BALD", "--budget-words", 20]])
def test_what_was_selected_before_is_left_out(model, pool, tmp_path, options):
    scores, batches = tmp_path / "s.jsonl", [tmp_path / "1.spacy", tmp_path / "2.spacy"]
    selected, excluded = [], []
    for batch in batches:
        status, output = call("score", model, pool, scores, *options, *excluded)
        assert status == 0, output
        left = [line["id"] for line in read(scores)]
        assert sorted(left + selected) == [f"1-{n:03}" for n in range(30)]
        call("select", scores, pool, batch, "--budget-words", 20)
        selected += [sentence_id(doc) for doc in read_shards(batch, Vocab())]
        excluded += ["--exclude", batch]
    assert len(selected) == len(set(selected)) > 2


def test_to_exclude_what_is_of_another_pool_is_refused(model, pool, tmp_path):
    write_shards([make_doc("x", ["Elsewhere"])], tmp_path / "other")
    file = tmp_path / "s.jsonl"
    status, output = call("score", model, pool, file, "--exclude", tmp_path / "other")
    assert status == 1
    assert f"No sentence of {tmp_path / 'other'} is in the pool {pool}" in " ".join(output.split())
    assert not file.exists()


def test_gold_in_the_pool_changes_nothing(model, pool, tmp_path):
    write_shards(make_docs(30, 1, gold=False), tmp_path / "raw")
    call("score", model, pool, tmp_path / "a.jsonl")
    call("score", model, tmp_path / "raw", tmp_path / "b.jsonl")
    first = {line["id"]: line["score"] for line in read(tmp_path / "a.jsonl")}
    assert by_id(tmp_path / "b.jsonl") == first


def test_an_own_function_of_a_code_file_scores(model, pool, tmp_path, code):
    options = ["--acquisition", "own.words.v1", "--code", code("words", "evidence.words")]
    status, _ = call("score", model, pool, tmp_path / "s.jsonl", *options)
    assert status == 0
    assert all(line["score"] == line["words"] for line in read(tmp_path / "s.jsonl"))


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
def test_a_score_that_is_no_finite_number_names_the_sentence(model, pool, tmp_path, code, value):
    file = code("odd", f"float({value!r}) if evidence.id == '1-017' else 0")
    options = ["--acquisition", "own.odd.v1", "--code", file]
    status, output = call("score", model, pool, tmp_path / "s.jsonl", *options)
    assert status == 1
    assert f"gave {value} to sentence 1-017" in output
    assert not (tmp_path / "s.jsonl").exists()


def test_an_unknown_function_is_refused_with_those_there_are(model, pool, tmp_path):
    status, output = call("score", model, pool, tmp_path / "s", "--acquisition", "MNPL")
    assert status == 1
    for name in ("'MNPL'", "BALD", "LC", "MNLP", "RAND", "--code"):
        assert name in output


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--acquisition", "MNLP:samples=3"], "samples"),
        (["--acquisition", "BALD:samples=1"], "samples = 1"),
        (["--batch-words", 0], "--batch-words"),
        (["--seed", -1], "--seed"),
    ],
)
def test_options_out_of_place_are_refused(model, pool, tmp_path, options, message):
    status, output = call("score", model, pool, tmp_path / "s", *options)
    assert status != 0
    assert message in output
    assert not (tmp_path / "s").exists()


def test_a_missing_model_and_a_missing_pool_are_named(model, pool, tmp_path):
    status, output = call("score", tmp_path / "nomodel", pool, tmp_path / "s.jsonl")
    assert (status, "nomodel" in output) == (1, True)
    status, output = call("score", model, tmp_path / "nopool", tmp_path / "s.jsonl")
    assert (status, "nopool" in output) == (1, True)
    assert not (tmp_path / "s.jsonl").exists()


def test_a_damaged_shard_leaves_no_scores_file(model, pool, tmp_path):
    (pool / "shard_0002.spacy").write_bytes(b"damaged")
    status, output = call("score", model, pool, tmp_path / "s.jsonl")
    assert status == 1
    assert "shard_0002.spacy" in output
    assert not list(tmp_path.glob("*s.jsonl*"))


def test_scoring_changes_no_pool(model, pool, tmp_path):
    before = {path: path.read_bytes() for path in pool.iterdir()}
    call("score", model, pool, tmp_path / "s.jsonl")
    assert {path: path.read_bytes() for path in pool.iterdir()} == before


@pytest.mark.slow
def test_score_is_a_command_of_spacy_and_silent_on_no_terminal(model, pool, tmp_path):
    command = [sys.executable, "-m", "spacy", "deepal", "score", model, pool, tmp_path / "s.jsonl"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert "Scored 30 sentences by MNLP" in done.stdout
    assert len(read(tmp_path / "s.jsonl")) == 30


@pytest.mark.slow
def test_memory_does_not_grow_with_the_pool(model, tmp_path):
    """Peak memory of scoring 40,000 sentences is that of scoring 10,000, but for a few MB."""
    program = (
        "import sys, resource; "
        "from spacy_deepal.acquisition.scoring import score_pool; "
        "from spacy_deepal.pipelines import load_pipeline; "
        "nlp = load_pipeline(sys.argv[1]); "
        "n = score_pool(nlp, sys.argv[2], sys.argv[3], 'MNLP'); "
        "print(n, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    peaks = []
    for count in (10_000, 40_000):
        pool = tmp_path / str(count)
        write_shards(make_docs(count, 1), pool)
        assert sum(1 for _ in read_shards(pool, make_pipeline(make_docs(5, 1)).vocab)) == count
        command = [sys.executable, "-c", program, model, pool, tmp_path / "s.jsonl"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        scored, peak = done.stdout.split()
        assert int(scored) == count
        peaks.append(int(peak) / 1024)
    assert peaks[1] - peaks[0] < 30
