import subprocess
import sys

import catalogue
import pytest
from spacy.vocab import Vocab

from spacy_deepal.pipelines import save_pipeline
from spacy_deepal.pool import shards
from spacy_deepal.pool.shards import read_shards, write_shards
from spacy_deepal.sealed import SEAL
from spacy_deepal.sentences import sentence_id

from ..pools import call, make_doc, make_docs, make_pipeline, read_scores
from ..vectors.build import make_encoder

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


def by_id(rows):
    return {row.id: pytest.approx(row.score, rel=1e-5) for row in rows}


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_pool_is_listed_once(model, pool, tmp_path, monkeypatch):
    listed = []
    list_files = shards.list_files
    monkeypatch.setattr(
        shards, "list_files", lambda *args: listed.append(args) or list_files(*args)
    )
    assert call("score", model, pool, tmp_path / "s")[0] == 0
    assert listed == [(pool, ".spacy")]


@pytest.mark.parametrize("name", ["round_00/model", "initial"])
def test_a_model_of_a_run_without_its_seal_is_refused_and_another_pipeline_is_not(
    name, pool, tmp_path
):
    nlp = make_pipeline(make_docs(45, 1))
    save_pipeline(nlp, tmp_path / "run" / name)
    (tmp_path / "run" / "manifest.json").write_text("{}")
    assert call("score", tmp_path / "run" / name, pool, tmp_path / "a")[0] == 0
    (tmp_path / "run" / name / SEAL).unlink()
    status, output = call("score", tmp_path / "run" / name, pool, tmp_path / "b")
    assert status == 1
    assert f"{name} is a pipeline of a run and has lost its seal.json" in output
    assert "give the command of the run again" in output.lower()
    (tmp_path / "run" / name).rename(tmp_path / "run" / "mine")
    assert call("score", tmp_path / "run" / "mine", pool, tmp_path / "c")[0] == 0


def test_score_writes_a_score_for_each_sentence_in_the_order_of_the_pool(model, pool, tmp_path):
    status, output = call("score", model, pool, tmp_path / "s")
    assert status == 0
    assert "Scored 30 sentences by MNLP" in output
    rows = read_scores(tmp_path / "s", pool)
    words = {sentence_id(doc): len(doc) for doc in make_docs(30, 1)}
    assert [(row.id, row.words) for row in rows] == list(words.items())
    names = [*(f"shard_000{number}.json" for number in range(5)), "scores.finished"]
    assert sorted(path.name for path in (tmp_path / "s").iterdir()) == sorted(names)


@pytest.mark.parametrize("name", ["MNLP", "LC", "RAND", "BALD:samples=4"])
def test_options_of_batches_and_the_order_of_shards_change_no_score(model, pool, tmp_path, name):
    options = ["--acquisition", name, "--seed", 3]
    call("score", model, pool, tmp_path / "a", *options)
    first = read_scores(tmp_path / "a", pool)
    other = tmp_path / "other"
    other.mkdir()
    for number, shard in enumerate(sorted(pool.glob("*.spacy"), reverse=True)):
        (other / f"{number}.spacy").write_bytes(shard.read_bytes())
    call("score", model, other, tmp_path / "b", *options, "--batch-words", 11)
    second = read_scores(tmp_path / "b", other)
    assert [row.id for row in first] != [row.id for row in second]
    assert by_id(first) == {row.id: row.score for row in second}


def test_the_same_command_writes_the_same_bytes(model, pool, tmp_path):
    for name in ("a", "b"):
        options = ["--acquisition", "BALD:samples=5", "--seed", 1]
        call("score", model, pool, tmp_path / name, *options)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


@pytest.mark.slow
def test_the_number_of_processes_changes_no_byte(model, pool, tmp_path, code):
    options = ["--acquisition", "own.words.v1", "--code", code("words", "evidence.words")]
    call("score", model, pool, tmp_path / "one", *options)
    status, output = call("score", model, pool, tmp_path / "two", *options, "--n-process", 2)
    assert status == 0, output
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


@pytest.mark.parametrize("function", ["RAND", "BALD:samples=4"])
def test_another_seed_gives_other_scores(model, pool, tmp_path, function):
    for seed in (1, 2):
        file = tmp_path / str(seed)
        call("score", model, pool, file, "--seed", seed, "--acquisition", function)
    assert read_scores(tmp_path / "1", pool) != read_scores(tmp_path / "2", pool)


def test_a_single_shard_is_a_pool(model, pool, tmp_path):
    shard = pool / "shard_0001.spacy"
    status, _ = call("score", model, shard, tmp_path / "s")
    assert status == 0
    assert len(read_scores(tmp_path / "s", shard)) == 7


@pytest.mark.parametrize("options", [[], ["--acquisition", "BALD", "--budget-words", 20]])
def test_what_was_selected_before_is_left_out(model, pool, tmp_path, options):
    scores, batches = tmp_path / "s", [tmp_path / "1.spacy", tmp_path / "2.spacy"]
    selected, excluded = [], []
    for batch in batches:
        status, output = call("score", model, pool, scores, *options, *excluded)
        assert status == 0, output
        left = [row.id for row in read_scores(scores, pool)]
        assert sorted(left + selected) == [f"1-{n:03}" for n in range(30)]
        call("select", scores, pool, batch, "--budget-words", 20)
        selected += [sentence_id(doc) for doc in read_shards(batch, Vocab())]
        excluded += ["--exclude", batch]
    assert len(selected) == len(set(selected)) > 2


def test_to_exclude_what_is_of_another_pool_is_refused(model, pool, tmp_path):
    write_shards([make_doc("x", ["Elsewhere"])], tmp_path / "other")
    file = tmp_path / "s"
    status, output = call("score", model, pool, file, "--exclude", tmp_path / "other")
    assert status == 1
    assert f"No sentence of {tmp_path / 'other'} is in the pool {pool}" in " ".join(output.split())
    assert not file.exists()


def test_gold_in_the_pool_changes_nothing(model, pool, tmp_path):
    write_shards(make_docs(30, 1, gold=False), tmp_path / "raw")
    call("score", model, pool, tmp_path / "a")
    call("score", model, tmp_path / "raw", tmp_path / "b")
    first = {row.id: row.score for row in read_scores(tmp_path / "a", pool)}
    assert by_id(read_scores(tmp_path / "b", tmp_path / "raw")) == first


def test_an_own_function_of_a_code_file_scores(model, pool, tmp_path, code):
    options = ["--acquisition", "own.words.v1", "--code", code("words", "evidence.words")]
    status, _ = call("score", model, pool, tmp_path / "s", *options)
    assert status == 0
    assert all(row.score == row.words for row in read_scores(tmp_path / "s", pool))


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
def test_a_score_that_is_no_finite_number_names_the_sentence(model, pool, tmp_path, code, value):
    file = code("odd", f"float({value!r}) if evidence.id == '1-017' else 0")
    options = ["--acquisition", "own.odd.v1", "--code", file]
    status, output = call("score", model, pool, tmp_path / "s", *options)
    assert status == 1
    assert f"gave {value} to sentence 1-017" in output
    assert not (tmp_path / "s" / "shard_0002.json").exists()


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
    status, output = call("score", tmp_path / "nomodel", pool, tmp_path / "s")
    assert (status, "nomodel" in output) == (1, True)
    status, output = call("score", model, tmp_path / "nopool", tmp_path / "s")
    assert (status, "nopool" in output) == (1, True)
    assert not (tmp_path / "s").exists()


def test_a_changed_shard_leaves_no_scores(model, pool, tmp_path):
    (pool / "shard_0002.spacy").write_bytes(b"damaged")
    status, output = call("score", model, pool, tmp_path / "s")
    assert status == 1
    assert "shard_0002.spacy was changed after" in output
    assert not list(tmp_path.glob("*s*.json"))


def test_a_damaged_shard_of_a_pool_without_an_index_is_named(model, pool, tmp_path):
    (pool / "pool.index").unlink()
    (pool / "shard_0002.spacy").write_bytes(b"damaged")
    status, output = call("score", model, pool, tmp_path / "s")
    assert status == 1
    assert "shard_0002.spacy cannot be read" in output


def test_a_pool_that_grew_is_scored_where_it_grew_with_a_notice(model, pool, tmp_path):
    call("score", model, pool, tmp_path / "s")
    write_shards(make_docs(3, 2), tmp_path / "more")
    (tmp_path / "more" / "shard_0000.spacy").rename(pool / "shard_0005.spacy")
    status, output = call("score", model, pool, tmp_path / "s")
    assert status == 0
    assert "shards were added: 1, from shard_0005.spacy on" in output
    assert "Scored 33 sentences" in output
    status, output = call("select", tmp_path / "s", pool, tmp_path / "b", "--budget-words", 20)
    assert status == 0, output


def test_scoring_changes_no_pool(model, pool, tmp_path):
    before = {path: path.read_bytes() for path in pool.iterdir()}
    call("score", model, pool, tmp_path / "s")
    assert {path: path.read_bytes() for path in pool.iterdir()} == before


@pytest.mark.slow
def test_score_is_a_command_of_spacy_and_silent_on_no_terminal(model, pool, tmp_path):
    command = [sys.executable, "-m", "spacy", "deepal", "score", model, pool, tmp_path / "s"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert "Scored 30 sentences by MNLP" in done.stdout
    assert len(read_scores(tmp_path / "s", pool)) == 30


@pytest.mark.slow
@pytest.mark.parametrize("encoder", [False, True])
def test_memory_does_not_grow_with_the_pool(encoder, tmp_path):
    """Peak memory of scoring many sentences is that of scoring a quarter of them, but for a few MB.
    An encoder's vectors go to its cache."""
    counts, layers = (10_000, 40_000), {}
    if encoder:
        counts, tok2vec = (4_000, 16_000), {"@architectures": "spacy_deepal.FrozenEncoder.v1"}
        tok2vec |= {
            "encoder": str(make_encoder(tmp_path / "bert")),
            "cache": str(tmp_path / "seen"),
        }
        layers["tok2vec"] = tok2vec
    model = tmp_path / "model"
    make_pipeline(make_docs(45, 1), **layers).to_disk(model)
    program = (
        "import sys, resource; "
        "from pathlib import Path; "
        "from spacy_deepal.acquisition.registry import acquisition_block; "
        "from spacy_deepal.acquisition.pool_scoring import score_pool; "
        "from spacy_deepal.acquisition.scoring_job import make_job; "
        "from spacy_deepal.pool.pool import Pool; "
        "job = make_job(sys.argv[1], Path(sys.argv[3]), acquisition_block('MNLP')); "
        "n = score_pool(job, Pool(sys.argv[2])); "
        "print(n, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    peaks = []
    for count in counts:
        pool = tmp_path / str(count)
        write_shards(make_docs(count, 1), pool)
        assert sum(1 for _ in read_shards(pool, make_pipeline(make_docs(5, 1)).vocab)) == count
        command = [sys.executable, "-c", program, model, pool, tmp_path / f"s{count}"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        scored, peak = done.stdout.split()
        assert int(scored) == count
        peaks.append(int(peak) / 1024)
    assert peaks[1] - peaks[0] < 30
    assert encoder == (tmp_path / "seen").is_dir()


def test_nothing_is_written_into_a_folder_of_other_things(model, pool, tmp_path):
    (pool / "pool.index").unlink()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").touch()
    status, output = call("score", model, pool, tmp_path / "mine")
    assert (status, "holds other things than scores" in output) == (1, True)
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.txt"]
