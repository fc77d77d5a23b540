import multiprocessing

import pytest
import spacy

from spacy_deepal.corpus.docbin import write_docs
from spacy_deepal.errors import DeepALError
from spacy_deepal.files import read_json
from spacy_deepal.rounds import run_folder
from spacy_deepal.rounds.manifest import differences
from spacy_deepal.rounds.rows import Manifest, RoundMetrics, Selected
from spacy_deepal.rounds.run_folder import RunFolder
from spacy_deepal.sentences import sentence_id

from ..pools import annotation, make_docs, write_sealed_value

CONFIG = "[paths]\npool = null\n\n[active_learning]\nseed = 0\nbudget_words = 100\n"
MANIFEST = Manifest.model_validate(
    {
        "format": 1,
        "acquisition": "spacy_deepal.MNLP.v1",
        "arguments": {},
        "seed": 0,
        "lang": "xx",
        "pool": {
            "path": "pool",
            "fingerprint": "f00d",
            "shards": {"a.spacy": "f00d"},
            "sentences": 3,
            "words": 9,
            "genres": {"nw": {"sentences": 3, "words": 9}},
        },
        "dev": {"path": "dev", "fingerprint": "d"},
        "test": {"path": "test", "fingerprint": "t"},
        "config": CONFIG,
        "vectors": "v",
        "code": "",
        "versions": {"spacy": "3.8.0"},
        "threads": 1,
        "started": "2026-01-01T00:00:00+00:00",
    }
)


def changed(**values):
    """The manifest with other values; data: by their fingerprint."""
    for key in {"pool", "dev", "test"} & values.keys():
        values[key] = getattr(MANIFEST, key).model_copy(update=values[key])
    return MANIFEST.model_copy(update=values)


def metrics_line(number):
    return RoundMetrics.model_validate(
        {
            "round": number,
            "selection": "acquisition",
            "words": 10 + number,
            "words_percent": 100 / 7 + number,
            "sentences": 3,
            "ents_p": 0.5,
            "ents_r": 0.5,
            "ents_f": number / 17,
            "ents_per_type": {"PER": {"p": 0.5, "r": 0.5, "f": 0.5}},
            "dev_ents_f": 0.5,
            "stability": None,
            "genres": {"nw": {"sentences": 3, "words": 9}},
            "seconds": {"score": 0.1, "select": 0.1, "train": 1.25, "evaluate": 0},
        }
    )


@pytest.fixture
def folder(tmp_path):
    folder = RunFolder(tmp_path / "run")
    with folder.lock():
        folder.open(MANIFEST)
        folder.initial.mkdir()
    return folder


def write_changed_metrics(folder, old, new):
    for number in range(2):
        folder.add_metrics(metrics_line(number))
    change_text(folder.path / "metrics.jsonl", old, new)


def change_text(file, old, new):
    text = file.read_text(encoding="utf8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf8")


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
        folder.open(changed(started="later", versions={"spacy": "3.8.1"}))
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
    with pytest.raises(DeepALError, match=f"holds other things than a run \\('{name}'"):
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
            {"config": CONFIG.replace("100", "200")},
            "config.active_learning.budget_words: was 100, is 200",
        ),
        (
            {"config": CONFIG + "min_updates = 3\n"},
            "config.active_learning.min_updates: was 0, is 3",
        ),
        ({"pool": {"shards": {"a.spacy": "b"}}}, 'pool/a.spacy: was "f00d", is "b"'),
        ({"pool": {"shards": {}}}, 'pool/a.spacy: was "f00d", is null'),
        ({"dev": {"fingerprint": "x"}}, 'dev.fingerprint: was "d", is "x"'),
        ({"test": {"fingerprint": "x"}}, 'test.fingerprint: was "t", is "x"'),
        ({"vectors": "x"}, 'vectors.fingerprint: was "v", is "x"'),
    ],
)
def test_another_run_is_refused_with_the_difference(folder, change, difference):
    with pytest.raises(DeepALError, match="holds another run") as caught, folder.lock():
        folder.open(changed(**change))
    assert str(caught.value).split("\n- ")[1:] == [difference]
    assert folder.manifest == MANIFEST


@pytest.mark.parametrize("later", ["other", ""])
def test_other_code_is_another_run_and_the_error_says_how_to_go_on(tmp_path, later):
    folder = RunFolder(tmp_path / "run")
    with folder.lock():
        folder.open(changed(code="own"))
        folder.initial.mkdir()
        with pytest.raises(DeepALError, match="holds another run") as caught:
            folder.open(changed(code=later))
        lines = str(caught.value).split("\n")
        assert lines[1] == f'- --code: was "own", is "{later}"'
        assert lines[2].endswith("add --accept-code.")
        folder.open(changed(code=later), accept_code=True)
        folder.open(changed(code=later))
        assert folder.manifest == changed(code=later)
        with pytest.raises(DeepALError, match=r"seed: was 0, is 1"):
            folder.open(changed(code="own", seed=1), accept_code=True)


def test_a_run_that_began_without_code_may_have_some_later(folder):
    """All that it needs was there without it: it may be for an oracle or a logger."""
    with folder.lock():
        folder.open(changed(code="own"))
        folder.open(changed(code="other"))
    assert folder.manifest == MANIFEST


def test_a_run_goes_on_when_its_data_lie_elsewhere(folder, tmp_path):
    """Their fingerprints say that they are the same."""

    def manifest(where):
        section = CONFIG.partition("[active")[2]
        corpora = "[corpora]\n" + "".join(
            f'[corpora.{name}]\npath = "{path}"\n'
            for name, path in {"dev": f"{where}/dev", "more": "more"}.items()
        )
        paths = "".join(f'{key} = "{where}/{key}"\n' for key in ("pool", "dev", "test"))
        data = {key: {"path": f"{where}/{key}"} for key in ("pool", "dev", "test")}
        return changed(**data, config=f"[paths]\n{paths}{corpora}[active{section}")

    here = RunFolder(tmp_path / "moved")
    with here.lock():
        here.open(manifest("old"))
        here.initial.mkdir()
        here.open(manifest("/new/place"))
        config = manifest("old").config.replace('"more"', '"else"')
        with pytest.raises(DeepALError, match=r'more.path: was "more", is "else"'):
            here.open(manifest("old").model_copy(update={"config": config}))
    assert here.manifest == manifest("/new/place")


def test_a_run_that_failed_before_it_was_initialised_begins_anew(tmp_path):
    folder = RunFolder(tmp_path / "run")
    with folder.lock():
        folder.open(MANIFEST)
        folder.open(changed(seed=1))
    assert folder.manifest.seed == 1


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DeepALError, match=r"file/run cannot be written: Not a directory"):
        RunFolder(tmp_path / "file" / "run").lock().__enter__()


def test_a_setting_that_is_left_out_has_its_default(folder):
    now = changed(config=CONFIG + "min_updates = 0\n")
    with folder.lock():
        folder.open(now)
    assert folder.manifest == now


@pytest.mark.parametrize(
    "end", ["rounds = 3", "target_f = 0.9", "stop_stability = 0.95", "stop_rounds = 4"]
)
def test_a_run_may_have_another_end_than_when_it_began(folder, end):
    now = changed(config=f"{CONFIG}{end}\n")
    with folder.lock():
        folder.open(now)
    assert folder.manifest == now


@pytest.mark.parametrize("section", ["annotation", "active_learning.oracle"])
def test_who_labels_is_read_from_the_config_that_was_given_last(folder, section):
    now = changed(config=f"{CONFIG}\n[{section}]\nvalue = 1\n", threads=5)
    with folder.lock():
        folder.open(now)
    assert folder.manifest == now.model_copy(update={"threads": MANIFEST.threads})


def test_a_run_goes_on_with_more_sentences_predicted_at_a_time(tmp_path):
    def manifest(lang, batch_size):
        nlp = f'[nlp]\nlang = "{lang}"\nbatch_size = {batch_size}\n\n'
        return changed(config=nlp + CONFIG)

    folder = RunFolder(tmp_path / "run")
    with folder.lock():
        folder.open(manifest("en", 512))
        folder.initial.mkdir()
        folder.open(manifest("en", 2048))
        with pytest.raises(DeepALError, match=r'nlp.lang: was "en", is "de"$'):
            folder.open(manifest("de", 2048))
    assert folder.manifest == manifest("en", 2048)


def test_all_differences_are_named(folder):
    with pytest.raises(DeepALError) as caught, folder.lock():
        folder.open(changed(seed=1, test={"path": "other", "fingerprint": "x"}))
    assert [line.split(":")[0] for line in str(caught.value).split("\n- ")[1:]] == [
        "seed",
        "test.fingerprint",
    ]


def test_the_order_of_sections_is_no_difference(folder):
    now = changed(config="\n\n".join(reversed(CONFIG.split("\n\n"))))
    with folder.lock():
        folder.open(now)
    assert folder.manifest == now


def test_differences_of_nested_values():
    old = changed(config='[a]\nc = [1,2]\ngone = "x"\n[a.b]\nd = 0\n')
    new = changed(config=f'[a]\nc = [2,1]\nnew = "{"y" * 200}"\n[a.b]\nd = 1\n')
    assert differences(old, new) == [
        "config.a.b.d: was 0, is 1",
        "config.a.c: was [1, 2], is [2, 1]",
        'config.a.gone: was "x", is null',
        f'config.a.new: was null, is "{"y" * 76}…',
    ]
    assert differences(old, old) == []


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


@pytest.mark.parametrize("is_new", [True, False])
def test_a_run_that_could_not_begin_leaves_nothing(tmp_path, is_new):
    path = tmp_path / "run"
    if not is_new:
        path.mkdir()
    with pytest.raises(RuntimeError), RunFolder(path).lock():
        raise RuntimeError
    assert names(tmp_path) == ([] if is_new else ["run"])
    assert is_new or names(path) == []


def test_an_error_gives_the_lock_back(folder):
    with pytest.raises(RuntimeError), folder.lock():
        raise RuntimeError
    with folder.lock():
        pass


def test_metrics_are_kept_in_order_to_the_last_bit(folder):
    for number in range(12):
        folder.add_metrics(metrics_line(number))
    assert folder.metrics == [metrics_line(number) for number in range(12)]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"ents_f": 0.0, ', "", r"line 1: ents_f is missing\. Restore the file"),
        ('"words": 11', '"words": true', "line 2: words = True: must be a valid integer"),
        ('"words": 9', '"words": "9"', r"line 1: genres\.nw\.words = '9': must be a valid integer"),
        ('{"p": 0.5,', "{", r"line 1: ents_per_type\.PER\.p is missing"),
        ("1.25", "NaN", r"line 1: seconds\.train = nan: must be a finite number"),
        ("{", "[1, {", "line 1 is not JSON"),
        ('{"ents_p"', '3\n{"ents_p"', "line 1: the value = 3: must be a valid dictionary"),
    ],
)
def test_a_line_of_metrics_that_is_wrong_is_named_with_its_key(folder, old, new, message):
    write_changed_metrics(folder, old, new)
    with pytest.raises(DeepALError, match=rf"run/metrics\.jsonl, {message}"):
        _ = folder.metrics


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"seed": 0', '"seed": "zero"', "seed = 'zero': must be a valid integer"),
        ('"arguments": {}', '"arguments": []', r"arguments = \[\]: must be a valid dictionary"),
        ('"words": 9', '"wards": 9', r"pool\.words is missing"),
        ('"format": 1', '"format": 2', "has format 2, .* reads format 1"),
        ('"format": 1', '"farmat": 1', "format is missing"),
        ('"xx"', "xx", "is not JSON"),
    ],
)
def test_a_manifest_that_is_wrong_is_named_with_its_key(folder, old, new, message):
    file = folder.path / "manifest.json"
    change_text(file, old, new)
    if message != "is not JSON":
        with pytest.raises(DeepALError, match="was changed after it was written"):
            _ = folder.manifest
        value = read_json(file)
        del value["digest"]
        write_sealed_value(file, value)
    with pytest.raises(DeepALError, match=rf"run/manifest\.json.*{message}"):
        _ = folder.manifest


@pytest.mark.parametrize("there", [True, False])
def test_a_folder_without_a_manifest_is_no_run(tmp_path, there):
    path = tmp_path / "elsewhere"
    if there:
        path.mkdir()
    with pytest.raises(DeepALError, match=r"elsewhere is not a run folder.*manifest\.json"):
        _ = RunFolder(path).manifest


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"round": 1', '"round": 5', "metrics.jsonl was changed after it was written"),
        ('"words_percent": 15.2', '"words_percent": 1.2', "was changed after it was written"),
        ('"lines": 2', '"lines": 3', "metrics.jsonl is not whole: it has 2 of 3 lines"),
        ('"digest"', '"digger"', "line 3: .* is missing"),
    ],
)
def test_metrics_that_were_changed_are_refused_with_the_remedy(folder, old, new, message):
    write_changed_metrics(folder, old, new)
    with pytest.raises(DeepALError, match=rf"{message}.* Or delete it and give the command"):
        _ = folder.metrics


def test_files_that_are_made_again_say_so(folder):
    here = folder.round(0)
    here.entities.path.write_text('{"id": 3}', encoding="utf8")
    write_sealed_value(here.times, {"train": "long"})
    with pytest.raises(DeepALError, match=r"entities\.jsonl, line 1: id .* Give the command"):
        here.entities.read()
    with pytest.raises(DeepALError, match=r"seconds\.json: train .* Give the command"):
        _ = here.seconds


def test_a_round_keeps_the_time_of_its_steps(folder, monkeypatch):
    here = folder.round(3)
    assert (here.path.name, here.seconds.score) == ("round_03", 0)
    monkeypatch.setattr(run_folder, "perf_counter", iter([0, 1.23456, 5, 7, 10, 12.5]).__next__)
    for step in ("score", "train", "score"):
        with here.timed(step):
            pass
    assert (here.seconds.score, here.seconds.train, here.seconds.evaluate) == (2.5, 2, 0)


def test_a_round_keeps_what_it_selected(folder):
    here = folder.round(0)
    assert here.selected.read() == []
    rows = [Selected(id="b", words=3, score=0.1), Selected(id="a", words=1, score=None)]
    here.selected.write(rows)
    assert here.selected.read() == rows


def test_a_batch_is_read_with_labels_and_ids(folder):
    docs = list(make_docs(6, 1))
    here = folder.round(0)
    assert here.read_batch(spacy.blank("xx").vocab) == []
    write_docs(docs, here.batch)
    back = here.read_batch(spacy.blank("xx").vocab)
    assert [sentence_id(doc) for doc in back] == [sentence_id(doc) for doc in docs]
    assert [annotation(doc) for doc in back] == [annotation(doc) for doc in docs]


def test_rounds_are_ordered_by_number(folder):
    for name in ("round_100", "round_99", "round_00", "round_01.part"):
        (folder.path / name).mkdir()
    assert [here.number for here in folder.rounds()] == [0, 99, 100]


@pytest.mark.parametrize(("keep", "models"), [("last", [2]), ("all", [0, 1, 2])])
def test_tidying_keeps_the_models_asked_for_and_those_of_unfinished_rounds(folder, keep, models):
    for number in range(4):
        here = folder.round(number)
        here.model.mkdir()
        here.training.mkdir()
        (here.model / "weights").write_text("")
        (here.path / "selected.jsonl").write_text("")
    for number in range(3):
        folder.add_metrics(metrics_line(number))
    folder.tidy(keep)
    assert [n for n in range(4) if folder.round(n).model.exists()] == [*models, 3]
    assert [n for n in range(4) if folder.round(n).training.exists()] == [3]
    assert all(folder.round(n).selected.path.exists() for n in range(4))
