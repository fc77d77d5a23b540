"""paper_model.py trains the paper's model and ours on parts of the words, and records each once."""

import pytest
import typer
from spacy.util import load_config

from spacy_deepal.rounds.training import LossDiverged

from ..ontonotes import write_release
from ..pools import AL_CONFIG, SIZES, read_jsonl
from .conftest import SCRIPTS

SMALL = {f"components.ner.model.{part}": values for part, values in SIZES.items()}
LIMITS = {"training.max_steps": 30, "training.eval_frequency": 10}


@pytest.fixture
def data(tmp_path):
    write_release(tmp_path / "copy" / "v4" / "data", words=1200)
    return tmp_path / "copy"


@pytest.fixture
def configs(tmp_path):
    """RETURNS (list[Path]): A config that passes end, and one that updates end."""
    for name, more in (("passes", {"training.max_epochs": 50}), ("updates", {})):
        config = load_config(AL_CONFIG, overrides=SMALL | LIMITS | more, interpolate=False)
        config.to_disk(tmp_path / f"{name}.cfg")
    return [tmp_path / "passes.cfg", tmp_path / "updates.cfg"]


def test_each_size_and_config_is_trained_once(script, data, configs, tmp_path, monkeypatch, capsys):
    paper_model = script("paper_model")
    output = tmp_path / "results" / "paper_model.jsonl"
    sizes = {"words": [200, 0], "dev_words": 60, "passes": 2, "every": 5}
    paper_model.main(data, tmp_path / "runs", config=configs, **sizes, output=output)
    lines = read_jsonl(output)
    assert [(line["asked"], line["config"]) for line in lines] == [
        *((200, "passes"), (200, "updates"), (0, "passes"), (0, "updates"))
    ]
    few, _, every, _ = lines
    assert 200 <= few["words"] < 300 < every["words"]
    assert few["passes"] == every["passes"] == 2
    assert few["updates"] == few["curve"][-1][1]
    assert all(0 <= line["ents_f"] <= 1 for line in lines)
    for line in lines:
        assert (output.parent / "configs" / f"{line['made_of']}.cfg").exists()
    monkeypatch.setattr(paper_model, "full_run", None)
    paper_model.main(data, tmp_path / "runs", config=configs, **sizes, output=output)
    assert read_jsonl(output) == lines
    assert capsys.readouterr().out.count("| passes | Adam |") == 4


def test_a_loss_that_diverges_is_a_result(script, data, configs, tmp_path, monkeypatch, capsys):
    paper_model = script("paper_model")

    def diverge(config, model, **_):
        model.mkdir()
        (model / "train.log").write_text("  0     0   69.89   0.00   0.00   0.00   0.00\n")
        raise LossDiverged("It is NaN.")

    monkeypatch.setattr(paper_model, "full_run", diverge)
    output = tmp_path / "paper_model.jsonl"
    options = {"words": [200], "dev_words": 60, "config": configs[:1], "output": output}
    paper_model.main(data, tmp_path / "runs", **options, learn_rate=100.0)
    (line,) = read_jsonl(output)
    assert (line["learn_rate"], line["ents_f"], line["curve"]) == (100.0, None, [[1, 0, 0.0]])
    assert "| diverged | diverged |" in capsys.readouterr().out


def test_an_unknown_folder_is_one_message(script, tmp_path, capsys):
    with pytest.raises(typer.Exit):
        script("paper_model").main(tmp_path / "none", tmp_path / "runs")
    assert "There is no" in capsys.readouterr().out


def test_the_page_has_the_table_of_what_is_recorded(script):
    paper_model = script("paper_model")
    table = paper_model.table(read_jsonl(paper_model.RESULTS / "paper_model.jsonl"))
    page = (SCRIPTS.parents[2] / "docs" / "reproducibility.md").read_text(encoding="utf8")
    assert f"\n\n{table}\n\n" in page, "Paste what scripts/paper_model.py prints"
