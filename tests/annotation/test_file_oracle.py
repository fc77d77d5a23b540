import json

import pytest
import spacy

from spacy_deepal.annotation.answer_file import LABELLED
from spacy_deepal.annotation.file_oracle import TO_LABEL, FileOracle
from spacy_deepal.errors import DeepALError, LabelsAwaited, Unsettled
from spacy_deepal.files import write_jsonl
from spacy_deepal.sentences import KEY

from ..pools import read_jsonl

TEXTS = {"a": "Ann met Bob 🙂 in Oslo.", "b": "Nothing happened.", "c": "李雷 lives in 北京 ."}


@pytest.fixture
def docs():
    nlp = spacy.blank("en")
    docs = [nlp.make_doc(text) for text in TEXTS.values()]
    for name, doc in zip(TEXTS, docs, strict=True):
        doc.user_data[KEY] = {"id": name, "doc_id": None, "genre": None}
    return docs


def labelled(**changes):
    """Lines as an annotation tool gives them back, some of them changed (None: left out)."""
    spans = {
        "a": [(0, 3, "PERSON"), (8, 11, "PERSON"), (17, 21, "GPE")],
        "b": [],
        "c": [(0, 2, "PERSON"), (12, 14, "GPE")],
    }
    lines = {
        name: {
            "id": name,
            "text": TEXTS[name],
            "spans": [{"start": s, "end": e, "label": label} for s, e, label in spans[name]],
        }
        for name in TEXTS
    }
    for name, change in changes.items():
        lines[name] = change and {**lines[name], **change}
    return [line for line in lines.values() if line]


def test_the_batch_goes_out_as_jsonl_and_the_run_waits(docs, tmp_path):
    with pytest.raises(LabelsAwaited, match="3 sentences wait to be labelled"):
        FileOracle().label(docs, tmp_path)
    lines = read_jsonl(tmp_path / TO_LABEL)
    assert [line["id"] for line in lines] == ["a", "b", "c"]
    assert [line["text"] for line in lines] == list(TEXTS.values())
    for line in lines:
        assert line["spans"] == []
        for token in line["tokens"]:
            assert line["text"][token["start"] : token["end"]] == token["text"]


def test_who_waits_for_the_rest_does_not_ask_to_write_over_what_is_there(docs, tmp_path):
    with pytest.raises(LabelsAwaited, match=rf"Label the file, save it as {tmp_path}/{LABELLED}"):
        FileOracle().label(docs, tmp_path)
    write_jsonl(tmp_path / LABELLED, labelled(c=None))
    with pytest.raises(LabelsAwaited, match=rf"Add their lines to {tmp_path}/{LABELLED} and run"):
        FileOracle().label(docs, tmp_path)


def test_a_line_that_does_not_fit_is_one_problem(docs, tmp_path):
    lines = labelled(a={"spans": [{"start": 0, "end": 2, "label": "PERSON"}]}, c=None)
    write_jsonl(tmp_path / LABELLED, lines)
    with pytest.raises(DeepALError, match=r"labelled\.jsonl: 1 problem\. Correct") as error:
        FileOracle().label(docs, tmp_path)
    assert "line 1: entity 'An' (PERSON, 0 to 2) is not whole 'en' tokens" in str(error.value)


@pytest.mark.parametrize(("border", "text"), [("trim", "Bob"), ("snap", "met Bob")])
def test_a_span_that_is_not_whole_tokens_is_trimmed_or_snapped(docs, tmp_path, border, text):
    write_jsonl(tmp_path / LABELLED, labelled(a={"spans": [[6, 11, "PERSON"]]}))
    assert [ent.text for ent in FileOracle(border=border).label(docs, tmp_path)[0].ents] == [text]


def test_a_span_that_is_not_whole_tokens_is_dropped_with_its_sentence_shown(docs, tmp_path):
    spans = [[0, 3, "PERSON"], [6, 11, "PERSON"]]
    write_jsonl(tmp_path / LABELLED, labelled(a={"spans": spans}))
    shown = (
        r"spans are dropped, .*: 1\n- labelled.jsonl, line 1: 't Bob' \(PERSON, 6 to 11\): Ann met"
    )
    with pytest.warns(UserWarning, match=shown):
        (first, *_) = FileOracle(border="drop").label(docs, tmp_path)
    assert [ent.text for ent in first.ents] == ["Ann"]


@pytest.mark.parametrize("change", [None, {"answer": "reject"}, {"answer": "later"}])
def test_what_is_not_labelled_yet_stays_open(docs, tmp_path, change):
    write_jsonl(tmp_path / LABELLED, labelled(b=change))
    with pytest.raises(LabelsAwaited, match="1 of the 3 sentences waits to be labelled") as caught:
        FileOracle().label(docs, tmp_path)
    assert "The first of them is b: Nothing happened." in str(caught.value)
    assert (caught.value.answered, caught.value.total) == (2, 3)


def test_enough_may_be_less_than_all_and_the_rest_is_learnt_from_later(docs, tmp_path):
    write_jsonl(tmp_path / LABELLED, labelled(a=None))
    oracle = FileOracle(enough=0.6)
    a, b, _ = oracle.label(docs, tmp_path)
    oracle.labels_kept(tmp_path)
    assert (a.has_annotation("ENT_IOB"), b.has_annotation("ENT_IOB")) == (False, True)
    assert not oracle.corrected(tmp_path, tmp_path / "batch.spacy")
    write_jsonl(tmp_path / LABELLED, labelled())
    assert oracle.corrected(tmp_path, tmp_path / "batch.spacy")
    assert len(oracle.label(docs, tmp_path)[0].ents) == 3
    write_jsonl(tmp_path / LABELLED, labelled(a=None))
    with pytest.raises(LabelsAwaited):
        FileOracle(enough=0.7).label(docs, tmp_path)


@pytest.mark.parametrize("enough", [0, 1.5])
def test_a_share_is_above_0_and_up_to_1(enough):
    with pytest.raises(DeepALError, match="must be above 0 and up to 1"):
        FileOracle(enough=enough)


def test_equal_answers_count_once_and_others_are_chosen_by_a_rule(docs, tmp_path):
    lines = labelled()
    again = {**lines[0], "spans": [{"start": 0, "end": 3, "label": "PERSON"}]}
    write_jsonl(tmp_path / LABELLED, [*lines, lines[0]])
    assert len(FileOracle().label(docs, tmp_path)[0].ents) == 3
    write_jsonl(tmp_path / LABELLED, [*lines, again])
    with pytest.raises(Unsettled, match="a: answers contradict each other") as caught:
        FileOracle().label(docs, tmp_path)
    assert "Ann (PERSON), Bob (PERSON), Oslo (GPE)  (labelled.jsonl, line 1)" in str(caught.value)
    assert "Ann (PERSON)  (labelled.jsonl, line 4)" in str(caught.value)
    for rule, count in {"first": 3, "last": 1}.items():
        assert len(FileOracle(rule).label(docs, tmp_path)[0].ents) == count


def test_another_rule_makes_the_batch_anew(docs, tmp_path):
    write_jsonl(tmp_path / LABELLED, labelled())
    oracle = FileOracle("first")
    oracle.label(docs, tmp_path)
    oracle.labels_kept(tmp_path)
    assert not FileOracle("first").corrected(tmp_path, tmp_path / "batch.spacy")
    assert FileOracle("last").corrected(tmp_path, tmp_path / "batch.spacy")


def test_a_sentence_is_known_by_its_text_if_a_tool_numbers_anew(docs, tmp_path):
    write_jsonl(tmp_path / LABELLED, labelled(b={"id": 1}, c={"id": "b"}))
    assert [len(doc.ents) for doc in FileOracle().label(docs, tmp_path)] == [3, 0, 2]


def test_a_byte_order_mark_is_left_out(docs, tmp_path):
    lines = "\n".join(json.dumps(line) for line in labelled())
    (tmp_path / LABELLED).write_text(lines, encoding="utf-8-sig")
    assert len(FileOracle().label(docs, tmp_path)[0].ents) == 3


def test_a_file_that_is_not_utf8_is_named_with_its_line(docs, tmp_path):
    first, second = (json.dumps(line).encode() for line in labelled()[:2])
    (tmp_path / LABELLED).write_bytes(
        first + b"\n" + second[:-1] + ', "by": "Zoë"}'.encode("latin-1")
    )
    with pytest.raises(DeepALError, match=r"labelled\.jsonl:2: not UTF-8.*Save the file as UTF-8"):
        FileOracle().label(docs, tmp_path)


def test_labels_come_back_without_loss_in_any_order(docs, tmp_path):
    write_jsonl(tmp_path / LABELLED, reversed(labelled()))
    result = FileOracle().label(docs, tmp_path)
    assert [[(e.text, e.label_) for e in doc.ents] for doc in result] == [
        [("Ann", "PERSON"), ("Bob", "PERSON"), ("Oslo", "GPE")],
        [],
        [("李雷", "PERSON"), ("北京", "GPE")],
    ]
    assert all(token.ent_iob_ == "O" for token in result[1])


def test_labels_that_the_pool_had_are_not_looked_at(docs, tmp_path):
    docs[1].set_ents([docs[1].char_span(0, 7, label="WRONG")])
    write_jsonl(tmp_path / LABELLED, labelled())
    assert FileOracle().label(docs, tmp_path)[1].ents == ()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"b": {"answer": "maybe"}}, "line 2: the answer 'maybe' is none of accept, reject, "),
        ({"b": {"id": "z", "text": None}}, "line 2: no sentence that was asked for has the id 'z'"),
        ({"b": {"text": "Nothing  happened."}}, "line 2: the text was changed"),
        ({"b": {"spans": None}}, 'line 2: no "spans"'),
        ({"a": {"spans": [{"start": 0, "end": 2, "label": "X"}]}}, "line 1: entity 'An'"),
        ({"a": {"spans": [{"start": 0, "end": 99, "label": "X"}]}}, "line 1: "),
    ],
)
def test_a_line_that_does_not_fit_is_reported_with_its_place(docs, tmp_path, changes, message):
    write_jsonl(tmp_path / LABELLED, labelled(**changes))
    with pytest.raises(DeepALError) as error:
        FileOracle().label(docs, tmp_path)
    assert message in str(error.value)
    assert str(tmp_path / LABELLED) in str(error.value)


def test_a_sentence_that_is_ignored_stays_without_labels(docs, tmp_path):
    docs[1].set_ents([docs[1][:1]])  # the pool's own
    write_jsonl(tmp_path / LABELLED, labelled(b={"answer": "ignore"}))
    a, b, c = FileOracle().label(docs, tmp_path)
    assert not b.has_annotation("ENT_IOB")
    assert (len(a.ents), len(c.ents)) == (3, 2)


def test_the_answer_that_accepts_counts_whatever_came_before(docs, tmp_path):
    ignored = {**labelled()[0], "answer": "ignore", "spans": []}
    write_jsonl(tmp_path / LABELLED, [ignored, *labelled()])
    assert len(FileOracle().label(docs, tmp_path)[0].ents) == 3


def test_labels_in_the_file_that_went_out_are_not_overwritten(docs, tmp_path):
    for _ in range(2):
        with pytest.raises(LabelsAwaited, match="3 sentences wait to be labelled"):
            FileOracle().label(docs, tmp_path)
    write_jsonl(tmp_path / TO_LABEL, labelled())
    with pytest.raises(DeepALError, match=r"was changed .* rename it to labelled.jsonl and run"):
        FileOracle().label(docs, tmp_path)
    assert read_jsonl(tmp_path / TO_LABEL) == labelled()
    (tmp_path / TO_LABEL).rename(tmp_path / LABELLED)
    assert len(FileOracle().label(docs, tmp_path)[0].ents) == 3


def test_half_a_character_in_a_label_is_reported(docs, tmp_path):
    line = json.dumps(labelled()[0]).replace("GPE", "G\\ud800")
    (tmp_path / LABELLED).write_text(line, encoding="utf8")
    with pytest.raises(DeepALError, match="line 1: half of a surrogate pair"):
        FileOracle().label(docs, tmp_path)


def test_a_line_that_is_not_json_is_reported(docs, tmp_path):
    lines = [json.dumps(line) for line in labelled()]
    (tmp_path / LABELLED).write_text("\n".join([*lines, "{"]), encoding="utf8")
    with pytest.raises(DeepALError, match="line 4: not JSON"):
        FileOracle().label(docs, tmp_path)


def test_an_empty_list_that_a_tool_gives_back_hides_no_labels(docs, tmp_path):
    lines = labelled()
    for line in lines:  # doccano keeps our spans and puts the labels beside them
        spans = line["spans"]
        line |= {"spans": [], "label": [[s["start"], s["end"], s["label"]] for s in spans]}
    write_jsonl(tmp_path / LABELLED, lines)
    assert [len(doc.ents) for doc in FileOracle().label(docs, tmp_path)] == [3, 0, 2]
    lines[0]["spans"] = [{"start": 0, "end": 3, "label": "GPE"}]
    write_jsonl(tmp_path / LABELLED, lines)
    with pytest.raises(DeepALError, match="'spans' and 'label' have different entities"):
        FileOracle().label(docs, tmp_path)


def test_a_copy_of_what_is_asked_says_that_there_is_no_entity(docs, tmp_path):
    with pytest.raises(LabelsAwaited):
        FileOracle().label(docs, tmp_path)
    (tmp_path / LABELLED).write_text((tmp_path / TO_LABEL).read_text("utf8"), "utf8")
    assert all(doc.has_annotation("ENT_IOB") for doc in FileOracle().label(docs, tmp_path))
