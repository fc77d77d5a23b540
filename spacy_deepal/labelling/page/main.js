// The labelling page: shows one sentence at a time, and turns keys and clicks into answers.

import * as api from "./api.js";
import { Marks } from "./marks.js";
import { showProgress } from "./panel.js";
import { colour, draw, listen, rightToLeft, showMarked } from "./sentence.js";

const POLL = 1500; // milliseconds between two looks at what the background process has done
const byId = (id) => document.getElementById(id);
const sentence = byId("sentence");

let shown = null; // what the server said last
let marks = null; // the sentence on the screen
let seconds = 0; // how long it has been looked at, until `since`
let since = null; // when the page was last made visible
let busy = false; // an answer is on its way

function show(view, { replace = true } = {}) {
  const before = shown;
  shown = view;
  byId("run").textContent = view.run;
  document.title = `Label ${view.run}`;
  showProgress(view.progress);
  if (replace || (before?.task ?? null) === null) showTask(view.task);
  else shown.task = before.task;
  if (before?.labels.length !== view.labels.length) showTypes();
  byId("undo").disabled = !view.can_undo;
}

function showTask(task) {
  marks = task && new Marks(task);
  sentence.hidden = !task;
  byId("empty").hidden = Boolean(task);
  for (const id of ["accept", "none", "later", "ignore"]) byId(id).disabled = !task;
  byId("purpose").textContent = purpose(task);
  byId("work").className = task ? task.part : "";
  if (!task) {
    byId("empty").textContent = shown.finished ? next() : `${shown.progress.step} …`;
    return;
  }
  seconds = 0;
  since = document.hidden ? null : performance.now();
  redraw();
  sentence.focus({ preventScroll: true });
}

function purpose(task) {
  if (!task) return shown.finished ? "All is labelled. Thank you!" : "There is no sentence to label at the moment.";
  return (shown.put_off ? "You have put this one off. " : "") + origin(task);
}

// Why a sentence is shown.
function origin(task) {
  const p = shown.progress;
  if (task.again) return `Labelled before a type was added. Please look at it again. ${shown.again} to go.`;
  if (task.answered === "other") return "Someone else has labelled it. Label it too: then the two are compared.";
  if (task.part === "dev") return `From the dev set, a random sample: it tells how good the model is. ${sample(p.dev_words, p.dev_target)}`;
  if (task.part === "test") return `From the test set, a random sample. ${sample(p.test_words, p.test_target)}`;
  if (task.answered === "self") return "You have taken your answer back.";
  if (task.score === null) return task.suggestions.length ? "Drawn at random, or for what is suggested in it." : "Drawn at random.";
  return "Chosen by the model: it would learn most from this one.";
}

function sample(words, target) {
  const count = words < target ? `${words} of ${target} ${target === 1 ? "word" : "words"}.` : "No entity is in it yet, so it needs more.";
  return `${count} Nothing is suggested here, to keep it fair.`;
}

// What to do when all is labelled.
function next() {
  const rounds = shown.progress.curve.length;
  const model = rounds ? ` It is ${shown.run}/round_${String(rounds - 1).padStart(2, "0")}/model.` : "";
  return `${shown.progress.step}.${model} When the last model is trained, end the command with Ctrl+C.` +
    ` How good it is: python -m spacy deepal status ${shown.run}`;
}

function redraw() {
  draw(marks, shown.labels, shown.lang);
  moved();
}

// Other words are marked now; the entities are as they were.
function moved() {
  showMarked(marks);
  const current = marks.current;
  for (const button of byId("types").querySelectorAll("button[data-label]")) {
    button.ariaPressed = String(current?.label === button.dataset.label);
  }
}

function showTypes() {
  const buttons = shown.labels.map((label, i) => {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.label = label;
    button.className = `type ${colour(shown.labels, label)}`;
    button.textContent = label;
    if (i < 9) {
      const key = document.createElement("kbd");
      key.textContent = String(i + 1);
      button.append(" ", key);
    }
    button.addEventListener("click", () => put(label));
    return button;
  });
  byId("types").replaceChildren(...buttons, removeButton(), newType());
  if (marks) redraw();
}

function makeButton(id, text, name) {
  const button = document.createElement("button");
  button.type = "button";
  button.id = id;
  button.textContent = `${text} `;
  const key = document.createElement("kbd");
  key.textContent = name;
  button.append(key);
  return button;
}

function removeButton() {
  const button = makeButton("remove", "Remove", "⌫");
  button.addEventListener("click", () => { if (marks) remove(); sentence.focus(); });
  return button;
}

function newType() {
  const button = makeButton("new-type", "New type", "N");
  button.addEventListener("click", () => {
    const form = document.createElement("form");
    const input = document.createElement("input");
    input.ariaLabel = "Name of the new type";
    input.placeholder = "PRODUCT";
    input.autocomplete = "off";
    form.append(input);
    button.replaceWith(form);
    input.focus();
    const close = () => { form.replaceWith(button); sentence.focus(); };
    input.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const label = input.value.trim();
      if (!label) return close();
      attempt(async () => { // a name that is refused stays, to be corrected
        show(await api.addLabel(label), { replace: false });
        close();
      });
    });
  });
  return button;
}

function put(label) {
  if (!marks || !label) return;
  const entity = marks.put(label);
  spoken(`${marks.text(entity)}: ${label}`);
  redraw();
  sentence.focus({ preventScroll: true });
}

function remove() {
  if (marks.remove()) spoken("Removed");
  redraw();
}

function answer(kind, entities) {
  if (!marks || busy) return;
  const given = {
    key: api.newKey(),
    id: shown.task.id,
    answer: kind,
    entities,
    labels: shown.labels,
    seconds: watched(),
  };
  attempt(() => send(given));
}

async function send(given) {
  show(await api.answer(given, () => say("The server does not answer. Your answer is kept, and sent again until it does.")));
}

// Do something with the server. Only one thing is done at a time.
async function attempt(action) {
  if (busy) return;
  busy = true;
  document.body.classList.add("busy");
  try {
    await action();
    sayError();
  } catch (error) {
    say(error instanceof api.Refused ? error.message : "The server does not answer.", "error");
  } finally {
    busy = false;
    document.body.classList.remove("busy");
  }
}

// The background process may have stopped: that stays on the page.
function sayError() {
  const error = shown.progress.error;
  say(error ?? "", error ? "error" : "");
}

function say(text, kind = "") {
  const message = byId("message");
  if (message.textContent !== text) message.textContent = text;
  message.className = kind;
}

const spoken = (text) => { byId("spoken").textContent = text; };

function watched() {
  return seconds + (since === null ? 0 : (performance.now() - since) / 1000);
}

document.addEventListener("visibilitychange", () => {
  seconds = watched();
  since = document.hidden ? null : performance.now();
});

const ACTIONS = {
  accept: () => answer("accept", marks?.toJSON()),
  none: () => answer("accept", []),
  later: () => answer("later", []),
  ignore: () => answer("ignore", []),
  undo: () => {
    if (shown?.can_undo) attempt(async () => show(await api.undo()));
    else say("There is no answer of yours to take back.");
  },
  ask: () => byId("help").showModal(),
};
const KEYS = { Enter: "accept", x: "none", l: "later", i: "ignore", u: "undo", "?": "ask" };

for (const [id, action] of Object.entries(ACTIONS)) {
  byId(id).addEventListener("click", () => { action(); sentence.focus({ preventScroll: true }); });
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || byId("help").open) return;
  if (event.target.closest("input")) return;
  const onButton = event.target.closest("button") && ["Enter", " "].includes(event.key);
  if (onButton || event.repeat && !event.key.startsWith("Arrow")) return;
  const name = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (name) ACTIONS[name]();
  else if (event.key.toLowerCase() === "n") byId("new-type")?.click();
  else if (!marks || !moveOrMark(event)) return;
  event.preventDefault();
});

// RETURNS whether the key did something to the sentence.
function moveOrMark(event) {
  const forward = rightToLeft() ? "ArrowLeft" : "ArrowRight";
  const back = rightToLeft() ? "ArrowRight" : "ArrowLeft";
  const all = marks.words.length;
  if (/^[1-9]$/.test(event.key)) put(shown.labels[Number(event.key) - 1]);
  else if (event.key === "Backspace" || event.key === "Delete") remove();
  else if (event.key === forward) marks.move(1, event.shiftKey);
  else if (event.key === back) marks.move(-1, event.shiftKey);
  else if (event.key === "Home") marks.move(-all, event.shiftKey);
  else if (event.key === "End") marks.move(all, event.shiftKey);
  else if (event.key === "ArrowDown") marks.nextEntity(1);
  else if (event.key === "ArrowUp") marks.nextEntity(-1);
  else if (event.key === "Escape") marks.select(marks.cursor);
  else return false;
  moved();
  return true;
}

listen(() => marks, moved);

// Look now and again. First of all, send what was on its way when the browser was closed.
async function poll() {
  if (!busy) {
    try {
      const view = await api.view();
      if (!busy) {
        const first = shown === null;
        show(view, { replace: first });
        if (view.progress.error || byId("message").className === "offline") sayError();
        const kept = first && api.kept();
        if (kept) await attempt(() => send(kept));
      }
    } catch (error) {
      if (error instanceof api.Refused) say(error.message, "error");
      else say("The server does not answer. Start the command again; nothing that you answered is lost.", "offline");
    }
  }
  setTimeout(poll, POLL);
}

poll();
