"""`spacy deepal init-config`, from the package as it is installed."""

import json

import pytest
from thinc.api import Config

from spacy_deepal.cli.init_config import fill_in, init_config
from spacy_deepal.errors import DeepALError
from spacy_deepal.rounds.settings import read_settings

from ..pools import CONFIGS, call, call_spacy, write_pools

TOKENIZER_LINES = 8  # two sections of two settings, with a comment each


@pytest.mark.parametrize(("options", "name"), [([], "al.cfg"), (["--paper"], "al_paper.cfg")])
def test_the_config_of_the_repository_is_written_as_it_is(options, name, tmp_path):
    status, output = call("init-config", tmp_path / "new" / "mine.cfg", *options)
    assert status == 0
    assert (tmp_path / "new" / "mine.cfg").read_bytes() == (CONFIGS / name).read_bytes()
    assert output.endswith("mine.cfg RUN_DIR --paths.pool … --paths.dev … --paths.test …")


@pytest.mark.parametrize("paper", [False, True])
def test_options_fill_in_what_they_name_and_nothing_else(paper):
    text = init_config(
        paper=paper,
        lang="zh",
        labels=["PERSON", "ORG"],
        pool="a b",
        dev='"',
        vectors="vectors/é",
        encoder="hub:people/model",
    )
    plain = init_config(paper=paper)
    changed = [line for line in text.splitlines() if line not in plain.splitlines()]
    assert len(changed) == 6 + TOKENIZER_LINES
    config = Config().from_str(text, interpolate=False)
    assert config["nlp"]["lang"] == "zh"
    assert config["initialize"]["components"]["ner"]["labels"] == ["PERSON", "ORG"]
    assert config["paths"] == {
        **{"train": None, "dev": '"', "pool": "a b", "test": None, "vectors": "vectors/é"},
        "encoder": "hub:people/model",
        "encoder_cache": "~/.cache/spacy_deepal",
    }


def test_the_config_of_a_language_has_the_settings_of_its_tokenizer():
    config = Config().from_str(init_config(lang="zh"))
    assert config["nlp"]["tokenizer"] == {
        "@tokenizers": "spacy.zh.ChineseTokenizer",
        "segmenter": "char",
    }
    assert config["initialize"]["tokenizer"] == {
        "pkuseg_model": None,
        "pkuseg_user_dict": "default",
    }
    assert "tokenizer" not in Config().from_str(init_config(lang="de"))["nlp"]


def test_a_config_that_is_filled_in_runs_without_overrides(tmp_path):
    paths = write_pools(tmp_path)
    options = [part for name in paths for part in (f"--{name}", paths[name])]
    file = tmp_path / "al.cfg"
    status, output = call("init-config", file, "--lang", "xx", "--labels", "PER, LOC", *options)
    assert status == 0
    assert output.endswith(f"spacy deepal run {file} RUN_DIR")
    config = Config().from_disk(file)
    assert config["initialize"]["components"]["ner"]["labels"] == ["PER", "LOC"]
    assert config["paths"]["pool"] == str(paths["pool"])
    read_settings(config)


def test_a_key_that_a_config_does_not_have_is_named():
    config = "[paths]\ndev=null\n"
    assert fill_in(config, {("paths", "dev"): "a"}) == '[paths]\ndev = "a"\n'
    with pytest.raises(DeepALError, match=r"no pool in \[paths\]\. Begin with one"):
        fill_in(config, {("paths", "pool"): "a"})


def test_a_file_that_exists_is_overwritten_only_by_force(tmp_path):
    file = tmp_path / "al.cfg"
    file.write_text("mine")
    status, output = call("init-config", file)
    assert (status, file.read_text()) == (1, "mine")
    assert "exists. Name another file, or overwrite it with --force." in output
    assert call("init-config", file, "--force")[0] == 0
    assert file.read_text(encoding="utf8") == init_config()


def test_a_dash_prints_the_config_and_nothing_else(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, output = call("init-config", "-", "--labels", "PERSON")
    assert status == 0
    assert output == " ".join(init_config(labels=["PERSON"]).split())
    assert not list(tmp_path.iterdir())


def test_spacy_trains_with_what_is_written(tmp_path):
    paths = write_pools(tmp_path)
    file = tmp_path / "al.cfg"
    assert call("init-config", file, "--lang", "xx", "--dev", paths["dev"])[0] == 0
    options = ["--paths.train", paths["pool"], "--training.max_steps", json.dumps(1)]
    assert call_spacy("train", file, "--output", tmp_path, *options)[0] == 0
    assert (tmp_path / "model-best" / "meta.json").exists()


@pytest.mark.parametrize("option", ["--pool", "--dev", "--test", "--vectors"])
def test_a_config_does_not_replace_a_file_that_it_names(tmp_path, option):
    (tmp_path / "dev.jsonl").write_text("{}")
    file = tmp_path / "dev.jsonl"
    status, output = call("init-config", file, option, file, "--force")
    assert (status, "is read here, so it cannot be written" in output) == (1, True)
    assert file.read_text() == "{}"


def test_types_have_commas_between(tmp_path):
    code, out = call("init-config", tmp_path / "al.cfg", "--labels", "PERSON GPE")
    assert code == 1
    assert "--labels PERSON GPE: put commas between types, as in PERSON,ORG." in out
    assert not (tmp_path / "al.cfg").exists()
    assert call("init-config", tmp_path / "al.cfg", "--labels", "LEGAL BODY, ORG")[0] == 0
