"""genres.py on a tiny corpus of three genres, and its test of significance."""

import random
from collections import Counter
from itertools import permutations
from math import factorial

import pytest
import typer
from spacy.util import load_config
from typer.testing import CliRunner

from spacy_deepal.rounds.training import train_full

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
    genres = ("--genre", "nw", "--genre", "tc")
    code, out = run("--seed", "3", *genres, "--budget", "0.5", "--first", "4")
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
        assert (line["data"], line["seed"]) == ("data", 3)
        assert (line["budget"], line["first"]) == (0.5, 4)
        assert sum(counts["sentences"] for counts in line["first_picks"].values()) == 4
        for genre, counts in line["first_picks"].items():
            assert counts["sentences"] <= line["picks"][genre]["sentences"]
        assert 0 < sum(counts["words"] for counts in line["picks"].values()) <= pool / 2
        assert line["words"] > 0
        assert 0 <= line["genre_ents_f"] <= 1
    # 18 sentences of each genre, a third of the words of each in the pool.
    in_pool = {genre: counts["sentences"] for genre, counts in half["pool"].items()}
    assert without["sentences"] == 36 - in_pool["bn"] - in_pool["tc"]
    assert alone["sentences"] == 18 - in_pool["nw"]
    assert half["sentences"] == pytest.approx((54 - sum(in_pool.values())) / 2, abs=3)
    assert {k: v for k, v in half.items() if k not in ("genre", "genre_ents_f")} == {
        k: v for k, v in lines[3].items() if k not in ("genre", "genre_ents_f")
    }


def test_the_model_of_half_of_the_data_is_trained_once_a_seed(run, tmp_path, monkeypatch):
    trained = []

    def train(config, output, **options):
        trained.append(output.parent.name)
        return train_full(config, output, **options)

    monkeypatch.setattr("spacy_deepal.experiment.simulation.train_full", train)
    write_data(tmp_path / "data")
    code, out = run("--seed", "0", "--genre", "nw", "--genre", "tc", max_steps=2)
    assert code == 0, out
    assert trained == ["half", "without-nw", "alone-nw", "without-tc", "alone-tc"]


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


def test_the_tail_is_that_worked_out_by_hand(script):
    tail = script("permutation").tail
    # The largest of three, in one seed and in two: one of 3 and of 3 * 3 ways.
    assert tail([[5, 1, 2]], 5) == 1 / 3
    assert tail([[5, 1, 2], [4, 6, 3]], 11) == 1 / 9
    # At least 8 of 5, 1, 2 and 4, 6, 3: 5 + 4, 5 + 6, 5 + 3, 2 + 6.
    assert tail([[5, 1, 2], [4, 6, 3]], 8) == 4 / 9
    # Numbers that are the same count as often as they are there.
    assert tail([[2, 2, 0]], 2) == 2 / 3
    # The tail and that of one more on the other side are all there is.
    drawn = [[5, 1, 2, 2], [4, 6, 3, 0], [1, 1, 7, 2]]
    other = [[-number for number in numbers] for numbers in drawn]
    assert tail(drawn, 9) + tail(other, -8) == pytest.approx(1)
    assert tail([[3]], 3) == 1


def test_all_orders_of_the_rows_are_summed_along_the_diagonal(script):
    permuted = script("permutation").permuted
    assert permuted([[1, 2], [4, 8]]) == {9: 1, 6: 1}
    assert permuted([[1, 0, 0], [0, 1, 0], [0, 0, 1]]) == {3: 1, 1: 3, 0: 2}
    table = [[3, 1, 4, 1], [5, 9, 2, 6], [5, 3, 5, 8], [9, 7, 9, 3]]
    orders = permutations(range(4))
    sums = [sum(table[row][column] for column, row in enumerate(order)) for order in orders]
    assert permuted(table) == Counter(sums)
    assert permuted([[0] * 12] * 12) == {0: factorial(12)}


def line_of(genre, seed, training, **chosen):
    """A line whose model chose so many sentences of each genre."""
    counts = {name: {"sentences": n, "words": 5 * n} for name, n in chosen.items()}
    line = {"genre": genre, "seed": seed, "training": training, "first": 10, "words": 100}
    line |= {"ents_f": 0.5, "genre_ents_f": 0.4, "pool": counts}
    return line | {"picks": counts, "first_picks": counts}


def test_a_genre_is_compared_within_each_seed(script, capsys):
    lines = []
    for seed, of_nw in ((0, (5, 3, 4)), (1, (7, 7, 6))):
        for genre, chosen in zip(("nw", "tc", "wb"), of_nw, strict=True):
            lines += [
                line_of(genre, seed, "half", nw=6, tc=2, wb=2),
                line_of(genre, seed, "without", nw=chosen, tc=8 - chosen, wb=2),
                line_of(genre, seed, "alone", nw=2, tc=4, wb=4),
            ]
    table = script("genres_table")
    nw, _, wb = table.summarise(lines)
    # 5 + 7 of nw. Of 3 * 3 ways to take a model of each seed, 5 + 7 and 5 + 7 reach that.
    assert nw.more == 2 / 9
    assert (nw.others.low, nw.others.high) == (35, 65)
    assert wb.more == nw.less == 1
    # The orders of seed 0 have 12, 11, 8, 9, 9, 11 on the diagonal, those of seed 1 have 10, 11,
    # 10, 11, 9, 9. 12 and 10 or 11 is 4 ways, 11 and 11 is 4 ways, of 36.
    assert table.p_of_all(lines, "without") == 8 / 36
    table.print_table(lines)
    out = capsys.readouterr().out
    assert (
        "more of it than the half-data model in 2 of 6 pairs of a genre and a seed, less in 2"
        in out
    )
    assert "lacked another genre in 3 of 6 pairs of a genre and a seed, less in 1" in out
    assert "Over all genres: p = 0.222 (more), 1.000 (less)." in out
