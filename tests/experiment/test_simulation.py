import re
import shutil

import catalogue
import pytest
import torch
from spacy.util import registry
from spacy.vocab import Vocab
from thinc.api import Config

from spacy_deepal.acquisition.functions import MNLP
from spacy_deepal.errors import DeepALError
from spacy_deepal.experiment import simulation
from spacy_deepal.experiment.simulation import configure, full_run, prepare_corpus, simulate
from spacy_deepal.files import read_json
from spacy_deepal.pool.shards import read_shards

from ..pools import call, make_docs, options, overrides, quick_config

FUNCTIONS = ["MNLP", "RAND"]


def inline(docs):
    """Sentences in the markup of the demo corpus, five to a document."""
    for number, doc in enumerate(docs):
        words = [f"[{t.text}]({t.ent_type_})" if t.ent_type_ else t.text for t in doc]
        yield " ".join(words) + "\n" + "\n" * (number % 5 == 4)


def begun(told):
    """The runs that began, in the lines that were told."""
    return [text.partition(" begins")[0] for text in told if " begins" in text]


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    docs = make_docs(60, 1, distinct=True)
    (folder / "nw.txt").write_text("".join(inline(docs)), encoding="utf8")
    return folder


@pytest.fixture
def config(data):
    names = dict.fromkeys(["pool", "dev", "test"], data)
    return quick_config(names, more={"training.max_epochs": 2}, rounds=1)


def test_all_functions_start_from_the_same_seed_set_and_weights(data, config, tmp_path):
    told = []
    page = simulate(
        config, data, tmp_path / "runs", acquisitions=FUNCTIONS, full=True, tell=told.append
    )
    folder = tmp_path / "runs" / "mine"
    assert begun(told) == ["full data, seed 0", "MNLP, seed 0", "RAND, seed 0"]
    assert told[0] == "full data, seed 0 begins (1 of 3)"
    assert re.match(r"full data, seed 0   dev F .* test F ", told[1])
    assert page == folder / "report.html"
    assert page.stat().st_size > 10_000
    mnlp, rand = folder / "MNLP-seed0", folder / "RAND-seed0"
    for name in ("round_00/selected.jsonl", "initial/ner/model"):
        assert (mnlp / name).read_bytes() == (rand / name).read_bytes()
    selected = [(run / "round_01" / "selected.jsonl").read_bytes() for run in (mnlp, rand)]
    assert selected[0] != selected[1]
    assert "full-data" in page.read_text(encoding="utf8")


def test_an_experiment_goes_on_where_it_stopped(data, config, tmp_path):
    runs = tmp_path / "runs"

    def stop(text):
        if "round" in text:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate(config, data, runs, acquisitions=FUNCTIONS, full=True, tell=stop)
    metrics = runs / "mine" / "full-seed0" / "metrics.json"
    made = metrics.stat().st_mtime_ns
    told = []
    simulate(config, data, runs, acquisitions=FUNCTIONS, full=True, tell=told.append)
    assert metrics.stat().st_mtime_ns == made
    rounds = [re.match(r"(.*?) +round +(\d+)", text) for text in told]
    assert [match.groups() for match in rounds if match] == [
        ("MNLP, seed 0", "1"),
        ("RAND, seed 0", "0"),
        ("RAND, seed 0", "1"),
    ]


def test_an_experiment_says_once_which_splits_share_texts(data, config, tmp_path, capfd):
    with (data / "nw.txt").open("a", encoding="utf8") as stream:
        stream.write("See below.\n\n" * 20)
    told = []
    for function in FUNCTIONS:
        simulate(config, data, tmp_path / "runs", acquisitions=[function], tell=told.append)
    pairs = [match[1] for text in told if (match := re.search("of (.* are in .*) too, such", text))]
    assert pairs == ["train are in dev", "train are in test", "dev are in test"]
    assert "too, such" not in capfd.readouterr().out


def test_functions_and_seeds_named_twice_are_run_once(data, config, tmp_path):
    config["active_learning"]["acquisition"] = {
        "@acquisition": "spacy_deepal.DecoderBALD.v1",
        "samples": 3,
    }
    told = []
    names = ["RAND", "DecoderBALD", "spacy_deepal.RAND.v1", "DecoderBALD:samples=3"]
    simulate(config, data, tmp_path / "runs", acquisitions=names, seeds=[1, 1], tell=told.append)
    assert begun(told) == ["RAND, seed 1", "DecoderBALD:samples=3, seed 1"]
    manifest = read_json(tmp_path / "runs/mine/DecoderBALD-samples=3-seed1/manifest.json")
    assert manifest["arguments"] == {"samples": 3}


def test_a_function_of_ones_own_with_the_name_of_another_has_a_folder_of_its_own(
    data, config, tmp_path, monkeypatch
):
    monkeypatch.setattr(catalogue, "REGISTRY", dict(catalogue.REGISTRY))
    registry.acquisition.register("mine.RAND.v1", func=MNLP)
    simulate(config, data, tmp_path / "runs", acquisitions=["RAND", "mine.RAND.v1"])
    for name in ("RAND", "mine.RAND.v1"):
        assert (tmp_path / "runs" / "mine" / f"{name}-seed0" / "metrics.jsonl").exists()


@pytest.mark.parametrize("section", ["active_learning", "paths", "training"])
def test_a_config_without_a_section_is_refused(data, config, tmp_path, section):
    for name in (section, "corpora", "initialize", "components"):  # these three say ${paths.…}
        del config[name]
    with pytest.raises(DeepALError, match=rf"The config has no \[{section}\] section. `python -m"):
        simulate(config, data, tmp_path / "runs")


def test_a_workspace_in_the_folder_of_the_data_is_no_part_of_them(data, config):
    runs = data / "runs"
    simulate(config, data, runs, acquisitions=["RAND"])
    (runs / "curves.jsonl").write_text('{"data": "mine"}\n')
    told = []
    simulate(config, data, runs, acquisitions=["MNLP"], tell=told.append)
    assert begun(told) == ["MNLP, seed 0"]
    shutil.rmtree(runs / "mine" / "corpus")
    (runs / "mine" / "source.json").unlink()
    prepare_corpus(data, runs, lang="xx")
    assert len(list(read_shards(runs / "mine/corpus/train", Vocab()))) < 60


def test_a_folder_of_the_language_is_preferred(data, tmp_path):
    (data / "en").mkdir()
    (data / "nw.txt").rename(data / "en" / "nw.txt")
    assert prepare_corpus(data, tmp_path, lang="en") == tmp_path / "mine-en"


def test_each_language_of_ontonotes_has_a_folder_of_its_own(tmp_path):
    sentences = {"english": "Rome (GPE)\n", "chinese": "上海 (GPE)\n"}
    for split in ("train", "development", "test"):
        for language, word in sentences.items():
            name = f"nw/x/00/{language}_{split}"
            folder = tmp_path / "conll-2012" / "v4" / "data" / split / "data" / language
            file = folder / "annotations" / f"{name}.v4_gold_conll"
            file.parent.mkdir(parents=True)
            row = word.replace(" ", " NN * - - - - * ")
            text = f"#begin document ({name}); part 000\n{name} 0 0 {row[:-1]} -\n\n#end document\n"
            file.write_text(text, encoding="utf8")
    folders = [
        prepare_corpus(tmp_path / "conll-2012", tmp_path / "runs", lang=lang)
        for lang in ("en", "zh")
    ]
    assert [folder.name for folder in folders] == ["conll-2012-en", "conll-2012-zh"]


def test_other_data_of_the_same_name_is_refused(data, tmp_path):
    folder = prepare_corpus(data, tmp_path / "runs", lang="en")
    assert prepare_corpus(data, tmp_path / "runs", lang="en") == folder
    with (data / "nw.txt").open("a", encoding="utf8") as stream:
        stream.write("One more.\n")
    with pytest.raises(DeepALError, match="was made from other data"):
        prepare_corpus(data, tmp_path / "runs", lang="en")


def test_the_folder_of_the_data_is_not_written_to(data, tmp_path):
    with pytest.raises(DeepALError, match="is read here, so it cannot be written"):
        prepare_corpus(data, tmp_path, lang="en")


def test_the_train_command_prints_scores_and_names_the_model(data, tmp_path):
    names = dict.fromkeys(["pool", "dev", "test"], data)
    settings = {**overrides(names), "training.max_epochs": 2}
    supervised = Config().from_disk("configs/al.cfg", interpolate=False)
    del supervised["active_learning"]  # has no part in it
    supervised.to_disk(tmp_path / "supervised.cfg")
    settings = {k: v for k, v in settings.items() if not k.startswith("active_learning")}
    args = tmp_path / "supervised.cfg", data, tmp_path / "runs"
    code, output = call("train", *args, *options(settings))
    folder = tmp_path / "runs" / "mine" / "full"
    assert code == 0, output
    assert "model-best" in output
    assert (folder / "model-best" / "meta.json").exists()
    assert 0 <= read_json(folder / "metrics.json")["ents_f"] <= 1


def test_the_model_of_all_words_is_trained_again_for_its_own_settings_alone(
    data, config, tmp_path, monkeypatch
):
    trained = []
    scores = dict.fromkeys(("ents_p", "ents_r", "ents_f", "dev_ents_f"), 0.5)
    scores["ents_per_type"] = {}
    monkeypatch.setattr(simulation, "train_full", lambda *args, **_: trained.append(args) or scores)
    folder = prepare_corpus(data, tmp_path / "runs", lang="en")
    config = configure(config, folder, "en")
    for section, key, value, times in (
        ("active_learning", "passes", 8, 1),
        ("active_learning", "passes", 9, 1),
        ("training", "dropout", 0.1, 2),
    ):
        config[section][key] = value
        full_run(config, folder / "full")
        assert len(trained) == times
    vectors = tmp_path / "vectors"
    vectors.mkdir()
    config["paths"]["vectors"] = str(vectors)
    for text in ("these", "others"):
        (vectors / "table").write_text(text)
        full_run(config, folder / "full")
    assert len(trained) == 4


def test_runs_side_by_side_are_those_of_one_process(data, config, tmp_path, capfd):
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    options = {"acquisitions": FUNCTIONS, "full": True}
    try:
        simulate(config, data, tmp_path / "one", **options)
        one = capfd.readouterr().out.splitlines()
        simulate(config, data, tmp_path / "two", **options, processes=2)
        two = capfd.readouterr().out.splitlines()
    finally:
        torch.set_num_threads(threads)
    assert len(one) == 3 + 1 + 2 * 2  # begins; the model of all words; rounds
    assert sorted(map(without_times, one)) == sorted(map(without_times, two))
    for run in ("MNLP-seed0", "RAND-seed0"):
        one, two = (tmp_path / workspace / "mine" / run for workspace in ("one", "two"))
        for name in ("round_01/selected.jsonl", "round_01/model/ner/model"):
            assert (one / name).read_bytes() == (two / name).read_bytes()


def without_times(text):
    return text.rpartition("  (")[0] or text
