"""The scripts that print tables, and the pages that have them."""

import pytest
import typer

from spacy_deepal.files import write_jsonl

from ..pools import read_jsonl
from ..report.build import make_row
from .conftest import SCRIPTS

DOCS = SCRIPTS.parents[2] / "docs"


@pytest.mark.parametrize("name", ["large_table", "encoder_table"])
def test_the_pages_have_the_tables_of_what_is_recorded(name, script, capsys):
    script(name).main()
    summary, *rounds = capsys.readouterr().out.strip().split("\n\n")
    repair = f"Paste what `python scripts/{name}.py` prints in projects/paper"
    assert f"\n\n{summary}\n\n" in (DOCS / "results.md").read_text(encoding="utf8"), repair
    appendix = (DOCS / "results_small.md").read_text(encoding="utf8")
    for head, table in zip(rounds[::2], rounds[1::2], strict=True):
        assert f"\n\n{head}\n\n{table}\n" in appendix, repair


@pytest.mark.parametrize("data", ["demo-en", "crossner", "uner-ewt", "nerkor"])
def test_the_page_has_what_is_recorded_of_genres(data, script, capsys):
    script("genres_table").main(data)
    choices, _ = capsys.readouterr().out.strip().split("\n\n", 1)
    repair = f"Paste what `python scripts/genres_table.py {data}` prints in projects/paper"
    assert f"\n\n{choices}\n\n" in (DOCS / "results_small.md").read_text(encoding="utf8"), repair


def test_the_page_has_the_table_of_functions(script, capsys):
    script("functions_table").main()
    repair = "Paste what `python scripts/functions_table.py` prints in projects/paper"
    page = (DOCS / "results_small.md").read_text(encoding="utf8")
    assert f"\n\n{capsys.readouterr().out.strip()}\n\n" in page, repair


def test_the_page_has_the_table_of_what_is_missing(script, capsys):
    script("missing").main()
    parts = capsys.readouterr().out.strip().split("\n\n")
    tables = dict(zip(parts[::2], parts[1::2], strict=True))
    page = (DOCS / "results.md").read_text(encoding="utf8")
    assert f"\n\n{tables['**gmb**, by type:']}\n\n" in page
    appendix = (DOCS / "results_small.md").read_text(encoding="utf8")
    for data in ("craft", "nerkor"):
        assert f"\n\n{tables[f'**{data}**, by type:']}\n\n" in appendix
    system, words, *shares = tables["**gmb**, by what was labelled:"].splitlines()[3].split(" | ")
    assert (system, words) == ("| MNLP", "20.0%")
    for share in shares[:3]:
        assert f"{share}%" in page


@pytest.mark.parametrize("name", ["agreement", "ceiling_table"])
def test_the_page_has_the_tables_of_what_limits_the_curves(name, script, capsys):
    script(name).main()
    repair = f"Paste what `python scripts/{name}.py` prints in projects/paper"
    page = (DOCS / "results.md").read_text(encoding="utf8")
    assert f"\n\n{capsys.readouterr().out.strip()}\n\n" in page, repair


def lines_of(name, curves, seed=0):
    """Lines of a function's rounds at 0, 10, 20 ... percent of 1,000 words."""
    head = {"data": "tiny", "acquisition": name, "seed": seed}
    return [head | make_row(number, 10.0 * number, f) for number, f in enumerate(curves)]


def all_words(name, f, seed=0):
    return {"data": "tiny", "acquisition": name, "seed": seed} | make_row(0, 100.0, f)


def difference(number, value, seeds, decided=True):
    spread = {"low": value - 0.01, "high": value + 0.01}
    line = {"data": "tiny", "acquisition": "MNLP", "baseline": "RAND", "seeds": seeds}
    line |= {"round": number, "words_percent": None if number is None else 10.0 * number}
    return line | {
        "difference": value,
        **spread,
        "seeds_difference": [value for _ in seeds],
        "decided": decided,
    }


@pytest.fixture
def large(tmp_path):
    """A large set with two seeds: its curves, and its differences."""
    curves = [all_words("full", 0.8), all_words("crf", 0.6)]
    for seed in (0, 1):
        curves += lines_of("MNLP", (0.4, 0.7 + seed / 10, 0.8), seed)
        curves += lines_of("RAND", (0.4, 0.5 + seed / 10, 0.7), seed)
    found = [(0, 0.0, False), (1, 0.2, True), (2, 0.0004, False), (None, 0.15, True)]
    paired = [difference(number, value, [0, 1], decided) for number, value, decided in found]
    write_jsonl(tmp_path / "large.jsonl", curves)
    write_jsonl(tmp_path / "paired.jsonl", paired)
    return tmp_path / "large.jsonl", tmp_path / "paired.jsonl"


def test_a_large_set_has_the_numbers_worked_out_by_hand(script, large, capsys):
    script("large_table").main(*large)
    lines = capsys.readouterr().out.splitlines()
    cells = "20.0% (200) | over 20.0% | 10.0% (100) | 50% at 70.0 | 20.0% (200) | 80.0 | 70.0"
    interval = "-1.0 to +1.0, not decided"
    assert lines[2] == f"| tiny | 1,000 | 2 | 80.0 (1 of 2 seeds) | {cells} | +0.04 | {interval} |"
    assert lines[3].startswith("| the paper, English | 1,088,503 |  | 86.5 | 24.9% |  | 12.0% |")
    assert lines[4].startswith("| the paper, Chinese | 756,063 |  | 75.6 | 30.1% |  | 16.9% |")
    assert lines[6] == "**tiny** (1,000 words; full data 80.0 (1 of 2 seeds), CRF 60.0):"
    assert lines[10:] == [
        "| 0.0% (0) | 40.0 | 40.0 | 0 |  |  |",
        "| 10.0% (100) | 75.0 | 55.0 | +20.0 | +19.0 to +21.0 | +20.0, +20.0 |",
        "| 20.0% (200) | 80.0 | 70.0 | +0.04 | -1.0 to +1.0, not decided | +0.04, +0.04 |",
        "| mean after the seed set | 77.5 | 62.5 | +15.0 | +14.0 to +16.0 | +15.0, +15.0 |",
    ]


def test_other_functions_stand_beside_mnlp_with_the_seeds_that_were_compared(script, large, capsys):
    curves, paired = large
    lines = read_jsonl(curves) + lines_of("LC", (0.4, 0.6, 0.75), seed=1)
    write_jsonl(curves, lines)
    found = [(1, -0.2, True), (2, -0.05, True), (None, -0.125, True)]
    lines = [difference(number, value, [1], decided) for number, value, decided in found]
    others = [line | {"acquisition": "LC", "baseline": "MNLP"} for line in lines]
    write_jsonl(paired, read_jsonl(paired) + others)
    script("large_table").main(curves, paired)
    lines = capsys.readouterr().out.splitlines()
    assert lines[15] == "**tiny**, other functions beside MNLP:"
    assert lines[19:] == ["| LC | 1 | 20.0% (200) | 75.0 | 80.0 | -12.5 | -13.5 to -11.5 | -12.5 |"]


def test_differences_of_other_seeds_than_the_curves_are_an_error(script, large, capsys):
    curves, paired = large
    write_jsonl(paired, [difference(1, 0.2, [0, 2])])
    with pytest.raises(typer.Exit):
        script("large_table").main(curves, paired)
    said = capsys.readouterr().out
    assert "is not of the same seeds" in said
    assert "MNLP:0,1" in "".join(said.split())
    assert "paired.jsonl:0,2" in "".join(said.split())  # the message is wrapped
    write_jsonl(paired, [difference(1, 0.2, [1])])  # those whose models are there
    script("large_table").main(curves, paired)
    assert "| +20.0 (seed 1) |" in capsys.readouterr().out


def test_without_a_model_of_all_words_there_is_no_row(script, large, capsys):
    curves, paired = large
    write_jsonl(curves, lines_of("MNLP", (0.4,)) + lines_of("RAND", (0.4,)))
    with pytest.raises(typer.Exit):
        script("large_table").main(curves, paired)
    assert "no model of all words of tiny" in " ".join(capsys.readouterr().out.split())


@pytest.fixture
def encoder(tmp_path):
    """A small set with the encoder and without it, with one seed each."""
    full = all_words("full", 0.8)
    runs = lines_of("MNLP", (0.4, 0.7, 0.8)) + lines_of("RAND", (0.4, 0.5, 0.65))
    write_jsonl(tmp_path / "encoder.jsonl", [full, *runs])
    plain = lines_of("RAND", (0.1, 0.2)) + lines_of("MNLP", (0.1, 0.3, 0.4, 0.5))
    write_jsonl(tmp_path / "plain.jsonl", [all_words("full", 0.6), *plain])
    return tmp_path / "encoder.jsonl", tmp_path / "plain.jsonl"


def test_a_set_with_an_encoder_stands_beside_the_rounds_without_it(script, encoder, capsys):
    script("encoder_table").main(*encoder)
    lines = capsys.readouterr().out.splitlines()
    reached = "10.0% (100) | 20.0% (200) | 20.0% (200) | over 20.0% | 50% at 65.0"
    ends = "20.0% (200) | 80.0 | 65.0 | +15.0"
    assert lines[2] == f"| tiny | 1,000 | 1 | 80.0 | 60.0 | {reached} | {ends} |"
    assert lines[4] == "**tiny** (all words with the encoder 80.0, without it 60.0):"
    assert lines[6:] == [
        "| words | MNLP with the encoder | RAND with the encoder | MNLP | RAND |",
        "|---|---|---|---|---|",
        "| 0.0% (0) | 40.0 | 40.0 | 10.0 | 10.0 |",
        "| 10.0% (100) | 70.0 | 50.0 | 30.0 | 20.0 |",
        "| 20.0% (200) | 80.0 | 65.0 | 40.0 |  |",
    ]


def test_without_pairs_there_is_no_row_of_a_set_with_an_encoder(script, encoder, capsys):
    curves, plain = encoder
    write_jsonl(curves, [all_words("full", 0.8), *lines_of("MNLP", (0.4, 0.7))])
    with pytest.raises(typer.Exit):
        script("encoder_table").main(curves, plain)
    assert "does not have MNLP and RAND with the same seeds" in " ".join(
        capsys.readouterr().out.split()
    )


def test_a_difference_that_is_not_zero_does_not_look_like_zero(script):
    signed = script("results").signed
    assert [signed(points) for points in (0, 0.04, -0.047, 1.25, -3)] == [
        *("0", "+0.04", "-0.05", "+1.2", "-3.0")
    ]
