"""successors.py trains other systems on what a run has labelled, and records each once."""

import pytest
import spacy
import typer

from spacy_deepal.corpus.docbin import read_docs
from spacy_deepal.files import write_jsonl
from spacy_deepal.rounds.run import run_loop

from ..pools import quick_config, read_jsonl, write_pools


@pytest.mark.slow
def test_successors_are_trained_once_on_what_a_run_labelled(script, tmp_path, monkeypatch, capsys):
    successors = script("successors")
    trained = []

    def quick_ner(*args):
        config = ner_config(*args)
        config["training"]["max_steps"] = 40
        config["training"]["eval_frequency"] = 20
        return config

    def count(config, corpus, output):
        trained.append(len(list(read_docs(corpus / "train.spacy", spacy.blank("xx").vocab))))
        return run_spacy(config, corpus, output)

    ner_config, run_spacy = successors.ner_config, successors.run_spacy
    monkeypatch.setattr(successors, "ner_config", quick_ner)
    monkeypatch.setattr(successors, "run_spacy", count)
    paths = write_pools(tmp_path)
    for name in ("MNLP", "RAND"):
        run_loop(quick_config(paths, name, rounds=1), tmp_path / "runs" / "tiny" / f"{name}-seed0")
    rounds = read_jsonl(tmp_path / "runs" / "tiny" / "MNLP-seed0" / "metrics.jsonl")
    percent = [round(line["words_percent"]) for line in rounds]
    output = tmp_path / "results" / "successors.jsonl"
    for _ in range(2):
        successors.main(tmp_path / "runs", percent=[*percent, 90], output=output)
    lines = read_jsonl(output)
    assert [(line["acquisition"], line["share"]) for line in lines] == [
        (name, share / 100) for share in percent for name in ("MNLP", "RAND")
    ]
    assert [line["sentences"] for line in lines] == trained
    for line, each in zip(lines[::2], rounds, strict=True):
        assert (line["data"], line["seed"], line["system"]) == ("tiny", 0, "ner")
        assert line["words"] == each["words"]
        assert line["deepal_ner_ents_f"] == round(each["ents_f"], 4)
        assert 0 <= line["ents_f"] <= 1
    capsys.readouterr()
    script("successors_table").main(output)
    table = capsys.readouterr().out.splitlines()
    assert len(table) == 6
    assert table[2].startswith("| tiny | `ner` | MNLP | ")
    write_jsonl(output, [{**line, "words": line["words"] + 1} for line in lines])
    with pytest.raises(typer.Exit):
        successors.main(tmp_path / "runs", percent=percent, output=output)
    assert "has a line for other sentences than those of" in capsys.readouterr().out
