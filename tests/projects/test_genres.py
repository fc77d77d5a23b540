"""genres.py on a tiny corpus of three genres, and its test of significance."""

import random
from fractions import Fraction

import pytest
import typer
from spacy.util import load_config
from typer.testing import CliRunner

from ..pools import AL_CONFIG, PEOPLE, PLACES, TEXTS, overrides, read_jsonl

GENRES = ("bn", "nw", "tc")


def write_data(folder, genres=GENRES):
    """Write people and places in three splits, a genre after the other."""
    draw = random.Random(0)
    for split, count in (("train", 18), ("dev", 5), ("test", 5)):
        sentences = []
        for genre in genres:
            for number in range(count):
                person, place = draw.choice(PEOPLE), draw.choice(PLACES)
                words = TEXTS[number % len(TEXTS)].format(person=person, place=place).split()
                labels = {person: "B-PER", place: "B-LOC"}
                rows = "".join(f"{word}\t{labels.get(word, 'O')}\n" for word in words)
                sentences.append(f"# genre = {genre}\n{rows}" if genre else rows)
        folder.mkdir(exist_ok=True)
        (folder / f"{split}.iob2").write_text("\n".join(sentences), encoding="utf8")
    return folder


@pytest.fixture
def run(script, tmp_path):
    """Runs genres.py with a config for a tiny corpus. RETURNS: the exit code, what it printed."""
    app = typer.Typer()
    app.command()(script("genres").main)
    values = overrides({}) | {"training.eval_frequency": 10}
    load_config(AL_CONFIG, overrides=values, interpolate=False).to_disk(tmp_path / "tiny.cfg")

    def call(*args, max_steps=20):
        paths = [tmp_path / name for name in ("tiny.cfg", "data", "runs")]
        output = ["--output", tmp_path / "genres.jsonl", "--max-steps", max_steps]
        args = [str(arg) for arg in (*paths, *output, "--lang", "xx", *args)]
        result = CliRunner().invoke(app, args)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.output

    return call


def test_three_models_choose_from_one_pool_that_none_has_seen(run, tmp_path):
    write_data(tmp_path / "data")
    code, out = run("--seed", "3", "--genre", "nw", "--genre", "tc", "--budget", "0.5")
    assert code == 0, out
    lines = read_jsonl(tmp_path / "genres.jsonl")
    assert [(line["genre"], line["training"]) for line in lines] == [
        (genre, training) for genre in ("nw", "tc") for training in ("half", "without", "alone")
    ]
    half, without, alone = lines[:3]
    (made_of,) = {line["made_of"] for line in lines}
    assert "max_steps = 20\n" in (tmp_path / "configs" / f"{made_of}.cfg").read_text()
    assert all(line["pool"] == half["pool"] for line in lines)
    assert set(half["pool"]) == set(GENRES)
    pool = sum(counts["words"] for counts in half["pool"].values())
    for line in lines:
        assert (line["data"], line["seed"], line["budget"]) == ("data", 3, 0.5)
        assert 0 < sum(counts["words"] for counts in line["picks"].values()) <= pool / 2
        assert line["words"] > 0
        assert 0 <= line["genre_ents_f"] <= 1
    # 18 sentences of each genre, a third of the words of each in the pool.
    in_pool = {genre: counts["sentences"] for genre, counts in half["pool"].items()}
    assert without["sentences"] == 36 - in_pool["bn"] - in_pool["tc"]
    assert alone["sentences"] == 18 - in_pool["nw"]
    assert half["sentences"] == pytest.approx((54 - sum(in_pool.values())) / 2, abs=3)
    assert half["p"] is None
    assert 0 < without["p"] <= 1
    assert {k: v for k, v in half.items() if k not in ("genre", "genre_ents_f")} == {
        k: v for k, v in lines[3].items() if k not in ("genre", "genre_ents_f")
    }


def test_the_table_is_of_the_records_or_there_is_none(script, capsys):
    script("genres_table").main("demo-en")
    assert "of 18 pairs" in capsys.readouterr().out
    with pytest.raises(typer.Exit):
        script("genres_table").main("nothing")
    said = " ".join(capsys.readouterr().out.split())
    assert "holds no line of data nothing and acquisition MNLP." in said


def test_what_is_trained_is_not_trained_again(run, tmp_path, monkeypatch):
    write_data(tmp_path / "data")
    first = run("--seed", "0", "--genre", "nw")[1]
    recorded = (tmp_path / "genres.jsonl").read_bytes()
    page = (tmp_path / "runs" / "data" / "genres.html").read_bytes()
    assert (tmp_path / "runs" / "data" / "genres.png").read_bytes().startswith(b"\x89PNG")
    (tmp_path / "genres.jsonl").unlink()  # killed before it was written
    monkeypatch.setattr("spacy_deepal.experiment.simulation.train_full", None)
    again = run("--seed", "0", "--genre", "nw")[1]
    assert (tmp_path / "genres.jsonl").read_bytes() == recorded
    assert (tmp_path / "runs" / "data" / "genres.html").read_bytes() == page
    table = first[first.index("| genre |") :]
    assert again[again.index("| genre |") :] == table
    assert table.count("\n| nw |") == 2


@pytest.mark.parametrize(("names", "found"), [(["nw"], "nw"), ([None], "none is named")])
def test_fewer_than_two_genres_are_an_error(run, tmp_path, names, found):
    write_data(tmp_path / "data", names)
    code, out = run()
    assert code == 1
    out = " ".join(out.split())
    assert f"{len(names) if names[0] else 0} genres ({found}). At least two are needed." in out
    assert "# genre = NAME" in out
    assert not (tmp_path / "genres.jsonl").exists()


def test_a_genre_that_is_not_there_is_an_error(run, tmp_path):
    write_data(tmp_path / "data")
    code, out = run("--genre", "mz")
    assert code == 1
    assert "There is no genre mz; there are bn, nw, tc." in " ".join(out.split())


def test_fishers_test_on_tables_computed_by_hand(script):
    fisher = script("fisher").fisher
    # Fisher's tea: 3 of 4 cups told right; (C(4,3) C(4,1) + 1) / C(8,4).
    assert fisher(3, 1, 1, 3) == pytest.approx(17 / 70)
    assert fisher(4, 0, 0, 4) == pytest.approx(1 / 70)
    # C(7,k) C(8,6-k) over C(15,6) = 5005: 7 * 8 * ... for k = 5 and 6.
    assert fisher(5, 1, 2, 7) == pytest.approx(float(Fraction(21 * 8 + 7, 5005)))
    assert fisher(0, 5, 3, 2) == 1
    assert fisher(2, 0, 3, 0) == 1
    # The tail and that of one more on the other side are all there is.
    assert fisher(33, 89, 28, 97) + fisher(29, 96, 32, 90) == pytest.approx(1)
    # The paper's 367 against 217 of 1,000 sentences, too rare for chance.
    assert 0 < fisher(367, 633, 217, 783) < 1e-12


def test_sign_test_counts_the_tail_of_fair_coins(script):
    sign_test = script("fisher").sign_test
    assert sign_test(3, 0) == 1 / 8
    assert sign_test(2, 1) == 4 / 8
    assert sign_test(0, 3) == 1
    assert sign_test(0, 0) == 1
