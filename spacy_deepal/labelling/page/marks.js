// The entities of one sentence and the marked words. It knows nothing of the page.

export class Marks {
  constructor(task) {
    this.id = task.id;
    this.tokens = task.tokens;
    this.entities = [];
    const own = (task.entities || []).map(([start, end, label]) => ({ start, end, label, suggested: false }));
    const shown = task.suggestions.map((each) => ({ ...each, suggested: true }));
    this.entities = task.entities === null ? shown : task.again ? [...own, ...shown] : own;
    this.sort();
    this.words = this.tokens.map((_, i) => i).filter((i) => this.tokens[i].trim() !== "");
    this.cursor = this.anchor = this.words[0] ?? 0;
    const first = this.entities.find((each) => each.suggested);
    if (first) this.selectEntity(first);
  }

  get first() { return Math.min(this.cursor, this.anchor); }
  get last() { return Math.max(this.cursor, this.anchor); }

  sort() { this.entities.sort((a, b) => a.start - b.start); }

  // The entity that a token is in.
  at(i) { return this.entities.find((each) => each.start <= i && i < each.end); }

  // The entity whose words are marked, or in which the one marked word is.
  get current() {
    const entity = this.at(this.first);
    if (!entity) return undefined;
    const whole = entity.start === this.first && entity.end === this.last + 1;
    return whole || this.first === this.last ? entity : undefined;
  }

  // Move the cursor by words. With `extend`, the words between are marked. Without, the way begins
  // at the end of what is marked, so that one can go on beside an entity.
  move(by, extend) {
    const from = extend ? this.cursor : by < 0 ? this.first : this.last;
    const place = this.words.indexOf(from) + by;
    this.select(this.words[Math.max(0, Math.min(this.words.length - 1, place))], extend);
  }

  select(i, extend = false) {
    this.cursor = i;
    if (!extend) this.anchor = i;
  }

  selectEntity(entity) {
    this.anchor = entity.start;
    this.cursor = entity.end - 1;
  }

  // Go to the next or the previous entity, and round the end.
  nextEntity(by) {
    if (!this.entities.length) return;
    const after = this.entities.findIndex((each) => (by > 0 ? each.start > this.first : each.end > this.first));
    const place = after < 0 ? (by > 0 ? 0 : this.entities.length - 1) : by > 0 ? after : after - 1;
    this.selectEntity(this.entities[(place + this.entities.length) % this.entities.length]);
  }

  // Give the current entity a type, or make an entity of the marked words. RETURNS the entity.
  put(label) {
    const { start, end } = this.current ?? { start: this.first, end: this.last + 1 };
    this.entities = this.entities.filter((each) => each.end <= start || end <= each.start);
    const entity = { start, end, label, suggested: false };
    this.entities.push(entity);
    this.sort();
    this.selectEntity(entity);
    return entity;
  }

  // Remove the entities of the marked words. RETURNS how many there were.
  remove() {
    const before = this.entities.length;
    this.entities = this.entities.filter((each) => each.end <= this.first || this.last < each.start);
    return before - this.entities.length;
  }

  text(entity) { return this.tokens.slice(entity.start, entity.end).join("").trim(); }

  toJSON() { return this.entities.map(({ start, end, label }) => [start, end, label]); }
}
