"""A batch goes out to each tool and comes back: what was labelled is what is read."""

import json
from dataclasses import replace

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_deepal.annotation.answer_file import add_replies, read_replies
from spacy_deepal.annotation.answers import Suggestion
from spacy_deepal.annotation.editor_file import write_editor_file
from spacy_deepal.annotation.replies import Rules, settle
from spacy_deepal.annotation.shown_file import Shown
from spacy_deepal.annotation.tool_answers import Known, read_answers
from spacy_deepal.annotation.tool_tasks import TOOLS, check_tool, write_batch
from spacy_deepal.annotation.waiting_batch import WaitingBatch, WaitingSentence
from spacy_deepal.corpus.folders import find_files, open_all
from spacy_deepal.corpus.reading import BadLine, ReadOptions
from spacy_deepal.errors import DeepALError
from spacy_deepal.sentences import KEY, sentence_id

from .build import outcome

NLP = spacy.blank("en")
LABELS = ("PER", "LOC-x (a)")
words = st.sampled_from(
    [
        "Ada",
        "天",
        "李雷",
        "é",
        "🙂",
        "👩\u200d🚀",
        "[",
        "]",
        "\\",
        "\\n",
        "](PER)",
        "#",
        "a b",
        '"',
        "—",
    ]
)
gaps = st.sampled_from([" ", "  ", "\n", "\r\n", "", "\t", "\u2028", "\u00a0"])
texts = st.lists(st.tuples(words, gaps), min_size=1, max_size=6).map(
    lambda parts: "".join(word + gap for word, gap in parts)
)
# Of each sentence: its text, and what is said about it; None is nothing.
said = st.lists(
    st.tuples(
        texts, st.sampled_from(["accept", "ignore", None]), st.randoms(use_true_random=False)
    ),
    min_size=1,
    max_size=4,
)


def make_doc(text, number=0):
    doc = NLP.make_doc(text)
    doc.user_data[KEY] = {"id": f"s/{number}", "doc_id": None, "genre": None}
    return doc


def make_batch(texts, suggestions=(), labels=LABELS):
    docs = [make_doc(text, number) for number, text in enumerate(texts)]
    sentences = [WaitingSentence(d, r, 0.5, tuple(suggestions)) for r, d in enumerate(docs, 1)]
    return WaitingBatch("round_01", sentences, labels, "round_00" if suggestions else None)


def draw_entities(doc, draw):
    """Some of the words of a sentence, one or two together, in characters."""
    found, at = [], 0
    while at < len(doc):
        end = at + draw.choice([1, 2])
        surface = doc[at:end].text
        if draw.random() < 0.5 and surface == surface.strip() and surface:
            span = doc[at:end]
            found.append((span.start_char, span.end_char, draw.choice(LABELS)))
        at = end
    return found


def answer_prodigy(file, answers):
    lines = []
    for line in file.read_text("utf8").split("\n")[:-1]:
        task = json.loads(line)
        verdict, spans = answers[task["id"]]
        if verdict:
            marked = [{"start": s, "end": e, "label": label} for s, e, label in spans]
            lines.append({**task, "spans": marked, "answer": verdict, "_timestamp": 1})
    file.write_text("\n".join(map(json.dumps, lines)), "utf8")


def answer_doccano(file, answers):
    """doccano numbers the texts anew, gives our columns back, and exports those approved alone."""
    lines = []
    for number, line in enumerate(file.read_text("utf8").split("\n")[:-1], 17):
        record = json.loads(line)
        verdict, spans = answers[record["id"]]
        if verdict == "accept":
            lines.append({**record, "label": spans, "Comments": [], "upload": number})
    file.write_text("\n".join(map(json.dumps, lines)), "utf8")


def answer_studio(file, answers):
    """Label Studio's page counts characters, and writes a line break as a backslash and n."""
    tasks = json.loads(file.read_text("utf8"))
    for number, task in enumerate(tasks):
        verdict, spans = answers[task["data"]["id"]]
        text = task["data"]["text"]
        values = [
            {"start": s, "end": e, "text": text[s:e].replace("\n", "\\n"), "labels": [label]}
            for s, e, label in spans
        ]
        results = [
            {"type": "labels", "from_name": "label", "to_name": "text", "value": value}
            for value in values
        ]
        given = [{"id": 1, "result": results, "was_cancelled": verdict == "ignore"}]
        task |= {"id": number, "annotations": given if verdict else []}
    file.write_text(json.dumps(tasks, indent=1), "utf8")


def answer_editor(file, answers):
    """A person marks entities, and writes done or ignore."""
    with file.open("w", encoding="utf8", newline="") as stream:
        named = [(name, text, spans) for name, (_, spans, text) in answers.items()]
        write_editor_file(named, LABELS, stream)
    text = file.read_bytes().decode()
    for name, (verdict, *_) in answers.items():
        state = {"accept": "done", "ignore": "ignore", None: "todo"}[verdict]
        text = text.replace(f"# todo {name}\n", f"# {state} {name}\n")
    file.write_bytes(text.encode())


TOOL_ANSWERS = {
    "prodigy": answer_prodigy,
    "doccano": answer_doccano,
    "label-studio": answer_studio,
    "editor": answer_editor,
}
NO_IGNORE = {"doccano"}
SUFFIX = {"prodigy": "jsonl", "doccano": "jsonl", "label-studio": "json", "editor": "txt"}


def read_all(path, docs, labels=LABELS, shown=(), **options):
    known = Known(docs, labels, shown)
    return [
        item
        for file in find_files([path]).files
        for source in open_all(file)[0]
        for item in read_answers(source, known, ReadOptions(**options))
    ]


@pytest.mark.parametrize("tool", sorted(TOOL_ANSWERS))
@settings(max_examples=40)
@given(drawn=said)
def test_answers_come_back_as_they_were_given(tmp_path_factory, tool, drawn):
    batch = make_batch([text for text, _, _ in drawn])
    docs = [sentence.doc for sentence in batch.sentences]
    file = tmp_path_factory.mktemp(tool) / f"batch.{SUFFIX[tool]}"
    write_batch(batch, file, tool)
    answers = {}
    for doc, (text, verdict, draw) in zip(docs, drawn, strict=True):
        verdict = None if verdict == "ignore" and tool in NO_IGNORE else verdict
        entities = draw_entities(doc, draw) if verdict == "accept" else []
        answers[sentence_id(doc)] = (verdict, entities, text)
    if tool == "editor":
        answer_editor(file, answers)
    else:
        TOOL_ANSWERS[tool](file, {name: pair[:2] for name, pair in answers.items()})
    told = read_all(file, docs) if any(verdict for verdict, *_ in answers.values()) else []
    assert not [item for item in told if isinstance(item, BadLine)]
    replies = [reply for each in told for reply in each.replies]
    waiting, problems, _ = outcome(docs, replies, Rules())
    assert problems == {}
    assert waiting == [name for name, (verdict, *_) in answers.items() if not verdict]
    for doc in docs:
        verdict, entities, text = answers[sentence_id(doc)]
        assert doc.text == text
        if verdict == "accept":
            found = [(ent.start_char, ent.end_char, ent.label_) for ent in doc.ents]
            assert found == entities
            assert doc.has_annotation("ENT_IOB", require_complete=True)
        elif verdict == "ignore":
            assert not doc.has_annotation("ENT_IOB")


@settings(max_examples=40)
@given(drawn=said)
def test_a_brat_folder_comes_back_as_it_was_given(tmp_path_factory, drawn):
    batch = make_batch([text for text, _, _ in drawn])
    docs = [sentence.doc for sentence in batch.sentences]
    folder = tmp_path_factory.mktemp("brat") / "batch"
    write_batch(replace(batch, labels=("PER",)), folder, "brat")
    expected = [draw_entities(doc, draw) for doc, (_, _, draw) in zip(docs, drawn, strict=True)]
    for doc, spans in zip(docs, expected, strict=True):
        file = folder / f"{sentence_id(doc).replace('/', '_')}.ann"
        spans[:] = [(s, e, "PER") for s, e, _ in spans]  # a type in brat has no space
        surfaces = (doc.text[s:e].replace("\r", " ").replace("\n", " ") for s, e, _ in spans)
        rows = (
            f"T{n}\tPER {s} {e}\t{surface}\n"
            for n, ((s, e, _), surface) in enumerate(zip(spans, surfaces, strict=True), 1)
        )
        file.write_bytes("".join(rows).encode())
    told = read_all(folder, docs)
    assert not [item for item in told if isinstance(item, BadLine)]
    assert outcome(docs, [r for each in told for r in each.replies], Rules()) == ([], {}, [])
    found = [[(e.start_char, e.end_char, e.label_) for e in doc.ents] for doc in docs]
    assert found == expected


@pytest.mark.parametrize("tool", [tool for tool in TOOLS if tool not in ("brat", "doccano")])
def test_what_nobody_answers_stays_open_though_the_model_suggests(tmp_path, tool):
    suggestion = Suggestion(start=0, end=1, label="PER", confidence=0.75)
    batch = make_batch(["Ada saw Rome."], [suggestion])
    write_batch(batch, tmp_path / "batch.txt", tool)
    (told,) = read_all(tmp_path / "batch.txt", [batch.sentences[0].doc])
    assert (told.id, told.replies) == ("s/0", [])


@pytest.mark.parametrize("tool", ["brat", "doccano"])
def test_a_suggestion_that_nobody_changed_is_told_from_an_answer(tmp_path, tool):
    shown = Shown(
        tool=tool,
        id="s/0",
        model="round_00",
        suggestions=[Suggestion(start=0, end=1, label="PER", confidence=0.75)],
        spans=[(0, 3, "PER")],
    )
    batch = make_batch(["Ada saw Rome."], shown.suggestions, ("PER",))
    write_batch(batch, tmp_path / "out", tool)
    docs = [batch.sentences[0].doc]
    (told,) = read_all(tmp_path / "out", docs, shown=[shown])
    assert told.unchanged
    if tool == "brat":
        (tmp_path / "out" / "s_0.ann").write_text("")
    else:
        record = json.loads((tmp_path / "out").read_text("utf8"))
        (tmp_path / "out").write_text(json.dumps({**record, "label": []}))
    (told,) = read_all(tmp_path / "out", docs, shown=[shown])
    assert not told.unchanged


def test_what_the_model_suggests_goes_out_with_its_confidence(tmp_path):
    suggestion = Suggestion(start=2, end=3, label="LOC-x (a)", confidence=0.75)
    batch = make_batch(["Ada saw Rome."], [suggestion])
    written = {}
    for tool in ("prodigy", "doccano", "label-studio", "editor"):
        write_batch(batch, tmp_path / tool, tool)
        written[tool] = (tmp_path / tool).read_text("utf8")
    assert "Ada saw [Rome](LOC-x \\(a\\))." in written["editor"]
    assert json.loads(written["doccano"])["label"] == [[8, 12, "LOC-x (a)"]]
    (task,) = json.loads(written["label-studio"])
    (prediction,) = task["predictions"]
    assert (prediction["model_version"], prediction["score"]) == ("round_00", 0.75)
    assert prediction["result"][0]["value"]["text"] == "Rome"
    assert (task["data"]["rank"], task["data"]["score"]) == (1, 0.5)
    record = json.loads(written["prodigy"])
    (span,) = record["spans"]
    assert (span["token_start"], span["token_end"], span["score"]) == (2, 2, 0.75)


def test_what_does_not_say_how_sure_it_is_gets_no_score(tmp_path):
    names = Suggestion(start=0, end=1, label="PER")
    sure = Suggestion(start=2, end=3, label="PER", confidence=0.75)
    for suggestions, score in {(names,): None, (names, sure): 0.75}.items():
        write_batch(make_batch(["Ada saw Rome."], suggestions), tmp_path / "out", "label-studio")
        (task,) = json.loads((tmp_path / "out").read_text("utf8"))
        (prediction,) = task["predictions"]
        assert prediction.get("score") == score
        assert "score" not in prediction["result"][0]
        (tmp_path / "out").unlink()


def test_prodigy_hashes_are_stable_and_tell_what_is_asked(tmp_path):
    suggestion = Suggestion(start=0, end=1, label="PER", confidence=0.75)
    first = make_batch(["Ada", "Ada"])
    for name, batch in {"a": first, "b": first, "c": make_batch(["Ada"], [suggestion])}.items():
        write_batch(batch, tmp_path / name, "prodigy")
    a, b, c = (
        [json.loads(line) for line in (tmp_path / n).read_text().splitlines()] for n in "abc"
    )
    assert a == b
    assert a[0]["_input_hash"] != a[1]["_input_hash"], "two sentences of one text are two"
    assert a[0]["_input_hash"] == c[0]["_input_hash"]
    assert a[0]["_task_hash"] != c[0]["_task_hash"]
    assert a[0]["_input_hash"] == 1650547229


def test_yes_or_no_answers_of_prodigy_are_about_spans_alone(tmp_path):
    doc = make_doc("Ada saw Rome.")
    lines = [
        {
            "id": "s/0",
            "text": doc.text,
            "_view_id": "ner",
            "answer": answer,
            "spans": [{"start": s, "end": e, "label": "PER"}],
        }
        for s, e, answer in [(0, 3, "accept"), (8, 12, "reject"), (4, 7, "ignore")]
    ]
    (tmp_path / "teach.jsonl").write_text("\n".join(map(json.dumps, lines)))
    told = read_all(tmp_path / "teach.jsonl", [doc])
    replies = [reply for each in told for reply in each.replies]
    assert [(r.verdict, r.single) for r in replies] == [
        ("accept", True),
        ("reject", True),
        ("ignore", True),
    ]
    settle([doc], replies, Rules())
    assert [token.ent_iob_ for token in doc] == ["B", "", "", ""]


@pytest.mark.parametrize(
    ("record", "people"),
    [
        ({"spans": [], "_annotator_id": "round-ann"}, ["round-ann"]),
        ({"label": [], "annotation_id": 1, "lead_time": 1, "annotator": 7}, ["7"]),
        ({"_view_id": "ner_manual", "answer": "accept", "_annotator_id": "ann"}, ["ann"]),
        ({"spans": [], "annotator": "ann"}, ["ann"]),
        ({"label": []}, [""]),
        (
            {
                "annotations": [
                    {"result": [], "completed_by": {"id": 7, "email": "ann@work"}},
                    {"result": [], "completed_by": 8},
                    {"result": []},
                ]
            },
            ["7", "8", ""],
        ),
    ],
    ids=["prodigy", "prodigy, no entity", "label-studio-min", "own", "doccano", "label-studio"],
)
def test_who_answered_is_read_where_the_tool_tells_it_and_kept(tmp_path, record, people):
    doc = make_doc("Ada saw Rome.")
    data = {"id": "s/0", "text": doc.text}
    record |= {"data": data} if "annotations" in record else data
    (tmp_path / "out.json").write_text(json.dumps([record]))
    (told,) = read_all(tmp_path / "out.json", [doc])
    assert [reply.by for reply in told.replies] == people
    add_replies(tmp_path / "kept.jsonl", told.replies, "a tool", {"s/0"}, {"s/0": doc.text})
    assert [reply.by for reply in read_replies(tmp_path / "kept.jsonl", [doc]).replies] == people


def test_the_place_of_an_answer_of_label_studio_is_its_task_or_annotation(tmp_path):
    docs = [make_doc("Ada saw Rome.", number) for number in range(2)]
    value = {"start": 0, "end": 2, "text": "Ad", "labels": ["PER"]}
    given = {"id": 5, "result": [{"type": "labels", "value": value}], "completed_by": 7}
    tasks = [
        {"id": 17 + n, "data": {"id": sentence_id(doc), "text": doc.text}, "annotations": [given]}
        for n, doc in enumerate(docs)
    ]
    wrong = {**given, "result": None}
    (tmp_path / "tasks.json").write_text(json.dumps([*tasks, {**tasks[1], "annotations": [wrong]}]))
    first, _, bad = read_all(tmp_path / "tasks.json", docs)
    assert first.replies[0].where == f"{tmp_path.name}/tasks.json, task 17, annotation 5 by 7"
    assert bad.message.startswith("task 18: an annotation has no list")
    minimal = {"id": "s/0", "text": docs[0].text, "annotation_id": 9, "lead_time": 1, "label": []}
    (tmp_path / "min.json").write_text(json.dumps([minimal]))
    (told,) = read_all(tmp_path / "min.json", docs)
    assert told.replies[0].where == f"{tmp_path.name}/min.json, annotation 9"
    add_replies(tmp_path / "kept.jsonl", first.replies, "a", {"s/0"}, {"s/0": docs[0].text})
    replies = read_replies(tmp_path / "kept.jsonl", docs).replies
    (problem,) = settle(docs, replies, Rules()).problems.values()
    assert problem.startswith(
        f"{tmp_path.name}/tasks.json, task 17, annotation 5 by 7: entity 'Ad'"
    )


def test_the_key_of_the_spans_is_one_of_records_and_hides_no_other_answers(tmp_path):
    doc = make_doc("Ada saw Rome.")
    write_batch(make_batch([doc.text], labels=("PER",)), tmp_path / "brat", "brat")
    (tmp_path / "brat" / "s_0.ann").write_text("T1\tPER 0 3\tAda\n")
    data = {"id": "s/0", "text": doc.text}
    value = {"start": 0, "end": 3, "text": "Ada", "labels": ["PER"]}
    task = {"data": data, "annotations": [{"result": [{"type": "labels", "value": value}]}]}
    (tmp_path / "tasks.json").write_text(json.dumps([task]))
    (tmp_path / "own.jsonl").write_text(json.dumps({**data, "marks": [[0, 3, "PER"]]}))
    for name in ("brat", "tasks.json", "own.jsonl"):
        (told,) = read_all(tmp_path / name, [doc], spans_key="marks")
        assert told.replies[0].spans == ((0, 3, "PER"),)
    minimal = {**data, "annotation_id": 1, "lead_time": 1, "label": [value]}
    (tmp_path / "min.json").write_text(json.dumps([minimal]))
    (wrong,) = read_all(tmp_path / "min.json", [doc], spans_key="marks")
    assert 'no "spans"' in wrong.message


def test_a_file_that_may_hold_labels_is_not_overwritten(tmp_path):
    batch = make_batch(["Ada saw Rome."])
    for _ in range(2):
        write_batch(batch, tmp_path / "batch.txt", "editor")
    (tmp_path / "batch.txt").write_text("mine")
    with pytest.raises(DeepALError, match="is there already and is not what would be written"):
        write_batch(batch, tmp_path / "batch.txt", "editor")
    assert (tmp_path / "batch.txt").read_text() == "mine"


def test_brat_gets_the_types_it_needs(tmp_path):
    with pytest.raises(DeepALError, match=r"brat cannot have a type 'LOC-x \(a\)'"):
        write_batch(make_batch(["Ada"]), tmp_path / "out", "brat")
    write_batch(make_batch(["Ada"], labels=("PER", "LOC")), tmp_path / "out", "brat")
    assert (tmp_path / "out" / "annotation.conf").read_text().startswith("[entities]\nPER\n")
    assert sorted(path.name for path in (tmp_path / "out").glob("s*")) == ["s_0.ann", "s_0.txt"]


EDITOR = "# A batch of spacy_deepal. The types are PER.\n#\n#\n#\n\n"


@pytest.mark.parametrize(
    ("lines", "line", "message"),
    [
        ("# done s/0\nAda [saw](PER) Rom.\n", 7, "the text was changed"),
        ("# done s/0\n[Ada](PRE) saw Rome.\n", 7, "'PRE' is none of the types PER"),
        ("# done s/0\n[Ada]PER saw Rome.\n", 7, "column 5: write ](TYPE) at the end"),
        ("# done s/0\n[Ada saw Rome.\n", 7, "an entity has no end"),
        ("# done s/0\n[[Ada](PER) saw Rome.\n", 7, "column 2: an entity begins inside"),
        ("# done s/0\n[](PER)Ada saw Rome.\n", 7, "column 2: an entity ends that has not begun"),
        ("# done s/0\nAda \\saw Rome.\n", 7, "column 5: a backslash of the text is written"),
        ("# done s/9\nOther.\n", 7, "no sentence that was asked for has the id 's/9'"),
        ("# ready s/0\nAda saw Rome.\n", 6, "not a line such as '# done 0f6c2a'"),
        ("# done s/0\n", 6, "the file ends before the sentence"),
    ],
)
def test_what_is_wrong_in_a_text_file_is_reported_with_its_line(tmp_path, lines, line, message):
    (tmp_path / "batch.txt").write_text(EDITOR + lines)
    (bad,) = read_all(tmp_path / "batch.txt", [make_doc("Ada saw Rome.")], ["PER"])
    assert isinstance(bad, BadLine)
    assert message in bad.message
    assert bad.line == line


def test_a_state_may_be_written_in_capitals(tmp_path):
    (tmp_path / "batch.txt").write_text(EDITOR + "# Done s/0\n[Ada](PER) saw Rome.\n")
    (told,) = read_all(tmp_path / "batch.txt", [make_doc("Ada saw Rome.")], ["PER"])
    assert [reply.spans for reply in told.replies] == [((0, 3, "PER"),)]


def test_tools_are_known_by_name(tmp_path):
    with pytest.raises(DeepALError, match="--to prodgy: name one of label-studio, prodigy, "):
        check_tool("prodgy", tmp_path)
    with pytest.raises(DeepALError, match="Name the folder to write"):
        check_tool("brat", None)
    assert check_tool("label-studio", None) == "label-studio"
