// Draws a sentence, and lets mouse and finger mark words. Text is only ever put in as text.

const box = document.getElementById("sentence");
const COLOURS = 9;

let drawn = { tokens: null, looks: [], parts: [] }; // of each token, its entity in words, its elements

// Draw a sentence. If it is the one that is there, only the words whose entity has changed are drawn:
// for thousands of words, all else would take seconds.
export function draw(marks, labels, lang) {
  const entities = Array(marks.tokens.length);
  for (const each of marks.entities) entities.fill(each, each.start, each.end);
  const looks = entities.map((each) => JSON.stringify(each));
  const make = (i) => drawToken(marks.tokens[i], entities[i], i, labels);
  if (drawn.tokens === marks.tokens) {
    for (const i of marks.tokens.keys()) {
      if (looks[i] === drawn.looks[i]) continue;
      const [first, ...others] = drawn.parts[i];
      for (const each of others) each.remove();
      first.replaceWith(...(drawn.parts[i] = make(i)));
    }
    drawn.looks = looks;
    return;
  }
  drawn = { tokens: marks.tokens, looks, parts: [...marks.tokens.keys()].map(make) };
  box.lang = lang;
  box.dataset.id = marks.id;
  box.dir = ""; // with "auto", the browser would look for the direction of the text at each word
  box.replaceChildren(...drawn.parts.flat());
  box.dir = "auto";
}

// Show which words are marked. It leaves the rest as it is.
export function showMarked(marks) {
  for (const span of box.querySelectorAll(".token")) {
    const i = Number(span.dataset.i);
    const marked = marks.first <= i && i <= marks.last;
    span.ariaSelected = String(marked);
    span.classList.toggle("marked", marked);
    span.classList.toggle("cursor", i === marks.cursor);
  }
  box.setAttribute("aria-activedescendant", `t${marks.cursor}`);
  document.getElementById(`t${marks.cursor}`)?.scrollIntoView({ block: "nearest" });
}

function drawToken(token, entity, i, labels) {
  const word = token.trimEnd();
  if (word === "") return [drawSpace(token, entity && i + 1 < entity.end ? entity : undefined, labels)];
  const span = document.createElement("span");
  span.id = `t${i}`;
  span.dataset.i = i;
  span.role = "option";
  span.className = "token";
  const text = document.createElement("span");
  text.textContent = word;
  text.className = "word";
  span.append(text);
  span.ariaLabel = describe(word, entity, i);
  if (entity) dress(span, entity, i, labels);
  const space = token.slice(word.length);
  return space ? [span, drawSpace(space, entity && i + 1 < entity.end ? entity : undefined, labels)] : [span];
}

function dress(span, entity, i, labels) {
  span.classList.add("entity", colour(labels, entity.label));
  span.classList.toggle("suggested", entity.suggested);
  span.classList.toggle("begin", i === entity.start);
  if (i !== entity.end - 1) return;
  span.classList.add("end");
  const tag = document.createElement("span");
  tag.className = "tag";
  tag.dir = "ltr";
  tag.textContent = entity.label + (entity.confidence == null ? "" : ` ${percent(entity.confidence)}`);
  if (entity.source) tag.title = `Suggested by ${entity.source}`;
  span.append(tag);
}

function drawSpace(text, entity, labels) {
  const span = document.createElement("span");
  span.className = "space";
  span.textContent = text;
  if (entity) {
    span.classList.add("entity", colour(labels, entity.label));
    span.classList.toggle("suggested", entity.suggested);
  }
  return span;
}

// What a screen reader says of a word.
function describe(word, entity, i) {
  if (!entity) return word;
  const part = i === entity.start ? entity.label : `${entity.label} goes on`;
  const sure = entity.confidence == null ? "" : ` ${percent(entity.confidence)}`;
  return `${word}, ${part}${entity.suggested ? `, suggested${sure}` : ""}`;
}

const percent = (share) => `${Math.round(100 * share)}%`;

export const colour = (labels, label) => `c${labels.indexOf(label) % COLOURS}`;

export const rightToLeft = () => getComputedStyle(box).direction === "rtl";

// Call `change` after mouse or finger has marked words.
export function listen(getMarks, change) {
  let dragging = false;
  let moved = false;
  const tokenAt = (event) => {
    const found = document.elementFromPoint(event.clientX, event.clientY)?.closest(".token");
    return found ? Number(found.dataset.i) : undefined;
  };
  box.addEventListener("pointerdown", (event) => {
    const i = tokenAt(event);
    if (i === undefined || event.button !== 0) return;
    const marks = getMarks();
    dragging = true;
    moved = false;
    if (event.shiftKey || (event.pointerType === "touch" && isBeside(marks, i))) {
      marks.select(i, true);
      moved = true;
    } else marks.select(i);
    box.focus();
    if (event.pointerType === "mouse") event.preventDefault();
    change();
  });
  document.addEventListener("pointermove", (event) => {
    const i = dragging ? tokenAt(event) : undefined;
    if (i === undefined || i === getMarks().cursor) return;
    getMarks().select(i, true);
    moved = true;
    change();
  });
  const end = () => {
    if (!dragging) return;
    dragging = false;
    const marks = getMarks();
    const entity = marks.at(marks.cursor);
    if (!moved && entity) marks.selectEntity(entity);
    change();
  };
  document.addEventListener("pointerup", end);
  document.addEventListener("pointercancel", end);
}

// Whether a tap on a word makes what is marked longer: it is beside it, and in no entity.
function isBeside(marks, i) {
  const before = marks.words.indexOf(marks.first) - 1;
  const after = marks.words.indexOf(marks.last) + 1;
  if (marks.at(i) || marks.at(marks.first)) return false;
  if (marks.words[before] === i) marks.anchor = marks.last;
  if (marks.words[after] === i) marks.anchor = marks.first;
  return marks.words[before] === i || marks.words[after] === i;
}
