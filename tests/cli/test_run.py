import re
import shutil

import catalogue
import pytest
import spacy
import typer
from thinc.api import Config

from spacy_deepal.cli._app import show_errors
from spacy_deepal.errors import DeepALError
from spacy_deepal.files import write_jsonl
from spacy_deepal.pool.shards import read_shards
from spacy_deepal.sentences import sentence_id

from ..pools import AL_CONFIG, call, make_docs, options, overrides, read_jsonl, write_pools

OWN_FUNCTION = """
from spacy.util import registry

@registry.acquisition("own.longest.v1")
def make_longest():
    return lambda evidence: evidence.words
"""
OWN_ORACLE = """
from spacy.tokens import Span
from spacy.util import registry
from spacy_deepal.rounds.oracle import Oracle

@registry.misc("own.everyone.v1")
class Everyone(Oracle):
    def __init__(self, label: str):
        self.first = label

    def label(self, docs, folder):
        (folder / "asked.txt").write_text(str(len(docs)))
        for doc in docs:
            doc.set_ents([Span(doc, 0, 1, self.first)])
        return docs
"""


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    return write_pools(tmp_path_factory.mktemp("pools"))


@pytest.fixture
def arguments(paths, tmp_path):
    """`run configs/al.cfg RUN_DIR --…` for a quick run of two rounds."""

    def arguments(*more, folder="run", **active_learning):
        settings = {"rounds": 1, "passes": 1, "min_updates": 2} | active_learning
        values = overrides(paths, **settings)
        return ["run", AL_CONFIG, tmp_path / folder, *options(values), *more]

    return arguments


@pytest.fixture
def code(tmp_path, monkeypatch):
    """Write a file whose functions are registered for this test only."""
    monkeypatch.setattr(catalogue, "REGISTRY", dict(catalogue.REGISTRY))

    def write(text):
        (tmp_path / "own.py").write_text(text)
        return tmp_path / "own.py"

    return write


def models(folder):
    return sorted(path.parent.name for path in folder.glob("round_*/model"))


def test_run_shows_a_line_for_each_round_and_why_it_ended(arguments, tmp_path):
    status, output = call(*arguments())
    assert status == 0
    assert "round 0 " in output
    assert "by seed" in output
    assert "round 1 " in output
    assert "by acquisition" in output
    assert "Rounds done: 1. The run is in" in output
    assert "%|" not in output  # no progress bar: this is no terminal
    assert len(read_jsonl(tmp_path / "run" / "metrics.jsonl")) == 2


def test_run_goes_on_with_what_is_there_and_shows_no_round_twice(arguments):
    call(*arguments())
    status, output = call(*arguments())
    assert status == 0
    assert "round 0" not in output
    assert "Rounds done: 1." in output


@pytest.mark.parametrize(
    ("keep", "kept"), [("last", ["round_01"]), ("all", ["round_00", "round_01"])]
)
def test_keep_says_which_models_stay(arguments, tmp_path, keep, kept):
    assert call(*arguments("--keep", keep))[0] == 0
    assert models(tmp_path / "run") == kept
    assert (tmp_path / "run" / "initial").is_dir()


def test_the_last_rounds_model_is_all_that_stays_by_default(arguments, tmp_path):
    call(*arguments())
    assert models(tmp_path / "run") == ["round_01"]


def test_keep_takes_nothing_else(arguments):
    status, output = call(*arguments("--keep", "none"))
    assert (status, "--keep" in output) == (2, True)


def test_an_own_acquisition_function_of_a_code_file(arguments, code, tmp_path):
    name = "--active_learning.acquisition.@acquisition"
    status, output = call(*arguments("--code", code(OWN_FUNCTION), name, "own.longest.v1"))
    assert status == 0, output
    first, second = (
        read_jsonl(tmp_path / "run" / f"round_0{n}" / "selected.jsonl") for n in (0, 1)
    )
    taken = {item["id"] for item in first}
    docs = [doc for doc in make_docs(45, 1) if sentence_id(doc) not in taken]
    left = sorted(map(len, docs), reverse=True)
    assert [item["words"] for item in second][:3] == left[:3]
    assert [item["score"] for item in second] == [item["words"] for item in second]


def test_an_own_oracle_of_a_code_file(arguments, code, tmp_path):
    oracle = ["--code", code(OWN_ORACLE), "--active_learning.oracle.@misc", "own.everyone.v1"]
    status, output = call(*arguments(*oracle, "--active_learning.oracle.label", "PER"))
    assert status == 0, output
    for here in (tmp_path / "run").glob("round_*"):
        batch = list(read_shards(here / "batch.spacy", spacy.blank("xx").vocab))
        assert (here / "asked.txt").read_text() == str(len(batch))
        for doc in batch:
            assert [(ent.start, ent.end, ent.label_) for ent in doc.ents] == [(0, 1, "PER")]
    oracle[1] = code(OWN_ORACLE + "# Changed.\n")
    status, output = call(*arguments(*oracle, "--active_learning.oracle.label", "PER"))
    assert (status, "add --accept-code." in " ".join(output.split())) == (1, True)
    oracle.append("--accept-code")
    status, output = call(*arguments(*oracle, "--active_learning.oracle.label", "PER"))
    assert status == 0, output


def test_a_missing_code_file_is_named(arguments, tmp_path):
    status, output = call(*arguments("--code", tmp_path / "nope.py"))
    assert (status, "nope.py" in output) == (1, True)


def test_all_errors_of_a_config_come_at_once_and_leave_no_folder(arguments, tmp_path):
    wrong = ["--active_learning.typo", "1", "--active_learning.acquisition.@acquisition", "x"]
    status, output = call(
        *arguments(*wrong, warm_start="False", budget_words=1.0, seed_words=0, cold_start=50)
    )
    assert status == 1
    for part in (
        "[active_learning] typo is unknown",
        "[active_learning] warm_start = 'False': must be a valid boolean",
        "[active_learning] budget_words = 1.0: must be",
        "[active_learning] seed_words = 0: must be",
        "[active_learning] cold_start = 50: must be",
        "[active_learning] acquisition: ",
    ):
        assert part in output
    assert not (tmp_path / "run").exists()


def test_each_of_several_errors_has_a_line_of_its_own(capsys):
    with pytest.raises(typer.Exit) as exit, show_errors():
        raise DeepALError("Two are wrong:\n- the one\n- the other")
    assert exit.value.exit_code == 1
    plain = re.sub(r"\x1b\[[\d;]*m", "", capsys.readouterr().out)
    assert plain.endswith("Two are wrong:\n- the one\n- the other\n\n")


def test_vectors_that_are_not_there_are_named_and_the_run_can_begin_with_others(arguments):
    status, output = call(*arguments("--paths.vectors", "nowhere"))
    assert (status, "There are no word vectors at nowhere. Name a folder" in output) == (1, True)
    assert call(*arguments())[0] == 0


def test_a_device_that_is_not_there_is_refused(arguments):
    status, output = call(*arguments("--gpu-id", 99))
    assert (status, "--gpu-id 99: " in output) == (1, True)


def test_labels_that_people_correct_count_from_the_next_training_on(arguments, paths, tmp_path):
    oracle = ["--active_learning.oracle.@misc", "spacy_deepal.FileOracle.v1"]
    gold = {sentence_id(doc): doc for doc in read_shards(paths["pool"], spacy.blank("en").vocab)}

    def label(number, name):
        """Label the sentences of a round, all entities as `name`."""
        here = tmp_path / "run" / f"round_{number:02}"
        lines = read_jsonl(here / "to_label.jsonl")
        for line in lines:
            ents = gold[line["id"]].ents
            spans = [(ent.start_char, ent.end_char, name or ent.label_) for ent in ents]
            line["spans"] = [{"start": s, "end": e, "label": label} for s, e, label in spans]
        write_jsonl(here / "labelled.jsonl", lines)

    def labels(number):
        file = tmp_path / "run" / f"round_{number:02}" / "batch.spacy"
        docs = read_shards(file, spacy.blank("en").vocab)
        return {ent.label_ for doc in docs for ent in doc.ents}

    status, output = call(*arguments(*oracle))
    assert status == 0, "a run that waits for people has not failed"
    assert "✘" not in output
    assert "sentences wait to be labelled" in output
    label(0, "PER")
    assert "sentences wait to be labelled" in call(*arguments(*oracle))[1]
    assert labels(0) == {"PER"}
    label(0, None)
    label(1, None)
    assert call(*arguments(*oracle))[0] == 0
    assert labels(0) > {"PER"}
    trained = spacy.load(tmp_path / "run" / "round_01" / "model")
    assert trained.get_pipe("ner").labels


def test_a_run_that_waits_makes_its_oracle_once(arguments, code):
    own = """
from pathlib import Path
from spacy.util import registry
from spacy_deepal.rounds.oracle import SimulatedOracle

@registry.misc("own.counted.v1")
class Counted(SimulatedOracle):
    def __init__(self, path: str):
        Path(path).write_text(Path(path).read_text() + "made\\n")
"""
    count = code("").with_name("count.txt")
    count.write_text("")
    oracle = {"active_learning.oracle": {"@misc": "own.counted.v1", "path": str(count)}}
    assert call(*arguments(*options(oracle), "--wait", "--code", code(own)))[0] == 0
    assert count.read_text() == "made\n"


def test_paths_that_are_not_set_are_named_with_their_option(tmp_path):
    status, output = call("run", AL_CONFIG, tmp_path / "run")
    assert status == 1
    for split in ("pool", "dev", "test"):
        assert f"give it as --paths.{split}" in output


def test_a_config_without_the_section_is_refused(paths, tmp_path):
    config = Config().from_disk(AL_CONFIG, interpolate=False)
    del config["active_learning"]
    config.to_disk(tmp_path / "train.cfg")
    status, output = call("run", tmp_path / "train.cfg", tmp_path / "run")
    assert (status, "no [active_learning] section" in output) == (1, True)


def test_a_missing_config_is_named(tmp_path):
    status, output = call("run", tmp_path / "nope.cfg", tmp_path / "run")
    assert (status, "nope.cfg" in output) == (1, True)


def test_an_override_of_a_section_that_is_not_there_is_refused(arguments):
    status, output = call(*arguments("--active.rounds", "3"))
    assert status == 1
    assert "active -> rounds" in output


def test_a_changed_config_is_refused_with_the_difference(arguments):
    call(*arguments())
    status, output = call(*arguments(budget_words=46))
    assert status == 1
    assert "config.active_learning.budget_words: was 45, is 46" in output


def test_a_foreign_folder_is_refused(arguments, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "thesis.txt").write_text("")
    status, output = call(*arguments())
    assert (status, "holds other things than a run ('thesis.txt'" in output) == (1, True)


def test_an_unknown_option_without_a_section_is_one_clear_error(tmp_path):
    status, output = call("run", AL_CONFIG, tmp_path / "run", "--sed", "1")
    assert status == 1
    assert "There is no option --sed." in output


@pytest.mark.parametrize("name", ["pool", "dev", "test"])
def test_a_run_does_not_begin_in_its_own_data(paths, tmp_path, name):
    own = shutil.copytree(paths[name], tmp_path / "data")
    values = options(overrides({**paths, name: own}, rounds=1))
    status, output = call("run", AL_CONFIG, own / "run", *values)
    assert (status, "which is read here. Name a path elsewhere." in output) == (1, True)
    assert not (own / "run").exists()
