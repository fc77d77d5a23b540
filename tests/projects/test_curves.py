"""benchmarks/curves.py records every round once; benchmarks/curves_table.py adds up rightly."""

import importlib
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from spacy_deepal.experiment.simulation import prepare_corpus
from spacy_deepal.files import read_jsonl, write_jsonl
from spacy_deepal.rounds.loop import load_run_config
from spacy_deepal.rounds.training import without_loop

from .pools import AL_CONFIG, make_docs, options, overrides

pytest.importorskip("pycrfsuite", reason="python-crfsuite is not installed")

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
ORDER = ["crf", "full", "full", "RAND", "DecoderBALD:samples=3", "RAND", "DecoderBALD:samples=3"]
SEEDS = [0, 0, 1, 0, 0, 1, 1]


class Killed(Exception):
    pass


@pytest.fixture
def programs(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("curves"), importlib.import_module("curves_table")


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "tiny"
    folder.mkdir()
    for seed, (split, count) in enumerate((("train", 45), ("dev", 15), ("test", 15))):
        docs = make_docs(count, seed)
        rows = ["".join(f"{t.text}\t{iob(t)}\n" for t in doc) for doc in docs]
        (folder / f"{split}.iob2").write_text("\n".join(rows), encoding="utf8")
    return folder


def iob(token):
    return f"B-{token.ent_type_}" if token.ent_type_ else "O"


@pytest.fixture
def record(programs, data, tmp_path):
    """Calls curves.py; RETURNS (Path): what it recorded."""
    output, workspace = tmp_path / "results" / "curves.jsonl", tmp_path / "runs"
    values = {**overrides({}), "training.max_epochs": 4}
    functions = ["--acquisition", "RAND", "--acquisition", "DecoderBALD:samples=3"]
    seeds = ["--seed", "0", "--seed", "1"]
    args = [AL_CONFIG, data, workspace, "--lang", "xx", "--output", output, *functions, *seeds]

    def call(code=0, **more):
        args_ = [str(arg) for arg in [*args, *options({**values, **more})]]
        result = CliRunner().invoke(programs[0].app, args_, catch_exceptions=False)
        assert result.exit_code == code, result.output
        call.printed = " ".join(result.output.split())
        return output

    return call


@pytest.mark.parametrize(
    ("program", "config"),
    [
        ("curves", load_run_config(AL_CONFIG, {})),
        ("genres", without_loop(load_run_config(AL_CONFIG, {"training.max_steps": 1000}))),
    ],
    ids=["curves", "genres"],
)
def test_what_is_recorded_of_the_demo_corpus_is_of_the_config(programs, tmp_path, program, config):
    records = importlib.import_module("records")
    folder = prepare_corpus(AL_CONFIG.parents[1] / "assets" / "demo", tmp_path, lang="en")
    key = {"data": folder.name, "made_of": records.made_of(config, folder, "en")}
    recorded = BENCHMARKS / "results" / f"{program}.jsonl"
    assert records.matching(recorded, key)
    records.check_made_of(recorded, key)


def runs_of(lines):
    found = {}
    for line in lines:
        found.setdefault((line["acquisition"], line["seed"]), []).append(line["round"])
    return found


def test_rounds_are_recorded_once_and_lost_ones_again(programs, record, tmp_path, monkeypatch):
    curves, table = programs
    append = curves.append

    def killed(file, line):
        append(file, line)
        if (line["acquisition"], line["round"]) == ("DecoderBALD:samples=3", 1):
            raise Killed

    monkeypatch.setattr(curves, "append", killed)
    with pytest.raises(Killed):
        record()
    monkeypatch.setattr(curves, "append", append)
    output = record()
    lines = read_jsonl(output)
    rounds = [[0] if name in ("crf", "full") else [0, 1, 2] for name in ORDER]
    assert runs_of(lines) == dict(zip(zip(ORDER, SEEDS, strict=True), rounds, strict=True))
    assert {line["data"] for line in lines} == {"tiny"}
    for line in lines:
        assert 0 <= line["ents_f"] <= 1
        assert 0 <= line["dev_ents_f"] <= 1
        assert line["seconds"]["train"] > 0
        assert (line["words_percent"] == 100) == (line["acquisition"] in ("crf", "full"))
    first = {line["seed"]: line["ents_f"] for line in lines if line["round"] == 0}
    starts = [line for line in lines if line["round"] == 0 and line["acquisition"] in ORDER[3:]]
    assert all(line["ents_f"] == first[line["seed"]] for line in starts)

    folder = tmp_path / "runs" / "tiny"
    page = (folder / "report.html").read_text(encoding="utf8")
    for text in ("DecoderBALD:samples=3 (2 runs)", "mean of 2 models", "shallow model"):
        assert text in page

    lost = [line for n, line in enumerate(lines) if n in (0, 2, 4)]
    write_jsonl(output, (line for line in lines if line not in lost))
    record()
    assert read_jsonl(output)[-3:] == [lost[0], lost[1], lost[2]]
    assert len(read_jsonl(output)) == len(lines)

    recorded = output.read_bytes()
    begun = next(line for line in lines if (line["acquisition"], line["round"]) == ("RAND", 0))
    others = [line for line in lines if (line["acquisition"], line["seed"]) != ("RAND", 0)]
    write_jsonl(output, [*others, {**begun, "ents_f": 0.123}])
    record(code=1)
    assert "another run of RAND, seed 0: other scores in round 0" in record.printed
    output.write_bytes(recorded)

    for name in ("run", "full_run"):
        monkeypatch.setattr(curves, name, None)
    record(**{"active_learning.rounds": 1})
    assert output.read_bytes() == recorded
    assert "Give another --output to run it again" in record.printed

    record(code=1, **{"training.dropout": 0.1})
    assert "lines of tiny that were made of other data or with another config" in record.printed
    assert output.read_bytes() == recorded

    table.main(output, tmp_path / "summary.jsonl")
    summary = read_jsonl(tmp_path / "summary.jsonl")
    assert {line["acquisition"]: line["seeds"] for line in summary} == {
        "RAND": [0, 1],
        "DecoderBALD:samples=3": [0, 1],
    }


def made_up(name, seed, *curve, score=0.0):
    """Lines of rounds at 2, 6 and 10 percent of 1,000 words, or of a model of all words."""
    for number, f in enumerate(curve):
        percent = (2, 6, 10)[number] if len(curve) > 1 else 100
        scores = dict.fromkeys(("ents_p", "ents_r", "ents_f", "dev_ents_f"), f)
        yield {
            **{"data": "s", "acquisition": name, "seed": seed, "round": number},
            **{"selection": "acquisition", "words": 10 * percent, "words_percent": percent},
            **{"sentences": percent, **scores},
            "seconds": {"score": score * number, "select": 0.0, "train": 10.0 + number},
        }


@pytest.fixture
def summary(programs, tmp_path, capsys):
    lines = [
        *made_up("crf", 0, 0.7),
        *made_up("full", 0, 0.80),
        *made_up("full", 1, 0.82),
        *made_up("RAND", 0, 0.5, 0.6, 0.72),
        *made_up("RAND", 1, 0.5, 0.66, 0.70),
        *made_up("MNLP", 0, 0.5, 0.70, 0.82, score=2.0),
        *made_up("MNLP", 1, 0.5, 0.72, 0.79, score=4.0),
        *made_up("LC", 0, 0.5, 0.6, 0.72),
    ]
    write_jsonl(tmp_path / "curves.jsonl", lines)
    programs[1].main(tmp_path / "curves.jsonl", tmp_path / "summary.jsonl")
    found = read_jsonl(tmp_path / "summary.jsonl")
    return {line["acquisition"]: line for line in found}, capsys.readouterr().out


def test_summary_has_the_numbers_worked_out_by_hand(summary):
    lines, _ = summary
    rand, mnlp, lc = (lines[name] for name in ("RAND", "MNLP", "LC"))
    assert mnlp == {
        "data": "s",
        "acquisition": "MNLP",
        "seeds": [0, 1],
        "full_f": 0.81,
        "shallow_f": 0.7,
        "words_percent_to_99": 10,  # mean 0.805, and 0.99 * 0.81 = 0.8019
        "words_percent_to_shallow": 6,
        "seeds_to_99": 1,
        "seeds_to_shallow": 2,
        "seeds_percent_to_99": 10,
        "seeds_percent_to_shallow": 6,
        "area": 0.68125,  # (0.605 + 0.7575) / 2, those the means of 0.5, 0.71 and 0.805
        "area_range": [2, 10],
        "seeds_area": [0.68, 0.6825],
        "words_saved_percent": 40,  # of RAND's 100 words for 0.71
        "words_saved_f": 0.71,
        "score_seconds": 4.5,
        "train_seconds": 11.5,
    }
    assert (rand["words_percent_to_99"], rand["words_percent_to_shallow"]) == (None, 10)
    assert (rand["seeds_to_99"], rand["seeds_percent_to_99"]) == (0, None)
    assert (rand["area"], rand["words_saved_percent"]) == (0.6175, None)
    assert (lc["words_saved_percent"], lc["words_saved_f"]) == (0, 0.72), "RAND of seed 0 alone"


def test_functions_stand_in_one_order_whichever_run_ended_first(programs, tmp_path):
    names = ("TokenEntropy", "BALD", "DecoderBALD", "MNLP", "LC", "RAND")
    for order in (names, names[::-1]):
        lines = [line for name in order for line in made_up(name, 0, 0.5)]
        write_jsonl(tmp_path / "c.jsonl", lines)
        programs[1].main(tmp_path / "c.jsonl", tmp_path / "summary.jsonl")
        found = [line["acquisition"] for line in read_jsonl(tmp_path / "summary.jsonl")]
        assert found == ["RAND", "LC", "MNLP", "BALD", "DecoderBALD", "TokenEntropy"]


def test_tables_show_means_and_the_paper(summary):
    _, printed = summary
    assert "Test F1 on s: full data 81.0, CRF 70.0" in printed
    assert "| words | 2% | 6% | 10% |" in printed
    assert "| MNLP | 50.0 | 71.0 | 80.5 |" in printed
    row = "10.0% | 1 of 2 (10.0%) | 6.0% | 2 of 2 (6.0%) | 68.1 | 40.0% at 71.0 | 4.5 s | 11.5 s"
    assert f"| s, MNLP | {row} |" in printed
    assert "| | s |\n|---|---|\n| RAND | 60.5, 63.0 (61.8) |" in printed
    assert "\n| LC | 60.5 |\n" in printed
    assert "24.9%, 30.1% | | 12.0%, 16.9%" in printed


def test_a_set_without_models_of_all_words_has_no_goals(programs, tmp_path):
    lines = list(made_up("MNLP", 3, 0.5, 0.6))
    (tmp_path / "c.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines * 2))
    programs[1].main(tmp_path / "c.jsonl", tmp_path / "summary.jsonl")
    (line,) = read_jsonl(tmp_path / "summary.jsonl")
    assert line["words_percent_to_99"] is line["seeds_to_99"] is line["full_f"] is None
    assert (line["seeds"], line["area"], line["area_range"]) == ([3], 0.55, [2, 6])
