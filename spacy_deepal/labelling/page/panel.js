// What stands beside the sentence: words labelled, the learning curve, what the training changed.

const SVG = "http://www.w3.org/2000/svg";
const number = new Intl.NumberFormat("en");
const FEW = 10; // with fewer entities in dev, F1 says nothing
const counted = (n, one, many) => `${number.format(n)} ${n === 1 ? one : many}`;
const points = (share) => (100 * share).toFixed(1);

export function showProgress(progress) {
  document.getElementById("step").textContent = progress.step;
  document.getElementById("labelled").replaceChildren(...labelled(progress));
  document.getElementById("model").replaceChildren(...model(progress));
  show("changes", progress.changes && changes(progress.changes));
  show("people", people(progress));
}

function show(name, content) {
  document.getElementById(`${name}-section`).hidden = !content;
  document.getElementById(name).replaceChildren(...(content || []));
}

function labelled(p) {
  const rows = [];
  if (p.dev_target) rows.push(bar("Dev set", p.dev_words, p.dev_target));
  if (p.test_target) rows.push(bar("Test set", p.test_words, p.test_target));
  rows.push(bar("Next training", p.waiting, p.budget));
  rows.push(line(`${counted(p.words, "word", "words")} in ${counted(p.sentences, "sentence", "sentences")} to learn from` +
    (p.pool_words ? `, ${(100 * p.words / p.pool_words).toFixed(1)}% of the text` : "")));
  if (p.seconds_per_word !== null) rows.push(line(`${p.seconds_per_word.toFixed(2)} seconds a word`));
  return rows;
}

function bar(title, value, target) {
  const label = element("label", title);
  const size = value < target ? `${number.format(value)} of ${counted(target, "word", "words")}` : `${counted(value, "word", "words")}, enough`;
  const count = element("span", size);
  count.className = "count";
  const meter = document.createElement("progress");
  meter.max = Math.max(1, target);
  meter.value = Math.min(value, target);
  label.append(count, meter);
  return label;
}

function model(p) {
  if (!p.curve.length) {
    const rows = [line("The first model is trained when enough is labelled.")];
    if (p.dev_entities >= FEW) {
      const half = 196 * Math.sqrt(0.21 / p.dev_entities);
      rows.push(line(`Dev has ${counted(p.dev_entities, "entity", "entities")}. An F1 of 70 will be known to about ±${half.toFixed(0)}.`));
    } else if (p.dev_words) {
      rows.push(line(`Entities in dev: ${p.dev_entities}. That is too few to rely on F1.`));
    }
    return rows;
  }
  const rows = [];
  if (p.baseline) rows.push(line(`${p.baseline.name}, without your labels: F1 ${points(p.baseline.dev_ents_f)}`));
  // The last model is measured again when nothing else is due. Until then, the curve has its F1.
  if (p.measured?.round !== p.curve.length - 1) p = { ...p, measured: null };
  const few = p.measured?.entities < FEW;
  const value = element("p", points(p.measured?.f ?? p.curve.at(-1).f));
  value.className = "figure";
  const range = few || !p.measured ? "" : `, from ${points(p.measured.low)} to ${points(p.measured.high)} (95%)`;
  value.append(element("span", ` F1 on dev${range}`));
  rows.push(value);
  if (p.measured) {
    const on = `Measured on ${counted(p.measured.sentences, "sentence", "sentences")} with ${counted(p.measured.entities, "entity", "entities")}`;
    rows.push(line(few ? `${on}: too few to rely on. Label more of dev: --dev-words` : on));
  }
  rows.push(curve(p));
  const last = points(p.curve.at(-1).f);
  if (p.measured && points(p.measured.f) !== last) {
    rows.push(line(`The curve ends at ${last}, measured when the model was trained. Dev has changed since.`));
  }
  return rows;
}

// The learning curve: F1 on dev by words, and the interval of the last point.
function curve(p) {
  const [width, height, left, bottom, top] = [280, 130, 30, 20, 8];
  const most = Math.max(...p.curve.map((each) => each.words));
  const highest = Math.max(0.1, p.measured?.high ?? 0, ...p.curve.map((each) => each.f));
  const ceiling = Math.min(1, Math.ceil(highest * 10) / 10);
  const x = (words) => left + (width - left - 8) * words / most;
  const y = (f) => height - bottom - (height - bottom - top) * f / ceiling;
  const said = p.curve.map((each) => `${points(each.f)} at ${counted(each.words, "word", "words")}`).join(", ");
  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `Learning curve: F1 on dev is ${said}` });
  for (const f of [0, ceiling / 2, ceiling]) {
    picture.append(svg("line", { x1: left, x2: width, y1: y(f), y2: y(f), class: "grid" }));
    picture.append(svg("text", { x: left - 4, y: y(f) + 4, "text-anchor": "end" }, (100 * f).toFixed(0)));
  }
  picture.append(svg("text", { x: width - 8, y: height - 4, "text-anchor": "end" }, counted(most, "word", "words")));
  const last = p.curve.at(-1);
  if (p.measured) {
    picture.append(svg("line", { x1: x(last.words), x2: x(last.words), y1: y(p.measured.low), y2: y(p.measured.high), class: "interval" }));
  }
  picture.append(svg("polyline", { points: p.curve.map((each) => `${x(each.words)},${y(each.f)}`).join(" "), class: "curve" }));
  for (const each of p.curve) picture.append(svg("circle", { cx: x(each.words), cy: y(each.f), r: 3, class: "point" }));
  return picture;
}

function changes(c) {
  const labels = Object.keys({ ...c.found, ...c.lost });
  if (!labels.length) return [line(`The model finds no entity yet in ${counted(c.sentences, "sentence", "sentences")} of the text.`)];
  const table = document.createElement("table");
  const head = table.createTHead().insertRow();
  for (const title of ["Type", "Found", "New", "Gone"]) {
    const cell = element("th", title);
    cell.scope = "col";
    head.append(cell);
  }
  const body = table.createTBody();
  for (const label of labels) {
    const row = body.insertRow();
    const cell = element("th", label);
    cell.scope = "row";
    row.append(cell);
    for (const count of [c.found, c.gained, c.lost]) row.insertCell().textContent = number.format(count[label] ?? 0);
  }
  return [line(`Entities in ${counted(c.sentences, "sentence", "sentences")} of the text`), table];
}

function people(p) {
  const names = Object.entries(p.by_annotator);
  if (names.length < 2) return null;
  const rows = names.map(([name, count]) => line(`${name}: ${counted(count, "sentence", "sentences")}`));
  if (p.agreement) {
    const { sentences, exact, overlapping } = p.agreement;
    rows.push(line(`Agreement on ${counted(sentences, "sentence", "sentences")}: F1 ${points(exact)}, or ${points(overlapping)} if boundaries do not matter`));
  }
  if (p.different) {
    const which = p.differences.length < p.different ? ` The last ${p.differences.length}:` : "";
    rows.push(line(`${counted(p.different, "sentence is", "sentences are")} labelled differently.${which}`));
    rows.push(...p.differences.map(difference));
  }
  return rows;
}

// A sentence, and what each annotator says about it.
function difference(each) {
  const list = document.createElement("ul");
  for (const [name, said] of Object.entries(each.said)) list.append(element("li", `${name}: ${said}${name === each.counts ? " (counts)" : ""}`));
  const box = element("div", each.text);
  box.className = "difference";
  box.dir = "auto";
  box.append(list);
  return box;
}

function element(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

const line = (text) => element("p", text);

function svg(name, attributes, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}
