# ruff: noqa: RUF001 (the page sets dashes and minus signs as such)
import re
from html.parser import HTMLParser

import pytest
import srsly

from spacy_deepal.errors import DeepALError
from spacy_deepal.labelling.journal import NewLabel
from spacy_deepal.labelling.labelling_folder import LabellingFolder
from spacy_deepal.report.compare import read_comparison
from spacy_deepal.report.page import duration, genre_shares, write_report
from spacy_deepal.report.runs import read_runs

from ..annotation.build import answer
from ..pools import write_sealed_value, write_sealed_values
from .build import make_batch, make_calibration, make_doc, make_row, make_run

VOID = {"meta", "link", "br"}


class Page(HTMLParser):
    """The tables of a page as text, and a check that every element is closed in its turn."""

    def __init__(self, html: str):
        super().__init__()
        self.open: list[str] = []
        self.tables: list[list[list[str]]] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")
        elif tag in ("small", "br"):
            self.handle_data(" ")

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if {"td", "th"} & set(self.open):
            self.tables[-1][-1][-1] += data.strip("\n")


@pytest.fixture
def runs(tmp_path):
    return [
        make_run(tmp_path / "m0", "MNLP", 0, ((1, 0.5), (10, 0.78), (25, 0.8))),
        make_run(tmp_path / "m1", "MNLP", 1, ((1, 0.5), (15, 0.8), (25, 0.82))),
        make_run(tmp_path / "r0", "RAND", 0, ((1, 0.5), (50, 0.795), (100, 0.8))),
    ]


def read(run_dirs, output, title="Runs", **models) -> str:
    return write_report(read_comparison(run_dirs, **models), output, title).read_text("utf8")


def test_table_says_what_each_run_needed(tmp_path, runs):
    comparison = Page(read(runs, tmp_path / "report.html")).tables[0]
    assert [" | ".join(row[:5]) for row in comparison[1:]] == [
        "MNLP, seed 0 | 25.0% | 80.00 | 80.00 | 25.0% 250 words",
        "MNLP, seed 1 | 25.0% | 82.00 | 82.00 | 15.0% 150 words",
        "MNLP, mean | 25.0% | 81.00 80.00–82.00 | 81.00 80.00–82.00 | 20.0% 15.0%–25.0% 200 words",
        "RAND, seed 0 | 100.0% | 80.00 | 80.00 | 50.0% 500 words",
    ]
    assert [row[6] for row in comparison[1:]] == [
        "50.0% at F1 79.20",
        "–",
        "50.0% at F1 79.20",
        "–",
    ]
    assert {tuple(row[7:]) for row in comparison[1:]} == {("6.0 s", "1 min 30 s")}
    # MNLP 0 from 1% to 25%: (9 * 64 + 15 * 79) / 24.
    assert comparison[1][5] == "73.38"


def test_page_says_in_words_who_reached_99_percent(tmp_path, runs):
    text = re.sub(r"<[^>]+>", "", read(runs, tmp_path / "report.html"))
    assert "MNLP reached 99% of the full-data F1 with 20.0% of the words (mean of 2 runs)." in text
    assert "RAND reached 99% of the full-data F1 with 50.0% of the words." in text
    assert "Full-data F1: 80.00 (the last round of the run that labelled the whole pool)." in text


def test_full_data_f1_from_a_file_can_be_out_of_reach(tmp_path, runs):
    full = tmp_path / "full.json"
    srsly.write_json(full, {"ents_f": 0.9})
    page = read(runs, tmp_path / "report.html", full=[full])
    assert [row[4] for row in Page(page).tables[0][1:]] == ["not reached"] * 4
    assert "full.json" in page


def test_a_shallow_model_has_a_column_beside_the_papers_figures(tmp_path, runs):
    shallow = tmp_path / "crf.json"
    srsly.write_json(shallow, {"ents_f": 0.79})
    page = read(runs, tmp_path / "report.html", shallow=shallow)
    comparison = Page(page).tables[0]
    assert [row[5] for row in comparison] == [
        "Words to pass the shallow model",
        "25.0% 250 words",
        "15.0% 150 words",
        "20.0% 15.0%–25.0% 200 words",
        "50.0% 500 words",
        "12.0%, 16.9%",
    ]
    assert comparison[-1][4] == "24.9%, 30.1%"
    assert "Shallow model, trained on the whole pool: 79.00." in page
    text = re.sub(r"<[^>]+>", "", page)
    assert "with 20.0% of the words, and passed the shallow model with 20.0% (mean of 2" in text
    assert "shallow model: 79.00" in page


def test_a_page_shows_how_far_confidence_can_be_believed(tmp_path, runs):
    assert "Confidence after round" not in read(runs, tmp_path / "report.html")
    rows = [{**make_row(0, 1, 0.5), "calibration": make_calibration()}]
    write_sealed_values(runs[0] / "metrics.jsonl", rows)
    page = read(runs, tmp_path / "report.html")
    Page(page)
    assert page.count("Confidence after round") == 1
    assert "It is 20.00 before calibration and 5.00 after it, with a temperature of 1.50" in page
    assert "as the model says: error 20.0" in page
    assert "calibrated on dev: error 5.0" in page


def test_a_page_says_when_runs_passed_a_pipeline_without_labels(tmp_path, runs):
    baseline = {"name": "en_small", "pipeline": "x/en_small", "types": {}, "ents_p": 0.7}
    baseline |= {"ents_r": 0.86, "ents_f": 0.78, "dev_ents_f": 0.7}
    for run in runs[:2]:
        write_sealed_value(run / "baseline.json", baseline)
    text = re.sub(r"<[^>]+>", "", read(runs, tmp_path / "report.html"))
    assert (
        "en_small, without your labels: F1 78.00. MNLP, seed 0, passed it after 250 words; "
        "MNLP, seed 1, passed it after 150 words." in text
    )
    assert "en_small: 78.00" in text  # its line among the curves
    write_sealed_value(runs[0] / "baseline.json", {**baseline, "ents_f": 0.9})
    text = re.sub(r"<[^>]+>", "", read(runs, tmp_path / "report.html"))
    assert "F1 90.00. MNLP, seed 0, has not passed it with 250 words." in text


def test_functions_with_other_arguments_are_not_seeds_of_one(tmp_path):
    runs = [
        make_run(tmp_path / f"b{n}", "BALD", arguments={"samples": n} if n else {}) for n in (0, 20)
    ]
    comparison = Page(read(runs, tmp_path / "report.html")).tables[0]
    assert [row[0] for row in comparison[1:]] == ["BALD, seed 0", "BALD:samples=20, seed 0"]


def test_full_data_f1_that_is_not_known_is_said_to_be_so(tmp_path, runs):
    page = read(runs[:2], tmp_path / "report.html")
    assert [row[4] for row in Page(page).tables[0][1:]] == ["not known"] * 3
    assert "The full-data F1 is not known" in page


def test_rounds_genres_and_types_of_a_run(tmp_path, runs):
    tables = Page(read(runs[:1], tmp_path / "report.html")).tables
    _, rounds, by_words, by_sentences, types = tables
    assert rounds[1][:8] == ["0", "seed set", "10", "1.0", "10", "50.00", "50.00", "50.00"]
    assert rounds[1][8:10] == ["25.00", "–"]
    assert rounds[2][:3] == ["1", "by score", "100"]
    assert rounds[2][10:] == ["2.0 s", "0.1 s", "30.0 s", "1.0 s"]
    assert by_words[:3] == [
        ["% of words", "nw", "tc"],
        ["Pool", "75.0%", "25.0%"],
        ["Round 0", "50.0% −25", "50.0% +25"],
    ]
    assert by_sentences[:3] == [
        ["% of sentences", "nw", "tc"],
        ["Pool", "60.0%", "40.0%"],
        ["Round 0", "60.0% 0", "40.0% 0"],
    ]
    assert types[1][:4] == ["PERSON", "25.00", "50.00", "33.33"]


def test_page_says_where_the_stopping_rule_would_have_ended_a_run(tmp_path):
    curve = ((2, 0.3), (6, 0.5), (10, 0.6), (14, 0.65), (18, 0.64), (22, 0.68), (26, 0.67))
    run = make_run(tmp_path / "a", curve=curve, stability=(None, 0.8, 0.9, 1, 0.95, 0.96, 0.97))
    _, rounds, stops, *_ = Page(read([run], tmp_path / "report.html")).tables
    assert [row[9] for row in rounds] == [
        "Stability",
        *("–", "0.800", "0.900", "1.000", "0.950", "0.960", "0.970"),
    ]
    assert stops[1:] == [
        ["0.90", "3", "14.0%", "65.00", "+3.00", "+2.00"],
        ["0.95", "4", "18.0%", "64.00", "+4.00", "+3.00"],
        ["0.98", "not reached", *"––––"],
    ]


def test_a_run_that_recorded_no_stability_has_no_table_of_it(tmp_path, runs):
    assert "Stopping" not in read(runs, tmp_path / "report.html")


def test_one_genre_is_not_worth_a_table(tmp_path):
    pool = {"path": "p", "sentences": 1, "words": 9, "fingerprint": "f", "shards": {}}
    pool["genres"] = {"nw": {"sentences": 1, "words": 9}}
    (run,) = read_runs([make_run(tmp_path / "a", pool=pool)])
    assert genre_shares(run, "words") is None


def test_a_genre_of_the_pool_that_was_not_picked_has_share_zero(tmp_path):
    path = make_run(tmp_path / "a")
    row = make_row(0, 1, 0.5) | {"genres": {"nw": {"sentences": 1, "words": 10}}}
    write_sealed_values(path / "metrics.jsonl", [row])
    shares = genre_shares(read_runs([path])[0], "words")
    assert (shares["pool"]["tc"], shares["rounds"][0]["tc"]) == (25, 0)


def test_page_asks_the_network_for_nothing(tmp_path, runs):
    make_batch(runs[0], 0, [make_doc("See https://example.org now", ("now", "DATE"))], [None])
    page = read(runs, tmp_path / "report.html")
    assert "https://example.org" in page
    assert not re.search(r"""(?:src|href)\s*=\s*(?!["'](?:\#|data:,))""", page)
    assert not re.search(r"url\((?!#)", page)
    assert "@import" not in page
    assert "<script" not in page


def test_sentences_of_each_round_are_there_and_escaped(tmp_path, runs):
    hard = make_doc('Anna <img src="x"> & Ben', ("Anna", "PERSON"))
    make_batch(runs[0], 0, [make_doc("Nobody here.")], [None])
    make_batch(runs[0], 1, [hard, make_doc("我在北京。", lang="zh")], [-0.25, -1.5])
    page = read(runs[:1], tmp_path / "report.html", title="<i>Title</i>")
    Page(page)
    assert "Nobody here." in page
    assert "</mark> &lt;img src=&quot;x&quot;&gt; &amp; Ben" in page
    assert "我在北京。" in page
    assert "<b>−0.25</b>" in page
    assert "<h1>&lt;i&gt;Title&lt;/i&gt;</h1>" in page
    assert "# a &lt;b&gt;" in page


def test_long_batches_are_cut_and_the_total_is_told(tmp_path, runs):
    docs = [make_doc(f"sentence {number}") for number in range(40)]
    make_batch(runs[0], 0, docs, [None] * 40)
    page = read(runs[:1], tmp_path / "report.html")
    assert "40 sentences, 80 words; the first 30 shown" in page
    assert "sentence 29<" in page
    assert "sentence 30<" not in page


def test_many_rounds_share_the_room_for_sentences(tmp_path, runs, monkeypatch):
    monkeypatch.setattr("spacy_deepal.report.page.SENTENCES_A_PAGE", 6)
    for number in range(2):
        docs = [make_doc(f"round {number} sentence {place}") for place in range(5)]
        make_batch(runs[0], number, docs, [None] * 5)
    page = read(runs[:1], tmp_path / "report.html")
    assert page.count('class="entities"') == 6


def test_a_run_in_progress_is_shown_as_far_as_it_is(tmp_path, runs):
    make_batch(runs[0], 0, [make_doc("Trained on.")], [None])
    make_batch(runs[0], 3, [make_doc("In training.")], [1.0])
    last = make_batch(runs[0], 4, [make_doc("Being labelled.")], [1.0])
    (last / "batch.spacy").unlink()
    page = read(runs, tmp_path / "report.html")
    assert "In training." in page
    assert "1 sentence, 3 words; not labelled yet" in page


def test_a_run_without_rounds_is_shown_next_to_others_and_alone(tmp_path, runs):
    started = make_run(tmp_path / "new", "BALD", 0, ())
    page = read([*runs, started], tmp_path / "report.html")
    assert Page(page).tables[0][1] == ["BALD, seed 0", *"–––", "not reached", *"––––"]
    alone = read([started], tmp_path / "alone.html")
    assert "No round is finished yet." in alone
    assert "<svg" not in alone


def test_runs_from_different_pools_are_said_not_to_compare(tmp_path, runs):
    pool = srsly.read_json(runs[0] / "manifest.json")["pool"] | {"fingerprint": "beef"}
    other = make_run(tmp_path / "other", seed=5, pool=pool)
    assert "do not compare" in read([*runs, other], tmp_path / "report.html")
    assert "do not compare" not in read(runs, tmp_path / "report.html")


def test_report_replaces_the_old_one_and_leaves_nothing_else(tmp_path, runs):
    output = tmp_path / "out" / "report.html"
    assert write_report(read_comparison(runs), output) == output
    first = output.read_bytes()
    write_report(read_comparison(runs), output)
    assert output.read_bytes() == first
    assert [path.name for path in output.parent.iterdir()] == ["report.html"]


def test_a_folder_cannot_be_the_report(tmp_path, runs):
    with pytest.raises(DeepALError, match="is a folder"):
        write_report(read_comparison(runs), tmp_path)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min 00 s"),
        (3599.4, "59 min 59 s"),
        (3599.6, "1 h 00 min"),
        (7320, "2 h 02 min"),
    ],
)
def test_durations_read_as_people_write_them(seconds, text):
    assert duration(seconds) == text


def test_sentences_that_people_labelled_differently_are_shown_as_text(tmp_path):
    run = make_run(tmp_path / "run")
    journal = LabellingFolder(run).journal
    journal.mend()
    tokens = ["<b>Ada</b> ", "knew"]
    said = {"ada": [(0, 1, "PER")], "bob": []}
    events = [answer("a", ents, by=name, tokens=tokens) for name, ents in said.items()]
    for event in (NewLabel(at="2026", by="command", label="PER"), *events):
        journal.append(event)
    html = write_report(read_comparison([run]), tmp_path / "r.html").read_text(encoding="utf8")
    Page(html)
    assert "Sentences that people labelled differently" in html
    assert "<b>ada</b>: &lt;b&gt;Ada&lt;/b&gt; (PER)</div>" in html
    assert '<b>bob</b>: no entity <span class="muted">(counts)</span>' in html
