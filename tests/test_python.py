"""What the package offers to notebooks and programs, and the notebook that shows it."""

import json
import shutil
import subprocess
import sys
from inspect import signature
from pathlib import Path

import numpy as np
import pytest
import spacy

import spacy_deepal as al
from spacy_deepal.acquisition.pool_scoring import score_pool
from spacy_deepal.acquisition.registry import acquisition_block
from spacy_deepal.acquisition.score_folder import ScoreFolder
from spacy_deepal.acquisition.scoring_job import make_job
from spacy_deepal.errors import DeepALError
from spacy_deepal.sentences import sentence_id

from .pools import make_docs, make_pipeline, quick_config, write_pools

ROOT = Path(__file__).parents[1]
NOTEBOOK = ROOT / "docs" / "howto" / "notebook.ipynb"


def test_all_that_is_offered_is_there():
    for name in al.__all__:
        assert getattr(al, name)
        assert name in dir(al)
    assert not hasattr(al, "no_such_name")


def test_nothing_is_imported_before_it_is_used():
    code = (
        "import sys, spacy_deepal; print([m for m in sys.modules if m.startswith('spacy_deepal.')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['spacy_deepal.about']"


@pytest.mark.parametrize("function", ["MNLP", "RAND", "BALD:samples=2"])
def test_scores_in_memory_are_those_that_are_written(tmp_path, function):
    pool = al.Pool(write_pools(tmp_path)["pool"])
    make_pipeline(make_docs(20, 1)).to_disk(tmp_path / "model")
    job = make_job(tmp_path / "model", tmp_path / "scores", acquisition_block(function), seed=3)
    excluded = {sentence_id(next(pool.docs()))}
    score_pool(job, pool, exclude=excluded)
    scores = al.score(spacy.load(tmp_path / "model"), pool, function, exclude=excluded, seed=3)
    assert len(scores) == pool.sentences - 1
    assert scores == list(ScoreFolder(tmp_path / "scores").read(pool))


def test_select_and_fetch_give_the_sentences_of_a_batch(tmp_path):
    pool = al.Pool(write_pools(tmp_path)["pool"])
    nlp = make_pipeline(make_docs(20, 1))
    batch = al.select(al.score(nlp, pool), budget=30)
    docs = al.fetch(pool, [row.id for row in batch], nlp.vocab, with_gold=True)
    assert [sentence_id(doc) for doc in docs] == [row.id for row in batch]
    assert 0 < sum(row.words for row in batch) <= 30
    assert any(doc.ents for doc in docs)


def test_paths_stand_for_pools_and_one_file_for_a_list(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("articles.txt").write_text("Mia left Porto.\nIt rained.\n")
    assert al.convert("articles.txt", "pool").sentences == 2
    nlp = make_pipeline(make_docs(20, 1))
    batch = al.select(al.score(nlp, "pool"), budget=4)
    assert [d.text for d in al.fetch("pool", [row.id for row in batch], nlp.vocab, with_gold=True)]


NLP = spacy.blank("en")
CALLS = {  # with all that must be given
    "Pool": {"path": "pool"},
    "ReadOptions": {},
    "Run": {"config": "al.cfg", "folder": "run"},
    "convert": {"inputs": "a.txt", "output": "pool"},
    "fetch": {"pool": "pool", "ids": ["s1"], "vocab": NLP.vocab, "with_gold": True},
    "init_config": {"pool": "pool"},
    "prepare": {"data": "data", "output": "pools"},
    "score": {"nlp": NLP, "pool": "pool"},
    "select": {"scores": [], "budget": 30},
}
ARGUMENTS = [
    (name, argument)
    for name in CALLS
    for argument in {**CALLS[name], **signature(getattr(al, name)).parameters}
    if argument != "paths"  # the **kwargs of init_config
]


def test_all_functions_that_are_offered_are_called_with_wrong_types():
    functions = {name for name in al.__all__ if callable(getattr(al, name))}
    assert CALLS.keys() == functions - {"DeepALError"}


@pytest.mark.parametrize(("name", "argument"), ARGUMENTS)
@pytest.mark.parametrize("wrong", [object(), 7.5, b"x", [None]])
def test_an_argument_of_a_wrong_type_is_one_error_that_names_it(name, argument, wrong):
    with pytest.raises(DeepALError, match=rf"^{name}: {argument}=.* must be .*\.$"):
        getattr(al, name)(**{**CALLS[name], argument: wrong})


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("select", {"budget": "30"}, "select: budget='30' must be a whole number."),
        ("select", {"budget": True}, "select: budget=True must be a whole number."),
        ("select", {"scores": "abc"}, "select: scores='abc' must be a list, each item a Score."),
        ("select", {"scores": iter([7])}, "select: 7 is not a Score"),
        ("score", {"exclude": "x"}, "score: exclude='x' must be a list, each item a string."),
        ("score", {"nlp": "model"}, "score: nlp='model' must be a Language."),
        ("fetch", {"ids": "s1"}, "fetch: ids='s1' must be a list, each item a string."),
        ("Run", {"keep": "some"}, "Run: keep='some' must be 'last' or 'all'."),
        ("ReadOptions", {"columns": [7]}, r"columns=\(7,\) must be a list, each item a string."),
        ("convert", {"nope": 1}, "convert: got an unexpected keyword argument 'nope'."),
    ],
)
def test_what_an_argument_must_be_is_said_in_words(name, given, message):
    with pytest.raises(DeepALError, match=message):
        getattr(al, name)(**{**CALLS[name], **given})


def test_an_argument_that_is_missing_is_named():
    with pytest.raises(DeepALError, match="select: missing a required argument: 'budget'"):
        al.select([])


def test_numbers_of_numpy_are_numbers():
    assert al.select([], np.int64(30)) == []


@pytest.mark.parametrize("budget", [0, -5])
def test_a_budget_of_no_word_is_refused(budget):
    with pytest.raises(DeepALError, match=f"The budget is {budget} words"):
        al.select([], budget=budget)


def test_what_a_message_names_as_an_option_is_an_argument_of_read_options(tmp_path):
    (tmp_path / "a.tsv").write_text("1\tMia\tB-PER\tO\n2\tleft\tO\tB-X\n")
    with pytest.raises(DeepALError, match="--columns _,word,ner,_ "):
        al.convert(tmp_path / "a.tsv", tmp_path / "pool")
    options = al.ReadOptions(columns="_,word,ner,_")
    summary = al.convert(tmp_path / "a.tsv", tmp_path / "pool", options=options)
    assert summary.entities == {"PER": 1}
    for names in ("O, B-PER", ["O", "B-PER"]):
        assert al.ReadOptions(tag_names=names) == al.ReadOptions(tag_names=("O", "B-PER"))


@pytest.mark.parametrize("name", ["scheme", "offsets", "border", "ids", "tokens"])
def test_a_value_that_an_option_cannot_have_is_refused(name):
    with pytest.raises(DeepALError, match=f"ReadOptions: {name}='utf-16' must be "):
        al.ReadOptions(**{name: "utf-16"})


def test_an_unknown_function_is_named(tmp_path):
    pool = al.Pool(write_pools(tmp_path)["pool"])
    with pytest.raises(DeepALError, match="There is no acquisition function 'MLP'"):
        al.score(make_pipeline(make_docs(20, 1)), pool, "MLP")


def test_a_run_that_was_broken_off_goes_on(tmp_path):
    config = quick_config(write_pools(tmp_path), rounds=2)
    run = al.Run(config, tmp_path / "run")
    with pytest.raises(DeepALError, match="no finished round yet"):
        run.load_model()
    first = next(iter(run))
    assert (first.round, run.end) == (0, "")
    (tmp_path / "run.cfg").write_text(config.to_str())
    again = al.Run(tmp_path / "run.cfg", tmp_path / "run", {"active_learning.rounds": 1})
    assert [line.round for line in again] == [1]
    assert again.end == "Rounds done: 1."
    assert [line.round for line in again.metrics] == [0, 1]
    assert again.load_model().pipe_names == ["ner"]
    more = al.Run(config, tmp_path / "run", {"active_learning.rounds": 0})
    assert next(iter(more)).round == 2


@pytest.mark.slow
def test_the_notebook_runs_and_its_outputs_have_no_error(tmp_path, monkeypatch):
    cells = json.loads(NOTEBOOK.read_text(encoding="utf8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert all(output["output_type"] != "error" for cell in code for output in cell["outputs"])
    shutil.copytree(ROOT / "assets", tmp_path / "assets")
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    for cell in code:
        exec(compile("".join(cell["source"]), str(NOTEBOOK), "exec"), names)
    assert names["run"].end == "Rounds done: 2."
    assert 0 < sum(row.words for row in names["batch"]) <= 60
