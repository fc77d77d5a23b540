"""A line a round to the loggers of spaCy's registry."""

import pytest
import spacy
from spacy.util import registry

from spacy_deepal.errors import DeepALError
from spacy_deepal.rounds.round_logger import round_info
from spacy_deepal.rounds.run import run_loop
from spacy_deepal.rounds.run_folder import RunFolder

from ..pools import quick_config, read_jsonl, write_pools

CALLS = []


@registry.loggers("spacy_deepal_tests.Logger.v1")
def make_logger(name: str):
    """A logger as users write them."""

    def setup(nlp, stdout, stderr):
        CALLS.append(("setup", name, nlp.config["active_learning"]["seed_words"]))

        def log_step(info):
            CALLS.append(("log", info["epoch"], info["step"], info["score"]))

        return log_step, lambda: CALLS.append(("finalize",))

    return setup


@pytest.fixture(autouse=True)
def calls():
    CALLS.clear()
    return CALLS


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    return write_pools(tmp_path_factory.mktemp("pools"))


def logging(paths, block, **active_learning):
    return quick_config(paths, "RAND", more={"active_learning.logger": block}, **active_learning)


OWN = {"@loggers": "spacy_deepal_tests.Logger.v1", "name": "mine"}


def test_a_logger_gets_each_round_once_and_goes_on_with_the_run(paths, tmp_path, calls):
    """What was logged is not logged again, and a run that is over sets nothing up."""
    run_loop(logging(paths, OWN, rounds=1), tmp_path / "run")
    rows = RunFolder(tmp_path / "run").metrics
    logged = [("log", row.round, row.words, row.dev_ents_f) for row in rows]
    assert calls == [("setup", "mine", 30), *logged, ("finalize",)]
    calls.clear()
    run_loop(logging(paths, OWN, rounds=1), tmp_path / "run")
    assert calls == []
    run_loop(logging(paths, {**OWN, "name": "other"}, rounds=2), tmp_path / "run")
    row = RunFolder(tmp_path / "run").metrics[-1]
    assert calls[1:] == [("log", 2, row.words, row.dev_ents_f), ("finalize",)]


def test_a_logger_is_told_when_a_round_fails(paths, tmp_path, calls, monkeypatch):
    def fail(line):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_loop(logging(paths, OWN, rounds=1), tmp_path / "run", on_round=fail)
    assert calls[-1] == ("finalize",)
    assert len(RunFolder(tmp_path / "run").metrics) == 1


def test_spacys_own_loggers_print_a_line_a_round(paths, tmp_path, capsys):
    console = {"@loggers": "spacy.ConsoleLogger.v3", "output_file": str(tmp_path / "log.jsonl")}
    chain = {
        "@loggers": "spacy.ChainLogger.v1",
        "logger1": console,
        "logger2": {"@loggers": "spacy.LookupLogger.v1", "patterns": ["other_scores.words$"]},
    }
    run_loop(logging(paths, chain, rounds=1), tmp_path / "run")
    rows = RunFolder(tmp_path / "run").metrics
    logged = read_jsonl(tmp_path / "log.jsonl")
    assert [(line["epoch"], line["step"]) for line in logged] == [
        (0, rows[0].words),
        (1, rows[1].words),
    ]
    assert [line["score"] for line in logged] == [row.dev_ents_f for row in rows]
    assert [line["scores"]["ents_f"] for line in logged] == [100 * row.ents_f for row in rows]
    out = capsys.readouterr().out
    assert out.count("other_scores.words -> ") == 2


def test_what_a_logger_gets_are_numbers(paths, tmp_path):
    run_loop(quick_config(paths, "RAND", rounds=1), tmp_path / "run")
    for row in RunFolder(tmp_path / "run").metrics:
        info = round_info(row)
        scores = spacy.util.dict_to_dot(info["other_scores"])
        assert all(isinstance(value, int | float) for value in scores.values())
        assert scores["ents_f"] == row.ents_f
        assert scores["seconds.train"] == row.seconds.train
        assert info["losses"]["ner"] == 0.0


def test_a_logger_that_cannot_be_made_is_named(paths, tmp_path):
    with pytest.raises(DeepALError, match=r"\[active_learning\] logger: .*nothing"):
        run_loop(logging(paths, {"@loggers": "spacy.nothing.v1"}), tmp_path / "run")
    mlflow = {"@loggers": "spacy.MLflowLogger.v2"}
    with pytest.raises(DeepALError, match=r"\[active_learning\] logger: .*'mlflow' library"):
        run_loop(logging(paths, mlflow), tmp_path / "run")
    assert not (tmp_path / "run").exists()
