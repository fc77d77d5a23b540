"""Two rounds through a real Label Studio server, and what goes wrong there."""

import json
import re

import pytest

from spacy_deepal.annotation import studio_client
from spacy_deepal.annotation.answer_file import LABELLED
from spacy_deepal.annotation.patience import Patience, run_patiently
from spacy_deepal.annotation.studio_oracle import LabelStudioOracle
from spacy_deepal.annotation.studio_project import (
    pull_from_studio,
    push_to_studio,
    read_connection,
)
from spacy_deepal.errors import DeepALError, Unsettled
from spacy_deepal.experiment.prepare import prepare
from spacy_deepal.pipelines import blank_pipeline
from spacy_deepal.pool.shards import read_shards
from spacy_deepal.rounds.config_file import load_run_config
from spacy_deepal.rounds.run import run_loop
from spacy_deepal.sentences import sentence_id

from ..pools import AL_CONFIG, call, write_pools
from .real_studio import API_TOKEN, real_studio
from .waiting_run import begin_run, gold_spans, selected

DEMO = AL_CONFIG.parents[1] / "assets" / "demo"
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    with real_studio(tmp_path_factory.mktemp("studio")) as server:
        yield server


@pytest.fixture(autouse=True)
def _token(monkeypatch):
    monkeypatch.setenv(studio_client.TOKEN, API_TOKEN)


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    return write_pools(tmp_path_factory.mktemp("pools"))


@pytest.fixture
def run(paths, studio, tmp_path, request):
    """A run whose batch was pushed to a project of its own."""
    begin_run(paths, tmp_path / "run")
    push_to_studio(tmp_path / "run", studio.url, request.node.name[:50])
    return tmp_path / "run"


def tasks_of(run, studio):
    return studio.tasks(read_connection(run).project)


def answers(run):
    text = (run / "round_00" / LABELLED).read_text("utf8")
    return [json.loads(line) for line in text.splitlines()]


def demo_config(pools, oracle):
    values = {
        f"paths.{name}": str(pools / split)
        for name, split in {"pool": "train", "dev": "dev", "test": "test"}.items()
    }
    quick = {
        "seed_words": 300,
        "budget_words": 200,
        "rounds": 1,
        "passes": 1,
        "min_updates": 30,
        "cold_start": 0.0,
        "oracle": oracle,
    }
    values |= {f"active_learning.{name}": value for name, value in quick.items()}
    return load_run_config(AL_CONFIG, values)


def test_two_rounds_of_the_demo_corpus_end_with_the_labels_of_the_simulated_oracle(
    studio, tmp_path
):
    pools = tmp_path / "pools"
    prepare(DEMO / "en", pools, lang="en")
    run_loop(demo_config(pools, {"@misc": "spacy_deepal.SimulatedOracle.v1"}), tmp_path / "gold")
    gold = {
        sentence_id(doc): [(ent.start_char, ent.end_char, ent.label_) for ent in doc.ents]
        for doc in read_shards(pools / "train", blank_pipeline("en").vocab)
    }
    told = []

    def person():
        """Labels half of what is open at each look, and some of it twice."""
        waiting = [t for t in tasks_of(run, studio) if not t["annotations"]]
        for task in waiting[: (len(waiting) + 1) // 2]:
            for _ in range(1 + task["id"] % 2):
                studio.annotate(task, gold[task["data"]["id"]])

    oracle = {"@misc": "spacy_deepal.LabelStudioOracle.v1", "url": studio.url}
    config, run = demo_config(pools, oracle), tmp_path / "run"
    run_patiently(
        lambda: run_loop(config, run),
        LabelStudioOracle(studio.url),
        run,
        Patience(told.append, person),
    )
    for number in ("00", "01"):
        batches = (tmp_path / f / f"round_{number}" / "batch.spacy" for f in ("run", "gold"))
        first, second = (batch.read_bytes() for batch in batches)
        assert first == second
    assert sum("wait to be labelled in Label Studio" in text for text in told) == 2
    assert any(re.match("Labelled: [1-9][0-9]* of [0-9]+ sentences", text) for text in told)
    tasks = [t for t in tasks_of(run, studio) if t["data"]["round"] == "round_01"]
    assert tasks
    assert all(task["total_predictions"] == 1 for task in tasks)


def test_half_of_the_tasks_answered_is_half_of_the_batch(run, studio):
    names = selected(run)
    for task in tasks_of(run, studio)[: len(names) // 2]:
        studio.annotate(task, gold_spans()[task["data"]["id"]])
    pulled = pull_from_studio(run)
    assert (pulled.labelled, pulled.total) == (len(names) // 2, len(names))
    assert pull_from_studio(run).changed == 0
    assert push_to_studio(run).uploaded == 0
    assert len(tasks_of(run, studio)) == len(names)


def test_tasks_answered_twice_count_once_or_are_shown(run, studio):
    first, second, third, *_ = tasks_of(run, studio)
    word = (0, len(second["data"]["text"].split()[0]), "PER")
    for spans in ([word], []):
        studio.annotate(first, gold_spans()[first["data"]["id"]])
        studio.annotate(second, spans)
    studio.annotate(third, [], was_cancelled=True)
    pulled = pull_from_studio(run)
    assert pulled.labelled == 2
    (problem,) = pulled.problems
    assert second["data"]["id"] in problem
    assert "(PER)" in problem
    assert "no entity" in problem
    assert [line["answer"] for line in answers(run)][-1] == "ignore"


def test_a_project_that_was_deleted_is_named_and_nothing_is_lost(run, studio):
    first, *others = tasks_of(run, studio)
    studio.annotate(first, [])
    pull_from_studio(run)
    studio.ask("DELETE", f"/api/projects/{read_connection(run).project}/")
    status, output = call("pull", run)
    assert (status, "is no longer on" in output) == (1, True)
    assert len(answers(run)) == 1
    assert push_to_studio(run).total == len(others)
    pull_from_studio(run)
    assert len(answers(run)) == 1


def test_a_wrong_token_is_refused_and_nothing_is_lost(run, studio, monkeypatch):
    studio.annotate(tasks_of(run, studio)[0], [])
    pull_from_studio(run)
    monkeypatch.setenv(studio_client.TOKEN, "f" * 40)
    with pytest.raises(
        DeepALError, match=r"refuses the token in LABEL_STUDIO_API_KEY \(status 401"
    ):
        pull_from_studio(run)
    assert len(answers(run)) == 1


def test_a_server_that_is_down_is_named_and_nothing_is_lost(run, studio):
    """The last of this file: the server is ended."""
    studio.annotate(tasks_of(run, studio)[0], [])
    pull_from_studio(run)
    studio.process.terminate()
    studio.process.wait(30)
    with pytest.raises(Unsettled, match=r"does not answer\. Check that it runs"):
        pull_from_studio(run)
    assert len(answers(run)) == 1
