"""benchmarks/genres.py on a tiny corpus of three genres, and its test of significance."""

import json
import random
from fractions import Fraction

import pytest
from typer.testing import CliRunner

from .pools import AL_CONFIG, PEOPLE, PLACES, TEXTS, options, overrides
from .test_benchmarks import BENCHMARKS

GENRES = ("bn", "nw", "tc")


@pytest.fixture(autouse=True)
def programs(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)


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


def run(tmp_path, *args):
    """Run the program with a config for a tiny corpus: the exit code, what it printed."""
    from genres import app

    config = overrides({}) | {"training.max_steps": 20, "training.eval_frequency": 10}
    paths = [AL_CONFIG, tmp_path / "data", tmp_path / "runs", "--output", tmp_path / "genres.jsonl"]
    call = [*map(str, paths), "--lang", "xx", *args, *options(config)]
    result = CliRunner().invoke(app, call)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def read_lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf8").splitlines()]


def test_three_models_choose_from_one_pool_that_none_has_seen(tmp_path):
    write_data(tmp_path / "data")
    code, out = run(tmp_path, "--seed", "3", "--genre", "nw", "--genre", "tc", "--budget", "0.5")
    assert code == 0, out
    lines = read_lines(tmp_path / "genres.jsonl")
    assert [(line["genre"], line["training"]) for line in lines] == [
        (genre, training) for genre in ("nw", "tc") for training in ("half", "without", "alone")
    ]
    half, without, alone = lines[:3]
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


def test_the_table_is_of_the_records_or_there_is_none(capsys):
    import genres_table
    import typer

    genres_table.main("demo-en")
    assert "of 18 pairs" in capsys.readouterr().out
    with pytest.raises(typer.BadParameter, match="no line of nothing and MNLP"):
        genres_table.main("nothing")


def test_what_is_recorded_is_not_run_again(tmp_path, monkeypatch):
    import genres

    write_data(tmp_path / "data")
    first = run(tmp_path, "--seed", "0", "--genre", "nw")[1]
    recorded = (tmp_path / "genres.jsonl").read_text().splitlines(keepends=True)
    page = (tmp_path / "runs" / "data" / "genres.html").read_bytes()
    assert (tmp_path / "runs" / "data" / "genres.png").read_bytes().startswith(b"\x89PNG")
    # Killed before the last line was written: the model is there.
    (tmp_path / "genres.jsonl").write_text("".join(recorded[:-1]))
    monkeypatch.setattr("spacy_deepal.experiment.simulation.train_full", None)
    run(tmp_path, "--seed", "0", "--genre", "nw")
    assert (tmp_path / "genres.jsonl").read_text() == "".join(recorded)
    monkeypatch.setattr(genres, "run_model", None)
    out = run(tmp_path, "--seed", "0", "--genre", "nw", "--training.dropout", "0.1")[1]
    assert "made of other data or with another config" in " ".join(out.split())
    again = run(tmp_path, "--seed", "0", "--genre", "nw")[1]
    assert (tmp_path / "genres.jsonl").read_text() == "".join(recorded)
    assert (tmp_path / "runs" / "data" / "genres.html").read_bytes() == page
    table = first[first.index("| genre |") :]
    assert again[again.index("| genre |") :] == table
    assert table.count("\n| nw |") == 2


@pytest.mark.parametrize(("names", "found"), [(["nw"], "nw"), ([None], "none is named")])
def test_fewer_than_two_genres_are_an_error(tmp_path, names, found):
    write_data(tmp_path / "data", names)
    code, out = run(tmp_path)
    assert code == 1
    out = " ".join(out.split())
    assert f"{len(names) if names[0] else 0} genres ({found}); two at least are needed" in out
    assert "# genre = NAME" in out
    assert not (tmp_path / "genres.jsonl").exists()


def test_a_genre_that_is_not_there_is_an_error(tmp_path):
    write_data(tmp_path / "data")
    code, out = run(tmp_path, "--genre", "mz")
    assert code == 1
    assert "There is no genre mz; there are bn, nw, tc." in " ".join(out.split())


def test_fishers_test_on_tables_computed_by_hand():
    from fisher import fisher

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


def test_sign_test_counts_the_tail_of_fair_coins():
    from fisher import sign_test

    assert sign_test(3, 0) == 1 / 8
    assert sign_test(2, 1) == 4 / 8
    assert sign_test(0, 3) == 1
    assert sign_test(0, 0) == 1
