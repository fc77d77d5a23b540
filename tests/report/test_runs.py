import pytest
import srsly

from spacy_deepal.errors import DeepALError
from spacy_deepal.report.runs import read_picks, read_runs, round_folders

from .build import make_row, make_run


def test_runs_come_ordered_by_function_and_seed(tmp_path):
    paths = [
        make_run(tmp_path / "a", "RAND", 1),
        make_run(tmp_path / "b", "RAND", 0),
        make_run(tmp_path / "c", "MNLP", 7),
    ]
    assert [(run.name, run.seed) for run in read_runs(paths)] == [
        ("MNLP", 7),
        ("RAND", 0),
        ("RAND", 1),
    ]


def test_a_run_gives_what_its_rounds_recorded(tmp_path):
    (run,) = read_runs([make_run(tmp_path / "a")])
    last = run.rounds[-1]
    assert (last.number, last.words, last.percent, last.f, last.dev_f) == (2, 200, 20, 0.8, None)
    assert run.seconds("train") == 90
    assert run.pool["words"] == 1000


def test_a_run_that_has_just_started_has_no_rounds(tmp_path):
    path = make_run(tmp_path / "a")
    (path / "metrics.jsonl").unlink()
    assert read_runs([path])[0].rounds == ()


@pytest.mark.parametrize("there", [True, False])
def test_a_folder_that_is_no_run_is_named(tmp_path, there):
    path = tmp_path / "elsewhere"
    if there:
        path.mkdir()
    with pytest.raises(DeepALError, match=r"elsewhere is not a run folder.*manifest\.json"):
        read_runs([path])


def test_a_folder_given_twice_is_named(tmp_path):
    path = make_run(tmp_path / "a")
    with pytest.raises(DeepALError, match=r"a is given 2 times"):
        read_runs([path, tmp_path / "." / "a"])


def test_no_folder_at_all_is_an_error():
    with pytest.raises(DeepALError, match="No run folder given"):
        read_runs([])


def test_a_manifest_of_a_later_format_is_refused(tmp_path):
    path = make_run(tmp_path / "a", format=2)
    with pytest.raises(DeepALError, match=r"manifest\.json has format 2.*reads format 1"):
        read_runs([path])


def test_a_manifest_that_lacks_a_value_says_which(tmp_path):
    path = make_run(tmp_path / "a", seed="zero", pool={"path": "pool"})
    with pytest.raises(DeepALError, match="expected a whole number as 'seed', found 'zero'"):
        read_runs([path])
    path = make_run(tmp_path / "b", pool={"path": "pool"})
    with pytest.raises(DeepALError, match=r"'pool': expected a whole number as 'sentences'"):
        read_runs([path])


def test_a_broken_manifest_is_named(tmp_path):
    path = make_run(tmp_path / "a")
    (path / "manifest.json").write_text("{", encoding="utf8")
    with pytest.raises(DeepALError, match=r"manifest\.json is not JSON"):
        read_runs([path])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ents_f": None}, "line 1: expected a number as 'ents_f', found nothing"),
        ({"words": True}, "line 1: expected a whole number as 'words', found True"),
        ({"genres": {"nw": {"words": 1}}}, "line 1, genre 'nw': .* as 'sentences'"),
        ({"ents_per_type": {"X": {"p": 1, "r": 1}}}, "'ents_per_type', 'X': .* as 'f'"),
        ({"seconds": {"train": "long"}}, "'seconds': expected a number as 'train'"),
    ],
)
def test_a_line_of_metrics_that_lacks_a_value_says_which(tmp_path, change, message):
    path = make_run(tmp_path / "a")
    srsly.write_jsonl(path / "metrics.jsonl", [make_row(0, 1, 0.5) | change])
    with pytest.raises(DeepALError, match=message):
        read_runs([path])


def test_a_line_that_is_no_json_is_named(tmp_path):
    path = make_run(tmp_path / "a")
    with (path / "metrics.jsonl").open("a", encoding="utf8") as file:
        file.write("{'round': 3")
    with pytest.raises(DeepALError, match=r"metrics\.jsonl, line 4 is not JSON"):
        read_runs([path])


def test_rounds_that_do_not_follow_each_other_are_an_error(tmp_path):
    path = make_run(tmp_path / "a", curve=((1, 0.5), (10, 0.6), (10, 0.7)))
    with pytest.raises(DeepALError, match="line 3: round 2 at 10% of the words follows round 1"):
        read_runs([path])


def test_picks_come_highest_score_first_else_in_their_order(tmp_path):
    file = tmp_path / "selected.jsonl"
    srsly.write_jsonl(file, [{"id": i, "words": 1, "score": s} for i, s in [("a", 1), ("b", 2.5)]])
    assert [pick.id for pick in read_picks(file)] == ["b", "a"]
    srsly.write_jsonl(file, [{"id": i, "words": 1, "score": None} for i in "cab"])
    assert [pick.id for pick in read_picks(file)] == ["c", "a", "b"]
    assert read_picks(tmp_path / "none.jsonl") == []


def test_round_folders_are_ordered_by_number(tmp_path):
    for name in ("round_100", "round_99", "round_00", "round_01.part", "initial"):
        (tmp_path / name).mkdir()
    assert [number for number, _ in round_folders(tmp_path)] == [0, 99, 100]
