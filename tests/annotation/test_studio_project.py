"""Label Studio, with a small server in its place. tests/annotation/test_real_studio.py has the real
one."""

import json
import traceback
from shutil import copytree

import pytest
import requests

from spacy_deepal.annotation import studio_client
from spacy_deepal.annotation.answer_file import LABELLED
from spacy_deepal.annotation.patience import Patience, run_patiently
from spacy_deepal.annotation.studio_client import StudioClient, check_url
from spacy_deepal.annotation.studio_oracle import LabelStudioOracle
from spacy_deepal.annotation.studio_project import (
    label_config_of,
    pull_from_studio,
    push_to_studio,
    read_connection,
)
from spacy_deepal.annotation.waiting_batch import docs_of_round
from spacy_deepal.errors import DeepALError, LabelsAwaited, Unsettled
from spacy_deepal.files import write_jsonl
from spacy_deepal.rounds.run import run_loop
from spacy_deepal.rounds.run_folder import RunFolder

from ..pools import call, make_doc, write_pools
from .fake_studio import PERSONAL, TOKEN, fake_studio
from .waiting_run import FILES, begin_run, config_of, gold_spans, selected


@pytest.fixture
def studio(monkeypatch):
    monkeypatch.setenv(studio_client.TOKEN, TOKEN)
    with fake_studio() as server:
        yield server


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    """A run that waits: read only."""
    folder = tmp_path_factory.mktemp("begun")
    paths = write_pools(folder / "pools")
    begin_run(paths, folder / "run")
    return paths, folder / "run"


@pytest.fixture
def run(begun, tmp_path):
    """A copy of a run that waits."""
    copytree(begun[1], tmp_path / "run")
    return tmp_path / "run"


def answers(run, number=0):
    file = run / f"round_{number:02}" / LABELLED
    return [json.loads(line) for line in file.read_text("utf8").splitlines()]


def first_word(studio, task=0):
    """An entity: the first word of a task."""
    return 0, len(studio.tasks[1][task]["data"]["text"].split()[0]), "PER"


def test_a_push_creates_the_project_and_uploads_what_waits_in_order(run, studio):
    pushed = push_to_studio(run, studio.url)
    (project,) = studio.projects.values()
    assert project["title"] == "spacy_deepal run"
    assert project["label_config"] == label_config_of(("LOC", "PER"))
    tasks = studio.tasks[1]
    assert [task["data"]["id"] for task in tasks] == selected(run)
    assert [task["data"]["rank"] for task in tasks] == [*range(1, len(tasks) + 1)]
    assert pushed == (len(tasks), len(tasks), f"{studio.url}/projects/1/data")
    assert TOKEN not in (run / "label_studio.json").read_text()


def test_a_changed_connection_is_not_believed(run, studio):
    push_to_studio(run, studio.url)
    file = run / "label_studio.json"
    file.write_text(file.read_text().replace('"project": 1', '"project": 3'))
    with pytest.raises(DeepALError, match=r"was changed .* Delete it and push again"):
        push_to_studio(run, studio.url)


def test_a_second_push_uploads_nothing_twice(run, studio):
    push_to_studio(run, studio.url)
    studio.asked.clear()
    assert push_to_studio(run).uploaded == 0
    assert {method for method, _ in studio.asked} == {"GET"}


def test_only_what_is_missing_is_uploaded_after_half_a_push(run, studio):
    push_to_studio(run, studio.url)
    del studio.tasks[1][3:]
    push_to_studio(run)
    assert [task["data"]["id"] for task in studio.tasks[1]] == selected(run)


@pytest.mark.parametrize("fault", ["hang up", 503])
def test_an_upload_that_fails_is_repeated_without_doubles(run, studio, fault):
    studio.faults[:] = [None, fault]  # the project is created, the upload fails
    push_to_studio(run, studio.url)
    assert [task["data"]["id"] for task in studio.tasks[1]] == selected(run)


def test_a_project_of_another_purpose_is_left_alone(run, studio):
    studio.create(title="Names", label_config="<View><Text/></View>")
    with pytest.raises(DeepALError, match="has a project 'Names' already, which is not that of"):
        push_to_studio(run, studio.url, "Names")
    assert studio.tasks[1] == []


def test_an_empty_project_is_used_and_a_config_that_people_changed_stays(run, studio):
    studio.create(title="Names")
    push_to_studio(run, studio.url, "Names")
    assert studio.projects[1]["label_config"] == label_config_of(("LOC", "PER"))
    own = studio.projects[1]["label_config"].replace("<View>", "<View><Header value='Hi'/>")
    studio.projects[1]["label_config"] = own
    push_to_studio(run)
    assert studio.projects[1]["label_config"] == own
    studio.projects[1]["label_config"] = label_config_of(("LOC",))
    push_to_studio(run)
    assert studio.projects[1]["label_config"] == label_config_of(("LOC", "PER"))


def test_a_project_is_found_among_many_whose_titles_hold_its_own(studio):
    for number in range(100):
        studio.create(title=f"Names {number}")
    own = studio.create(title="Names")
    assert StudioClient(studio.url).find_project("Names") == own
    assert StudioClient(studio.url).find_project("Name") is None


def test_answers_come_back_and_a_second_pull_changes_nothing(run, studio):
    push_to_studio(run, studio.url)
    first, second, third, *_ = selected(run)
    studio.annotate(first, gold_spans()[first])
    studio.annotate(second, [])
    studio.annotate(third, [], skipped=True)
    pulled = pull_from_studio(run)
    assert (pulled.changed, pulled.labelled, pulled.problems) == (3, 3, [])
    before = (run / "round_00" / LABELLED).read_bytes()
    assert pull_from_studio(run).changed == 0
    assert (run / "round_00" / LABELLED).read_bytes() == before
    assert [(line["id"], line["answer"]) for line in answers(run)] == [
        (first, "accept"),
        (second, "accept"),
        (third, "ignore"),
    ]


def test_an_answer_that_is_changed_or_taken_back_there_is_so_here(run, studio):
    push_to_studio(run, studio.url)
    first, second, *_ = selected(run)
    studio.annotate(first, [])
    studio.annotate(second, [])
    pull_from_studio(run)
    for task in studio.tasks[1][:2]:
        task["annotations"].clear()
    studio.annotate(first, [first_word(studio)])
    assert (pull_from_studio(run).labelled, len(answers(run))) == (1, 1)
    assert answers(run)[0]["spans"][0]["label"] == "PER"


def test_answers_whose_tasks_were_deleted_stay_and_tasks_of_others_are_counted(run, studio):
    push_to_studio(run, studio.url)
    studio.annotate(selected(run)[0], [])
    pull_from_studio(run)
    del studio.tasks[1][0]
    studio.tasks[1].append({"id": 99, "data": {"text": "Mine"}, "annotations": []})
    pulled = pull_from_studio(run)
    assert (pulled.labelled, pulled.others, len(answers(run))) == (1, 1, 1)


def test_answers_of_several_people_count_once_or_are_shown(run, studio):
    push_to_studio(run, studio.url)
    first, second, *_ = selected(run)
    for by in (1, 2):
        studio.annotate(first, gold_spans()[first], by=by)
        studio.annotate(second, [first_word(studio, 1)] if by == 1 else [], by=by)
    pulled = pull_from_studio(run)
    assert pulled.labelled == 1
    (problem,) = pulled.problems
    assert f"{second}: answers contradict each other" in problem
    assert "no entity" in problem
    assert "by 2" in problem


def test_an_answer_that_contradicts_its_text_is_not_taken_and_the_others_are(run, studio):
    push_to_studio(run, studio.url)
    first, second, *_ = selected(run)
    studio.annotate(first, [first_word(studio)])
    studio.annotate(second, [])
    pull_from_studio(run)
    studio.tasks[1][0]["annotations"][0]["result"][0]["value"]["text"] = "xyz"
    pulled = pull_from_studio(run)
    assert "not 'xyz'" in pulled.unread[0]
    assert pulled.labelled == 2  # what was said before stays


def test_a_deleted_project_is_named_and_a_push_creates_it_anew(run, studio):
    push_to_studio(run, studio.url)
    studio.annotate(selected(run)[0], [])
    pull_from_studio(run)
    studio.delete(1)
    with pytest.raises(DeepALError, match=r"number 1\) is no longer on .* Push again to create"):
        pull_from_studio(run)
    assert len(answers(run)) == 1
    push_to_studio(run)
    number = read_connection(run).project
    assert [task["data"]["id"] for task in studio.tasks[number]] == selected(run)[1:]
    pull_from_studio(run)
    assert len(answers(run)) == 1


def test_a_server_that_is_down_is_named(run, monkeypatch):
    monkeypatch.setenv(studio_client.TOKEN, TOKEN)
    monkeypatch.setattr(studio_client, "RETRY", 0)
    with pytest.raises(Unsettled, match=r"Label Studio at http://127\.0\.0\.1:9 does not answer"):
        push_to_studio(run, "http://127.0.0.1:9")
    assert read_connection(run) is None


def test_nobody_waits_for_a_server_whose_certificate_is_wrong(studio, monkeypatch):
    monkeypatch.setattr(studio_client, "RETRY", 0)
    client = StudioClient(studio.url.replace("http://", "https://"))  # it does not speak HTTPS
    with pytest.raises(DeepALError, match="has no certificate that is trusted here") as caught:
        client.find_project("x")
    assert not isinstance(caught.value, Unsettled)


@pytest.mark.parametrize("token", ["my-secret-token", "my-secret.token.x"])
def test_a_wrong_token_is_refused_and_shown_nowhere(run, studio, monkeypatch, token):
    monkeypatch.setenv(studio_client.TOKEN, token)
    with pytest.raises(DeepALError, match="refuses the token in LABEL_STUDIO_API_KEY") as caught:
        push_to_studio(run, studio.url)
    found = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    shown = "".join(found.format())
    assert "my-secret" not in shown.replace(f"token = {token!r}", "")  # that of this test
    status, output = call("push", run, "--url", studio.url)
    assert (status, "my-secret" in output) == (1, False)


def test_a_personal_access_token_is_exchanged_once(run, studio, monkeypatch):
    monkeypatch.setenv(studio_client.TOKEN, PERSONAL)
    push_to_studio(run, studio.url)
    assert studio.asked.count(("POST", "/api/token/refresh")) == 1


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ((307, {}), "refuses POST /api/token/refresh with status 307"),
        ((200, {"token": "short"}), "does not answer as Label Studio does"),
        ((200, ["short"]), "does not answer as Label Studio does"),
    ],
)
def test_a_personal_access_token_goes_to_label_studio_alone(
    run, studio, monkeypatch, answer, message
):
    monkeypatch.setenv(studio_client.TOKEN, PERSONAL)
    studio.refresh = answer
    with pytest.raises(DeepALError, match=message):
        push_to_studio(run, studio.url)
    assert studio.asked == [("POST", "/api/token/refresh")]


def test_what_the_server_says_is_shown_whatever_its_form(studio, monkeypatch):
    monkeypatch.setattr(studio, "answer", lambda *request: (400, ["Too long."]))
    with pytest.raises(DeepALError, match=r"with status 400: \['Too long\.'\]"):
        StudioClient(studio.url).create_project(title="x")


def test_no_token_and_no_address_are_errors(run, monkeypatch):
    monkeypatch.delenv(studio_client.TOKEN, raising=False)
    with pytest.raises(DeepALError, match="Name the server with --url"):
        push_to_studio(run)
    with pytest.raises(DeepALError, match="LABEL_STUDIO_API_KEY is not set"):
        push_to_studio(run, "http://localhost:1")
    with pytest.raises(DeepALError, match=r"Nothing of .* was pushed to Label Studio"):
        pull_from_studio(run)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("localhost:8080", "must be an address such as http://localhost:8080"),
        ("ada:secret@localhost", "must be an address such as http://localhost:8080"),
        ("http://localhost:80secret", "must be an address such as"),
        ("http://[::1", "must be an address such as"),
        ("http://ada:secret@localhost", "must be an address alone, such as http://localhost"),
    ],
)
def test_an_address_is_checked(url, message):
    with pytest.raises(DeepALError, match=message) as caught:
        check_url(url)
    assert "secret" not in str(caught.value)


def test_what_is_no_label_studio_is_told_from_it(studio, monkeypatch):
    client = StudioClient(studio.url)
    monkeypatch.setattr(requests.Response, "json", _no_json)
    with pytest.raises(DeepALError, match="does not answer as Label Studio does"):
        client.find_project("x")


def _no_json(response):
    raise requests.JSONDecodeError("no", "<html>", 0)


def test_the_oracle_reads_the_offsets_that_are_asked_for(studio, tmp_path):
    docs = [make_doc(f"s{number}", ["😀", "Ada", "slept"], {1: "PER"}) for number in range(9)]
    run, oracle = tmp_path / "run", {"@misc": "spacy_deepal.LabelStudioOracle.v1"}
    begin_run(write_pools(tmp_path, pool=docs), run, {**oracle, "url": studio.url})
    for task in studio.tasks[1]:
        studio.annotate(task["data"]["id"], [(2, 5, "PER")])
        value = task["annotations"][0]["result"][0]["value"]
        value |= {"start": 3, "end": 6}  # the face is two units of UTF-16
    here = RunFolder(run).round(0)
    with pytest.raises(Unsettled, match=r"with --active_learning\.oracle\.offsets") as caught:
        LabelStudioOracle(studio.url).label(docs_of_round(run, here), here.path)
    assert "The offsets count utf16" in str(caught.value)
    oracle = LabelStudioOracle(studio.url, offsets="utf16")
    for doc in oracle.label(docs_of_round(run, here), here.path):
        assert [ent.text for ent in doc.ents] == ["Ada"]


def test_the_oracle_pushes_pulls_and_labels_as_the_gold_says(begun, studio, tmp_path):
    paths, run = begun[0], tmp_path / "run"
    oracle = {"@misc": "spacy_deepal.LabelStudioOracle.v1", "url": studio.url}
    gold, told = gold_spans(), []

    def people():
        """Half of the tasks are labelled at each look."""
        open_tasks = [task for task in studio.tasks[1] if not task["annotations"]]
        for task in open_tasks[: max(1, len(open_tasks) // 2)]:
            studio.annotate(task["data"]["id"], gold[task["data"]["id"]])

    config = config_of(paths, oracle, rounds=1)
    run_patiently(
        lambda: run_loop(config, run),
        LabelStudioOracle(studio.url),
        run,
        Patience(told.append, people),
    )
    run_loop(
        config_of(paths, {"@misc": "spacy_deepal.SimulatedOracle.v1"}, rounds=1), tmp_path / "gold"
    )
    for number in (0, 1):
        here, there = (f / f"round_{number:02}" / "batch.spacy" for f in (run, tmp_path / "gold"))
        assert here.read_bytes() == there.read_bytes()
    assert sum("wait to be labelled in Label Studio" in text for text in told) == 2
    assert len(told) > 4
    assert {task["data"]["model"] for task in studio.tasks[1]} == {None, "round_00"}
    assert all("predictions" in t for t in studio.tasks[1] if t["data"]["model"])


def test_a_run_may_go_on_with_another_oracle(begun, run, studio):
    oracle = {"@misc": "spacy_deepal.LabelStudioOracle.v1", "url": studio.url}
    with pytest.raises(LabelsAwaited, match=r"sentences wait to be labelled in Label Studio: http"):
        run_loop(config_of(begun[0], oracle), run)
    with pytest.raises(LabelsAwaited, match=r"to_label\.jsonl"):
        run_loop(config_of(begun[0], FILES), run)


def test_what_is_labelled_elsewhere_is_not_asked_again(run, studio):
    first, second, *others = selected(run)
    lines = [{"id": name, "spans": []} for name in (first, second)]
    write_jsonl(run / "round_00" / LABELLED, lines)
    assert push_to_studio(run, studio.url).total == len(others)
    assert [task["data"]["id"] for task in studio.tasks[1]] == others
    write_jsonl(run / "round_00" / LABELLED, [{"id": n, "spans": []} for n in selected(run)])
    with pytest.raises(DeepALError, match=r"Every sentence of .* is labelled"):
        push_to_studio(run)


def test_a_rule_that_is_chosen_later_holds_for_pull_too(begun, run, studio):
    push_to_studio(run, studio.url)
    first = selected(run)[0]
    studio.annotate(first, [])
    studio.annotate(first, [first_word(studio)])
    assert pull_from_studio(run).problems
    with pytest.raises(LabelsAwaited):
        run_loop(config_of(begun[0], {**FILES, "contradictions": "last"}), run)
    assert pull_from_studio(run).problems == []
