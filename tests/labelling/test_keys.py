"""What keys, mouse and fingers do on the page, in a real browser, without a background process."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from spacy_deepal.labelling.server import make_app

from .build import WAITING, make_given, make_queue, make_session, make_task, serving, suggestion

pytestmark = pytest.mark.slow
PHONE = {"width": 390, "height": 844}
SERIOUS = ("serious", "critical")
SHOW_PROGRESS = """async (progress) => {
    (await import("/panel.js")).showProgress(progress);
    return document.querySelector("aside").innerText;
}"""

DRAW_CHANGES = """async ([task, next]) => {
    const { Marks } = await import("/marks.js");
    const { draw } = await import("/sentence.js");
    const html = (marks) => {
        draw(marks, ["PER", "LOC"], "en");
        return document.getElementById("sentence").innerHTML;
    };
    const anew = (marks) =>
        html(Object.assign(new Marks(task), marks, { tokens: [...marks.tokens] }));
    const changes = [
        () => {},
        (marks) => marks.put("PER"),
        (marks) => { marks.select(1); marks.select(3, true); marks.put("LOC"); },
        (marks) => marks.remove(),
    ];
    const pairs = changes.map((_, last) => {
        const marks = new Marks(task);
        html(marks);
        for (const change of changes.slice(0, last + 1)) { change(marks); html(marks); }
        return [html(marks), anew(marks)];
    });
    return [...pairs, [html(new Marks(next)), anew(new Marks(next))]];
}"""


class Page:
    """The page on a session."""

    def __init__(self, page, session):
        self.page, self.session = page, session
        self.errors = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)

    def token(self, number):
        return self.page.locator(f"#t{number} .word")

    def answered(self, name, *keys):
        """Press keys and wait until the sentence is answered. RETURNS its entities."""
        self.press(*keys)
        self.page.wait_for_function(
            "name => document.getElementById('sentence').dataset.id !== name"
            " || document.getElementById('sentence').hidden",
            arg=name,
        )
        final = self.session.annotations.final(name)
        return final and final.entities


@pytest.fixture
def opened(browser, tmp_path):
    """Call it with tasks: it opens the page on them."""
    contexts = []

    def open_page(tasks, status=None, **options):
        session = make_session(tmp_path / "run", tasks, status)
        server = serving(make_app(session))
        client = server.__enter__()
        context = browser.new_context(viewport={"width": 1200, "height": 800}, **options)
        contexts.append((context, server))
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{client.port}/")
        page.wait_for_selector("#run:text-is('run')")
        return Page(page, session)

    yield open_page
    for context, server in contexts:
        context.close()
        server.__exit__(None, None, None)


def test_an_answer_waits_for_the_new_token_of_a_command_that_was_started_again(browser, tmp_path):
    session = make_session(tmp_path / "run", make_queue(2))
    guard = make_app(session, token="old")
    with serving(guard) as client, browser.new_context() as context:
        page = Page(context.new_page(), session)
        page.page.goto(f"http://127.0.0.1:{client.port}/?token=old")
        page.page.wait_for_selector("#t0")
        guard.token = "new"
        page.press("1", "Enter")
        page.page.wait_for_selector("#message:has-text('token')")
        assert session.annotations.final("s0") is None
        page.page.goto(f"http://127.0.0.1:{client.port}/?token=new")
        page.page.wait_for_selector("#sentence[data-id=s1]")
        assert page.answered("s0") == [(0, 1, "PER")]


def test_an_answer_that_has_not_arrived_waits_for_its_own_run(browser, tmp_path):
    """Another run is served on the same port, and it even has a sentence of the same text."""
    sessions = [make_session(tmp_path / name, make_queue(2)) for name in ("one", "two")]
    one, two = map(make_app, sessions)
    with browser.new_context() as context:
        page = Page(context.new_page(), sessions[0])
        with serving(one) as client:
            page.page.goto(f"http://127.0.0.1:{client.port}/")
            page.page.wait_for_selector("#t0")
        page.press("1", "Enter")
        page.page.wait_for_selector("#message:has-text('does not answer')")
        with serving(two, client.port):
            page.page.wait_for_selector("#message:has-text('Another run is served')")
            page.page.reload()
            page.page.wait_for_selector("#run:text-is('two')")
            page.page.wait_for_selector("#t0")
        assert not sessions[1].annotations.keys
        with serving(one, client.port):
            page.page.reload()
            page.page.wait_for_selector("#sentence[data-id=s1]")
            assert page.session.annotations.final("s0").entities == [(0, 1, "PER")]


def test_arrows_move_shift_marks_and_a_number_gives_the_type(opened):
    page = opened([make_task("s0", "Ada Lovelace saw New York ."), make_task("s1")])
    keys = ["Shift+ArrowRight", "1", "ArrowRight", "ArrowRight", "Shift+ArrowRight", "2", "Enter"]
    assert page.answered("s0", *keys) == [(0, 2, "PER"), (3, 5, "LOC")]
    assert page.errors == []


def test_to_mark_an_entity_in_a_long_sentence_does_not_draw_all_of_it_anew(opened):
    page = opened([make_task("s0", " ".join(["word"] * 2000))])
    page.page.wait_for_selector("#t0")
    page.page.evaluate("document.getElementById('t1999').dataset.drawn = 'once'")
    page.press("ArrowRight", "Shift+ArrowRight", "1", "End")
    assert page.page.locator("#t2 .tag").inner_text() == "PER"
    assert page.page.get_attribute("#t1999", "data-drawn") == "once"
    assert page.page.get_attribute("#sentence", "aria-activedescendant") == "t1999"


def test_what_is_drawn_of_changes_is_what_a_new_drawing_shows(opened):
    """Words and white space before, in and behind entities that are changed, replaced and removed,
    and then another sentence."""
    shown = [suggestion(0, 2, "LOC", 0.9), suggestion(3, 6, "PER", 0.5)]
    task = make_task("s0", suggestions=shown)
    task = task.model_copy(update={"tokens": ["Ada ", "saw", "  ", "New ", "York ", "now", "."]})
    page = opened([make_task("s1")])
    pairs = page.page.evaluate(DRAW_CHANGES, [task.model_dump(), make_task("s2").model_dump()])
    assert len({changed for changed, _ in pairs}) == len(pairs) == 5
    assert all(changed == anew for changed, anew in pairs)


def test_suggestions_are_accepted_changed_or_removed_with_one_key(opened):
    shown = [suggestion(0, 1, "LOC", 0.912), suggestion(2, 3, "PER", None)]
    tasks = [make_task(f"s{n}", suggestions=shown) for n in range(4)]
    page = opened(tasks)
    tags = page.page.locator(".tag").all_inner_texts()
    assert tags == ["LOC 91%", "PER"]
    assert page.answered("s0", "Enter") == [(0, 1, "LOC"), (2, 3, "PER")]
    assert page.answered("s1", "1", "Enter") == [(0, 1, "PER"), (2, 3, "PER")]
    assert page.answered("s2", "ArrowDown", "Backspace", "Enter") == [(0, 1, "LOC")]
    assert page.answered("s3", "x") == []


def test_later_ignore_and_undo(opened):
    page = opened(make_queue(3))
    page.answered("s0", "l")
    page.answered("s1", "1", "i")
    assert page.session.annotations.final("s1").answer == "ignore"
    page.answered("s2", "1", "Enter")
    page.answered("s0", "u")
    assert page.page.locator(".tag").all_inner_texts() == ["PER"]  # s2, as it was marked
    assert page.answered("s2", "2", "Enter") == [(0, 1, "LOC")]


def test_undo_without_an_answer_is_a_quiet_notice(opened):
    page = opened(make_queue(1))
    page.page.keyboard.press("u")
    page.page.wait_for_function("document.getElementById('message').textContent")
    assert page.page.inner_text("#message") == "There is no answer of yours to take back."
    assert page.page.get_attribute("#message", "class") == ""


def test_the_mouse_drags_over_words_and_clicks_a_type(opened):
    page = opened([make_task("s0", "Ada Lovelace saw New York ."), make_task("s1")])
    page.token(3).hover()
    page.page.mouse.down()
    page.token(4).hover()
    page.page.mouse.up()
    page.page.click("button[data-label=LOC]")
    page.token(0).click()
    page.page.click("button[data-label=PER]")
    page.token(4).click()  # selects the whole entity
    page.page.click("button[data-label=PER]")
    page.page.click("#accept")
    assert page.answered("s0") == [(0, 1, "PER"), (3, 5, "PER")]


def test_a_finger_taps_words_side_by_side_and_a_type(opened):
    page = opened([make_task("s0", "Ada Lovelace saw New York ."), make_task("s1")], has_touch=True)
    page.page.set_viewport_size(PHONE)
    page.token(3).tap()
    page.token(4).tap()
    page.page.locator("button[data-label=LOC]").tap()
    page.token(0).tap()
    page.page.locator("button[data-label=PER]").tap()
    page.page.locator("#remove").tap()
    page.page.locator("#accept").tap()
    assert page.answered("s0") == [(3, 5, "LOC")]


def test_nothing_is_wider_than_a_phone(opened):
    page = opened([make_task("s0", "Donaudampfschifffahrtsgesellschaft " * 8 + "x" * 200)])
    page.page.set_viewport_size(PHONE)
    assert page.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_right_to_left_text_is_read_and_marked_from_right_to_left(opened):
    page = opened([make_task("s0", "עדה נסעה לתל אביב ."), make_task("s1")])
    first, second = (page.token(number).bounding_box()["x"] for number in (0, 1))
    assert first > second
    keys = ["ArrowLeft", "ArrowLeft", "Shift+ArrowLeft", "2", "Enter"]
    assert page.answered("s0", *keys) == [(2, 4, "LOC")]


def test_chinese_words_are_marked_one_by_one(opened):
    task = make_task("s0").model_copy(update={"tokens": ["李明", "去", "北", "京", "。"]})
    page = opened([task, make_task("s1")])
    assert page.page.inner_text("#sentence") == "李明去北京。"
    keys = ["1", "ArrowRight", "ArrowRight", "Shift+ArrowRight", "2", "Enter"]
    assert page.answered("s0", *keys) == [(0, 1, "PER"), (2, 4, "LOC")]


def test_white_space_between_words_is_passed_over(opened):
    task = make_task("s0").model_copy(update={"tokens": ["Ada", "\n\n", "saw ", "Rome"]})
    page = opened([task, make_task("s1")])
    assert page.answered("s0", "ArrowRight", "1", "Enter") == [(2, 3, "PER")]


def test_text_is_never_markup(opened):
    evil = "<img/src=x/onerror=document.title='broken'> &amp; <b>bold</b>"
    page = opened([make_task("s0", evil), make_task("s1")])
    assert page.page.inner_text("#sentence") == evil
    assert page.page.locator("#sentence img, #sentence b").count() == 0
    assert "broken" not in page.page.title()


def test_a_new_type_has_its_key_at_once(opened):
    page = opened([make_task("s0"), make_task("s1")])
    page.press("n")
    page.page.keyboard.type("ORG")
    page.press("Enter")
    page.page.wait_for_selector("button[data-label=ORG]")
    assert page.answered("s0", "3", "Enter") == [(0, 1, "ORG")]
    page.press("n", "A", "Space", "B", "Enter")
    page.page.wait_for_selector("#message.error")
    assert "not a name for a type" in page.page.inner_text("#message")


def test_a_name_for_a_type_that_is_refused_stays_to_be_corrected(opened):
    page = opened([make_task("s0")])
    page.press("n")
    page.page.keyboard.type("LOC")
    page.press("Enter")
    page.page.wait_for_selector("#message:text-is('The type LOC is there already.')")
    page.page.keyboard.type("AL")
    page.press("Enter")
    page.page.wait_for_selector("#types button[data-label=LOCAL]")
    assert page.page.locator("#types input").count() == 0
    page.press("4")  # the keys are those of the sentence again
    assert page.answered("s0", "3", "Enter") == [(0, 1, "LOCAL")]


def test_the_page_asks_no_other_server_for_anything(opened):
    page = opened(make_queue(1))
    asked = []
    page.page.on("request", lambda request: asked.append(request.url))
    page.page.reload()
    page.page.wait_for_selector("#sentence .token")
    assert {url.split("/")[2].split(":")[0] for url in asked} == {"127.0.0.1"}


@pytest.mark.parametrize("size", [{"width": 1200, "height": 800}, PHONE], ids=["desktop", "phone"])
def test_the_sentence_stays_in_its_place_between_dev_and_train(opened, size):
    status = WAITING.model_copy(update={"dev_target": 4})
    page = opened([make_task("d0", part="dev"), make_task("t0")], status)
    page.page.set_viewport_size(size)
    before = page.token(0).bounding_box()
    page.answered("d0", "1", "Enter")
    assert page.token(0).bounding_box() == before


def test_what_is_put_off_comes_again_with_a_note(opened):
    page = opened(make_queue(1))
    page.press("l")
    page.page.wait_for_selector("#purpose:has-text('put this one off')")
    assert page.answered("s0", "1", "Enter") == [(0, 1, "PER")]


def test_what_is_looked_at_again_is_counted_down(opened):
    page = opened([make_task("s0", again=True), make_task("s1", again=True)])
    assert "2 to go" in page.page.inner_text("#purpose")
    page.answered("s0", "Enter")
    assert "1 to go" in page.page.inner_text("#purpose")


def test_the_page_says_that_all_is_labelled_and_what_to_do_next(opened):
    page = opened(make_queue(1), WAITING.model_copy(update={"all_queued": True}))
    page.answered("s0", "x")
    assert "All is labelled" in page.page.inner_text("#purpose")
    assert "spacy deepal status run" in page.page.inner_text("#empty")


def test_why_the_background_process_has_stopped_stays_on_the_page(opened):
    page = opened(make_queue(3))
    page.session.set_error("The disk is full.")
    for name in ("s0", "s1"):
        page.answered(name, "x")
        page.page.wait_for_function("() => !document.body.classList.contains('busy')")
        assert page.page.inner_text("#message") == "The disk is full."


def test_what_people_labelled_differently_is_listed_with_who_said_what(opened):
    page = opened(make_queue(2))
    for name, entities in (("ada", [(0, 1, "PER")]), ("bob", [])):
        page.session.answer(name, make_given(make_task("s1"), entities, key=name))
    page.page.reload()
    page.page.wait_for_selector("#people .difference")
    text = page.page.inner_text("#people")
    assert "1 sentence is labelled differently." in text
    assert "Ada saw Rome .\nada: Ada (PER)\nbob: no entity (counts)" in text


def test_f1_on_few_entities_has_no_interval(opened):
    page = opened(make_queue(1))
    measured = {"round": 0, "f": 1.0, "low": 1.0, "high": 1.0, "sentences": 1, "entities": 1}
    more = {"measured": measured, "curve": [{"words": 300, "f": 1.0}], "waiting": 7}
    progress = page.session.progress().model_dump() | more
    text = page.page.evaluate(SHOW_PROGRESS, progress)
    assert "95%" not in text
    assert "1 sentence with 1 entity: too few" in text
    assert "7 words, enough" in text  # of 4
    assert "The curve ends" not in text


@pytest.mark.parametrize("rounds", [1, 2])
def test_f1_is_there_before_the_last_model_is_measured_again(opened, rounds):
    """As after the command was started again, while a training was due."""
    page = opened(make_queue(1))
    older = {"round": 0, "f": 0.5, "low": 0.4, "high": 0.6, "sentences": 90, "entities": 99}
    curve = [{"words": 100 * n, "f": 0.25 * n} for n in range(1, rounds + 1)]
    more = {"measured": older if rounds == 2 else None, "curve": curve}
    text = page.page.evaluate(SHOW_PROGRESS, page.session.progress().model_dump() | more)
    assert f"{25 * rounds}.0\nF1 on dev\n" in text
    assert "95%" not in text


def test_the_page_says_why_f1_and_the_curve_differ(opened):
    page = opened(make_queue(1))
    measured = {"round": 0, "f": 0.5, "low": 0.4, "high": 0.6, "sentences": 90, "entities": 99}
    more = {"measured": measured, "curve": [{"words": 300, "f": 0.75}]}
    text = page.page.evaluate(SHOW_PROGRESS, page.session.progress().model_dump() | more)
    assert "50.0 F1 on dev, from 40.0 to 60.0" in " ".join(text.split())
    assert "The curve ends at 75.0, measured when the model was trained." in text


@pytest.mark.parametrize("size", [{"width": 1200, "height": 800}, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("state", ["sentence", "help", "new type", "nothing"])
def test_axe_finds_nothing_serious(opened, size, state):
    shown = [suggestion(0, 1, "LOC", 0.9), suggestion(2, 3, "PER", None)]
    page = opened([] if state == "nothing" else [make_task("s0", suggestions=shown)])
    page.page.set_viewport_size(size)
    if state == "help":
        page.press("?")
    elif state == "new type":
        page.press("n")
    elif state == "sentence":
        page.press("ArrowDown", "1", "ArrowRight")
    violations = Axe().run(page.page).response["violations"]
    found = [(each["id"], each["help"]) for each in violations if each["impact"] in SERIOUS]
    assert found == []
