import multiprocessing

import pytest
import spacy

from spacy_deepal.acquisition.selection import write_batch
from spacy_deepal.errors import DeepALError
from spacy_deepal.rounds.run_folder import RunFolder, differ
from spacy_deepal.sentences import sentence_id

from ..pools import annotation, make_docs

MANIFEST = {
    "format": 1,
    "config": "[paths]\npool = null\n\n[active_learning]\nseed = 0\nbudget_words = 100\n",
    "seed": 0,
    "pool": {"path": "pool", "fingerprint": "f00d", "words": 9},
    "dev": {"path": "dev", "fingerprint": "d"},
    "test": {"path": "test", "fingerprint": "t"},
    "versions": {"spacy": "3.8.0"},
    "started": "2026-01-01T00:00:00+00:00",
}


@pytest.fixture
def folder(tmp_path):
    folder = RunFolder(tmp_path / "run")
    with folder.lock():
        folder.open(MANIFEST)
        folder.initial.mkdir()
    return folder


def names(path):
    return sorted(item.name for item in path.iterdir())


def test_a_run_begins_in_a_new_folder(tmp_path):
    folder = RunFolder(tmp_path / "runs" / "new")
    with folder.lock():
        folder.open(MANIFEST)
    assert folder.manifest == MANIFEST
    assert folder.metrics == []


def test_a_run_begins_in_an_empty_folder(tmp_path):
    with RunFolder(tmp_path).lock():
        RunFolder(tmp_path).open(MANIFEST)
    assert RunFolder(tmp_path).manifest == MANIFEST


def test_the_same_run_goes_on(folder):
    with folder.lock():
        folder.open({**MANIFEST, "started": "later", "versions": {"spacy": "3.8.1"}})
    assert folder.manifest == MANIFEST


def test_a_folder_whose_manifest_was_never_finished_is_begun_anew(tmp_path):
    (tmp_path / ".lock").touch()
    (tmp_path / ".manifest.json.123.part").write_text("{")
    with RunFolder(tmp_path).lock():
        RunFolder(tmp_path).open(MANIFEST)
    assert RunFolder(tmp_path).manifest == MANIFEST


@pytest.mark.parametrize("name", ["notes.txt", "metrics.jsonl", "round_00", ".git"])
def test_a_folder_that_holds_other_things_is_refused_and_left_as_it_is(tmp_path, name):
    (tmp_path / name).mkdir()
    with pytest.raises(DeepALError, match=f"no run folder: it holds {name}"):
        RunFolder(tmp_path).lock().__enter__()
    assert names(tmp_path) == [name]


def test_a_file_in_the_folders_place_is_refused(tmp_path):
    (tmp_path / "run").write_text("")
    with pytest.raises(DeepALError, match="run is a file"):
        RunFolder(tmp_path / "run").lock().__enter__()


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        ({"seed": 1}, "seed: was 0, is 1"),
        (
            {"config": MANIFEST["config"].replace("100", "200")},
            "config.active_learning.budget_words: was 100, is 200",
        ),
        (
            {"config": MANIFEST["config"] + "min_updates = 3\n"},
            "config.active_learning.min_updates: was 0, is 3",
        ),
        (
            {"pool": {**MANIFEST["pool"], "fingerprint": "beef"}},
            'pool.fingerprint: was "f00d", is "beef"',
        ),
        ({"dev": {"path": "dev", "fingerprint": "x"}}, 'dev.fingerprint: was "d", is "x"'),
        ({"test": {"path": "test", "fingerprint": "x"}}, 'test.fingerprint: was "t", is "x"'),
        ({"format": 2}, "format: was 1, is 2"),
    ],
)
def test_another_run_is_refused_with_the_difference(folder, change, difference):
    with pytest.raises(DeepALError, match="holds another run") as caught, folder.lock():
        folder.open(MANIFEST | change)
    assert str(caught.value).split("\n- ")[1:] == [difference]
    assert folder.manifest == MANIFEST


def test_a_run_goes_on_when_its_data_lie_elsewhere(folder, tmp_path):
    """Their fingerprints say that they are the same."""

    def manifest(where):
        section = MANIFEST["config"].partition("[active")[2]
        corpora = "[corpora]\n" + "".join(
            f'[corpora.{name}]\npath = "{path}"\n'
            for name, path in {"dev": f"{where}/dev", "more": "more"}.items()
        )
        paths = "".join(f'{key} = "{where}/{key}"\n' for key in ("pool", "dev", "test"))
        data = {key: MANIFEST[key] | {"path": f"{where}/{key}"} for key in ("pool", "dev", "test")}
        return MANIFEST | data | {"config": f"[paths]\n{paths}{corpora}[active{section}"}

    here = RunFolder(tmp_path / "moved")
    with here.lock():
        here.open(manifest("old"))
        here.initial.mkdir()
        here.open(manifest("/new/place"))
        config = manifest("old")["config"].replace('"more"', '"else"')
        with pytest.raises(DeepALError, match=r'more.path: was "more", is "else"'):
            here.open(manifest("old") | {"config": config})
    assert here.manifest == manifest("old")


def test_a_run_that_failed_before_it_was_initialised_begins_anew(tmp_path):
    folder = RunFolder(tmp_path / "run")
    with folder.lock():
        folder.open(MANIFEST)
        folder.open(MANIFEST | {"seed": 1})
    assert folder.manifest["seed"] == 1


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DeepALError, match=r"file/run cannot be written: Not a directory"):
        RunFolder(tmp_path / "file" / "run").lock().__enter__()


def test_a_setting_that_is_younger_than_the_run_had_its_default(folder):
    with folder.lock():
        folder.open({**MANIFEST, "config": MANIFEST["config"] + "min_updates = 0\n"})
    assert folder.manifest == MANIFEST


@pytest.mark.parametrize(
    "end", ["rounds = 3", "target_f = 0.9", "stop_stability = 0.95", "stop_rounds = 4"]
)
def test_a_run_may_have_another_end_than_when_it_began(folder, end):
    with folder.lock():
        folder.open({**MANIFEST, "config": f"{MANIFEST['config']}{end}\n"})
    assert folder.manifest == MANIFEST


def test_a_run_goes_on_with_more_sentences_predicted_at_a_time(tmp_path):
    def manifest(lang, batch_size):
        nlp = f'[nlp]\nlang = "{lang}"\nbatch_size = {batch_size}\n\n'
        return MANIFEST | {"config": nlp + MANIFEST["config"]}

    folder = RunFolder(tmp_path / "run")
    with folder.lock():
        folder.open(manifest("en", 512))
        folder.initial.mkdir()
        folder.open(manifest("en", 2048))
        with pytest.raises(DeepALError, match=r'nlp.lang: was "en", is "de"$'):
            folder.open(manifest("de", 2048))
    assert folder.manifest == manifest("en", 512)


def test_all_differences_are_named(folder):
    with pytest.raises(DeepALError) as caught, folder.lock():
        folder.open({**MANIFEST, "seed": 1, "test": {"path": "other", "fingerprint": "x"}})
    assert [line.split(":")[0] for line in str(caught.value).split("\n- ")[1:]] == [
        "seed",
        "test.fingerprint",
    ]


def test_the_order_of_sections_is_no_difference(folder):
    sections = MANIFEST["config"].split("\n\n")
    with folder.lock():
        folder.open({**MANIFEST, "config": "\n\n".join(reversed(sections))})
    assert folder.manifest == MANIFEST


def test_differences_of_nested_values():
    old = {"a": {"b": 1, "c": [1, 2]}, "d": 0, "gone": "x"}
    new = {"a": {"b": 1, "c": [2, 1]}, "d": {"e": 1}, "new": "y" * 200}
    assert list(differ(old, new)) == [
        "a.c: was [1, 2], is [2, 1]",
        'd: was 0, is {"e": 1}',
        'gone: was "x", is null',
        f'new: was null, is "{"y" * 76}…',
    ]
    assert list(differ(old, old)) == []


def test_a_second_user_of_a_folder_is_refused(folder):
    with folder.lock(), pytest.raises(DeepALError, match=r"Another process is running in .*run"):
        RunFolder(folder.path).lock().__enter__()
    with folder.lock():
        pass


def hold(path, ready, done):
    with RunFolder(path).lock():
        ready.set()
        done.wait(60)


def test_the_lock_goes_with_its_process(folder):
    """A killed process leaves the folder free."""
    context = multiprocessing.get_context("spawn")
    ready, done = context.Event(), context.Event()
    process = context.Process(target=hold, args=(folder.path, ready, done))
    process.start()
    try:
        assert ready.wait(60)
        with pytest.raises(DeepALError, match="Another process"):
            folder.lock().__enter__()
    finally:
        process.kill()
        process.join()
    with folder.lock():
        pass


def test_an_error_gives_the_lock_back(folder):
    with pytest.raises(RuntimeError), folder.lock():
        raise RuntimeError
    with folder.lock():
        pass


def test_metrics_are_kept_in_order(folder):
    for number in range(12):
        folder.add_metrics({"round": number, "ents_f": number / 7})
    assert folder.metrics == [{"round": n, "ents_f": n / 7} for n in range(12)]


def test_a_round_keeps_the_time_of_its_steps(folder):
    here = folder.round(3)
    assert (here.path.name, here.seconds) == ("round_03", {})
    here.add_seconds("score", 1.23456)
    here.add_seconds("train", 2)
    here.add_seconds("score", 2.0)
    assert here.seconds == {"score": 2.0, "train": 2}


def test_a_batch_is_read_with_labels_and_ids(folder):
    docs = list(make_docs(6, 1))
    here = folder.round(0)
    write_batch(docs, here.batch)
    back = list(here.read_batch(spacy.blank("xx").vocab))
    assert [sentence_id(doc) for doc in back] == [sentence_id(doc) for doc in docs]
    assert [annotation(doc) for doc in back] == [annotation(doc) for doc in docs]


@pytest.mark.parametrize(("keep", "models"), [("last", [2]), ("all", [0, 1, 2])])
def test_tidying_keeps_the_models_asked_for_and_those_of_unfinished_rounds(folder, keep, models):
    for number in range(4):
        here = folder.round(number)
        here.model.mkdir()
        here.training.mkdir()
        (here.model / "weights").write_text("")
        (here.path / "selected.jsonl").write_text("")
    for number in range(3):
        folder.add_metrics({"round": number})
    folder.tidy(keep)
    assert [n for n in range(4) if folder.round(n).model.exists()] == [*models, 3]
    assert [n for n in range(4) if folder.round(n).training.exists()] == [3]
    assert all(folder.round(n).selected.exists() for n in range(4))
