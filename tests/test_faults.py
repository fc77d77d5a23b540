"""The fault table: each file of a run is damaged in turn; the run heals, or says what to do."""

import os
import re
import shutil
from pathlib import Path

import pytest
import spacy
import typer

from spacy_deepal import cli
from spacy_deepal.acquisition.functions import RAND
from spacy_deepal.acquisition.scoring import score_docs
from spacy_deepal.cli._app import Terminated, show_errors
from spacy_deepal.errors import DeepALError, printable
from spacy_deepal.files import write_jsonl
from spacy_deepal.pool.shards import read_shards
from spacy_deepal.rounds.run import run_loop
from spacy_deepal.sealed import find_damage

from .pools import (
    AL_CONFIG,
    call,
    make_docs,
    options,
    overrides,
    quick_config,
    read_jsonl,
    write_pools,
)


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    return write_pools(tmp_path_factory.mktemp("pools"))


@pytest.fixture(scope="module")
def config(paths):
    def config(rounds, **more):
        return quick_config(paths, rounds=rounds, min_updates=4, evaluations=1, **more)

    return config


@pytest.fixture(scope="module")
def begun(config, tmp_path_factory):
    """A run after round 1 of 2."""
    path = tmp_path_factory.mktemp("runs") / "begun"
    run_loop(config(1), path)
    return path


@pytest.fixture(scope="module")
def undisturbed(config, begun, tmp_path_factory):
    path = tmp_path_factory.mktemp("runs") / "undisturbed"
    shutil.copytree(begun, path)
    run_loop(config(2), path)
    return outcome(path)


def outcome(path):
    """What must not depend on damage that is made good: the metrics without times, and the ids."""
    metrics = read_jsonl(path / "metrics.jsonl")
    for line in metrics:
        del line["seconds"]
    rounds = sorted(path.glob("round_*"))
    return metrics, [[row["id"] for row in read_jsonl(r / "selected.jsonl")] for r in rounds]


def halve(file):
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def flip(file):
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0x10
    file.write_bytes(content)


def another_digit(file):
    """Change the last number of a JSON file, which stays JSON."""
    head, digit, tail = re.fullmatch(r'(.*": [\d.]*)(\d)(.*)', file.read_text(), re.DOTALL).groups()
    file.write_text(f"{head}{(int(digit) + 1) % 10}{tail}")


def cut_line(file):
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:-1]))


def empty(file):
    file.write_bytes(b"")


def remove(file):
    file.unlink()


MODEL = ["ner/model", "ner/cfg", "meta.json", "tokenizer", "vocab/strings.json", "config.cfg"]
HEALED = [
    *(
        (f"round_0{n}/selected.jsonl", how)
        for n in (0, 1)
        for how in (halve, cut_line, empty, remove)
    ),
    *((f"round_0{n}/batch.spacy", how) for n in (0, 1) for how in (halve, flip, empty)),
    *(("round_01/entities.jsonl", how) for how in (halve, flip, cut_line, empty)),
    *(("round_01/seconds.json", how) for how in (halve, another_digit, empty)),
    *((f"round_01/model/{file}", halve) for file in MODEL),
    *((f"round_01/model/{file}", how) for file in MODEL[:2] for how in (flip, remove)),
    *((f"initial/{file}", how) for file in MODEL[:2] for how in (halve, flip, remove)),
    ("round_01/model/seal.json", remove),
]


@pytest.mark.parametrize(
    ("file", "damage"), HEALED, ids=[f"{file}-{how.__name__}" for file, how in HEALED]
)
def test_what_can_be_made_again_is_with_a_word(file, damage, begun, config, undisturbed, tmp_path):
    shutil.copytree(begun, tmp_path / "run")
    damage(tmp_path / "run" / file)
    told = []
    run_loop(config(2), tmp_path / "run", tell=told.append)
    assert len(told) == 1
    assert outcome(tmp_path / "run") == undisturbed
    assert find_damage(tmp_path / "run" / "initial") == ""
    assert find_damage(tmp_path / "run" / "round_02" / "model") == ""


@pytest.mark.parametrize(
    ("file", "damage", "remedy"),
    [
        ("manifest.json", halve, "Restore the file from a copy"),
        ("manifest.json", empty, "Restore the file from a copy"),
        ("manifest.json", another_digit, "Restore the file from a copy"),
        ("metrics.jsonl", halve, "Or delete it and give the command of the run again"),
        ("metrics.jsonl", cut_line, "Or delete it and give the command of the run again"),
        ("metrics.jsonl", flip, "Or delete it and give the command of the run again"),
        ("metrics.jsonl", empty, "Or delete it and give the command of the run again"),
    ],
)
def test_what_cannot_be_made_again_is_named(file, damage, remedy, begun, config, tmp_path):
    shutil.copytree(begun, tmp_path / "run")
    damage(tmp_path / "run" / file)
    with pytest.raises(DeepALError, match=rf"{file}.*{remedy}"):
        run_loop(config(2), tmp_path / "run")


def test_without_metrics_all_rounds_are_evaluated_again(begun, config, undisturbed, tmp_path):
    shutil.copytree(begun, tmp_path / "run")
    (tmp_path / "run" / "metrics.jsonl").unlink()
    run_loop(config(2), tmp_path / "run")
    assert outcome(tmp_path / "run") == undisturbed


def test_a_lost_round_is_named(begun, config, tmp_path):
    shutil.copytree(begun, tmp_path / "run")
    shutil.rmtree(tmp_path / "run" / "round_00")
    with pytest.raises(DeepALError, match=r"round_00 has lost its batch\.spacy and selected"):
        run_loop(config(2), tmp_path / "run")


def test_a_run_whose_initial_pipeline_is_lost_is_still_the_same_run(begun, config, tmp_path):
    shutil.copytree(begun, tmp_path / "run")
    shutil.rmtree(tmp_path / "run" / "initial")
    with pytest.raises(DeepALError, match="budget_words: was 45, is 46"):
        run_loop(config(2, budget_words=46), tmp_path / "run")


def test_after_a_loss_that_is_no_number_another_learn_rate_goes_on(config, tmp_path):
    bad, good = config(1), config(1)
    bad["training"]["optimizer"]["learn_rate"] = 1e30
    good["training"]["optimizer"]["learn_rate"] = 0.01
    with pytest.raises(DeepALError, match=r"round 0 failed.*learn_rate, which is 1e\+30"):
        run_loop(bad, tmp_path / "run")
    run_loop(good, tmp_path / "run")
    with pytest.raises(DeepALError, match=r"learn_rate: was 0\.01, is 1e"):
        run_loop(bad, tmp_path / "run")


def test_a_correction_counts_whatever_the_time_of_its_file(paths, tmp_path):
    run = tmp_path / "run"
    oracle = ["--active_learning.oracle.@misc", "spacy_deepal.FileOracle.v1"]
    values = overrides(paths, rounds=1, passes=1, min_updates=2)
    command = ["run", AL_CONFIG, run, *options(values), *oracle]

    def label(number, first):
        lines = read_jsonl(run / f"round_0{number}" / "to_label.jsonl")
        token = lines[0]["tokens"][0]
        lines[0]["spans"] = [{"start": 0, "end": token["end"], "label": first}]
        write_jsonl(run / f"round_0{number}" / "labelled.jsonl", lines)

    call(*command)
    label(0, "PER")
    call(*command)
    batch = run / "round_00" / "batch.spacy"
    label(0, "LOC")
    label(1, "PER")
    old = batch.stat().st_mtime - 3600
    os.utime(run / "round_00" / "labelled.jsonl", (old, old))
    assert call(*command)[0] == 0
    docs = read_shards(batch, spacy.blank("xx").vocab)
    assert [ent.label_ for doc in docs for ent in doc.ents] == ["LOC"]


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (OSError(28, "No space left on device", "a/b"), 1, "a/b: No space left on device. What is"),
        (MemoryError(), 1, "There is not enough memory. What is finished is kept."),
        (RuntimeError("CUDA out of memory"), 1, "There is not enough memory."),
        (KeyboardInterrupt(), 130, "Stopped. What is finished is kept."),
        (Terminated(), 143, "Stopped. What is finished is kept."),
        (DeepALError("\x1b[31mred\x07"), 1, r"\x1b[31mred\x07"),
    ],
)
def test_what_stops_a_command_is_one_message_and_a_status(error, status, message, capsys):
    with pytest.raises(typer.Exit) as exit, show_errors():
        raise error
    assert exit.value.exit_code == status
    assert message in " ".join(capsys.readouterr().out.split())


def test_a_command_that_keeps_nothing_does_not_say_that_it_does(capsys):
    for error in (KeyboardInterrupt(), MemoryError(), OSError(5, "Input/output error")):
        with pytest.raises(typer.Exit), show_errors(keeps=False):
            raise error
        output = capsys.readouterr().out
        assert "is kept" not in output
        assert "To begin anew, give the same command again." in " ".join(output.split())


def test_what_a_terminal_would_obey_in_a_name_is_spelled_out(tmp_path):
    folder = tmp_path / "\u202e\x9b2J"
    write_pools(folder, pool=make_docs(3, 1))
    for args in (
        ["init-config", folder / "al.cfg"],
        ["export", folder / "pool", folder / "out.conll", "--format", "iob2"],
        ["convert", folder / "pool", folder / "out"],
    ):
        status, output = call(*args)
        assert (status, "\\u202e\\x9b2J" in output) == (0, True), output
        assert printable(output) == output


def test_each_command_prints_what_a_terminal_may_see():
    own = Path(cli.__file__).parent
    for file in own.glob("*.py"):
        text = file.read_text(encoding="utf8")
        assert file.name == "_app.py" or "wasabi" not in text, file


def test_a_fault_of_ours_is_not_hidden():
    with pytest.raises(ZeroDivisionError), show_errors():
        _ = 1 / 0
    with pytest.raises(RuntimeError), show_errors():
        raise RuntimeError("a bug")


def test_what_a_terminal_would_obey_is_spelled_out():
    assert printable("é中\x1b[2J\u202eab\nc\x9b\t") == "é中\\x1b[2J\\u202eab\nc\\x9b\\t"


NLP_LINE = AL_CONFIG.read_text(encoding="utf8").splitlines().index("[nlp]") + 1


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[nlp]", "[nlp", f"line {NLP_LINE}: "),
        ("passes = ", "passes = 2\npasses = ", "already exists"),
        ("seed = 0", "seed = ${system.nope}", "system.nope"),
        ("seed = 0", "seed = ${system.nope", "invalid interpolation syntax"),
        ("[nlp]", "[paths]\n[nlp]", "section 'paths' already exists"),
    ],
)
def test_a_broken_config_is_named_with_its_line(old, new, message, tmp_path):
    text = AL_CONFIG.read_text(encoding="utf8")
    assert old in text
    (tmp_path / "broken.cfg").write_text(text.replace(old, new, 1), encoding="utf8")
    status, output = call("run", tmp_path / "broken.cfg", tmp_path / "run")
    assert status == 1
    assert "broken.cfg, line " in output
    assert message in output


def test_a_config_in_another_encoding_is_named_with_its_line(tmp_path):
    (tmp_path / "latin.cfg").write_bytes(b"# one\n# M\xfcller\n" + AL_CONFIG.read_bytes())
    status, output = call("run", tmp_path / "latin.cfg", tmp_path / "run")
    assert (status, "latin.cfg, line 2 is not UTF-8: it has the byte 0xfc" in output) == (1, True)


def test_a_number_that_is_none_is_named_with_section_and_key(config, tmp_path):
    bad = config(1)
    bad["training"]["optimizer"]["learn_rate"] = float("nan")
    with pytest.raises(DeepALError, match=r"\[training\.optimizer\] learn_rate = nan: must be"):
        run_loop(bad, tmp_path / "run")


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("training.dropout", "7", "[training] dropout = 7: must be from 0 to 1"),
        ("nlp.lang", "5", "[nlp] lang = 5: must be a language code"),
        ("corpora.train", "3", "[corpora] train = 3: must be a section"),
        ("active_learning.acquisition.@acquisition", "null", "[active_learning] acquisition: must"),
        ("active_learning.oracle.@misc", "spacy.LowerCase.v1", "[active_learning] oracle: "),
    ],
)
def test_an_odd_value_is_named_with_section_and_key(option, value, message, paths, tmp_path):
    command = ["run", AL_CONFIG, tmp_path / "run", *options(overrides(paths))]
    status, output = call(*command, f"--{option}", value)
    assert (status, message in output) == (1, True), output
    assert not (tmp_path / "run").exists()


ODD = {"huge": 10**400, "unprintable": 10**5000, "text": "a", "none": None, "complex": 1j}
ODD |= {"nan": float("nan"), "list": [1], "infinite": float("-inf")}


@pytest.mark.parametrize("value", ODD.values(), ids=ODD)
def test_a_function_that_gives_no_finite_number_is_an_error(value, paths):
    nlp = spacy.blank("xx")
    odd = type("Odd", (RAND,), {"__call__": lambda self, evidence: value})()
    with pytest.raises(DeepALError, match=r"gave .* to sentence 1-000. A score must be a finite"):
        list(score_docs(nlp, read_shards(paths["pool"], nlp.vocab), odd))
