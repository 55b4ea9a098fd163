// The sheet: shows one item after the other, keeps the votes in this browser, saves and loads them as a file.
const place = "sxl-review:" + data.hash, CANNOT = "cannot_judge", FOLDED = 1200;
const items = new Map(data.items.map((item) => [item.id, item]));
let state = { rater: { name: "", kind: "" }, votes: {} }, now = 0, question = 0, since = Date.now(), keeps = true;

function asked(item) {
  const phases = new Set(item.sides.flatMap((side) => side.blocks.map((block) => block.phase)));
  return data.questions.filter((q) => q.of.includes(item.kind) && (q.phase === "whole" || phases.has(q.phase)));
}
const values = (q) => [...q.answers.map((a) => a.value), CANNOT];
const vote = (id) => state.votes[id] || { answers: {}, note: "", seconds: 0 };
const done = (item) => asked(item).every((q) => Object.hasOwn(vote(item.id).answers, q.id));

// A file or a browser's store is checked like any stranger's text; what fits no question is refused as a whole.
function checked(value) {
  const rater = value.rater, votes = value.votes, clean = {};
  if (typeof rater.name !== "string" || !["", "person", "model"].includes(rater.kind)) throw new Error("rater");
  for (const [id, given] of Object.entries(votes)) {
    const item = items.get(id);
    if (!item) throw new Error("no item " + id);
    const questions = new Map(asked(item).map((q) => [q.id, q]));
    for (const [name, answer] of Object.entries(given.answers))
      if (!questions.has(name) || !values(questions.get(name)).includes(answer)) throw new Error(id + " " + name);
    const seconds = Number.isFinite(given.seconds) ? given.seconds : 0;
    clean[id] = { answers: { ...given.answers }, note: String(given.note || "").slice(0, 10000), seconds };
  }
  return { rater: { name: rater.name, kind: rater.kind }, votes: clean };
}
function keep() {
  const text = JSON.stringify(state);
  try { localStorage.setItem(place, text); keeps = localStorage.getItem(place) === text; } catch { keeps = false; }
  count();
}
function count() {
  const judged = data.items.filter(done).length;
  at("progress").textContent = `item ${now + 1} of ${data.items.length} \u00b7 ${judged} judged`
    + (keeps ? "" : " \u00b7 this browser keeps nothing: save before you close it");
}
function block(parent, entry) {
  const section = make("section", parent);
  section.className = ["observe", "reflect", "act", "iterate"].includes(entry.phase) ? entry.phase : "";
  make("h3", section, entry.phase.toUpperCase() + "  " + entry.head);
  if (!entry.text) return;
  const long = entry.text.length > FOLDED || entry.head === "system" || entry.head === "developer";
  if (!long) { make("pre", section, entry.text); return; }
  if (entry.head !== "system" && entry.head !== "developer") make("pre", section, entry.text.slice(0, 600) + " \u2026");
  const more = make("details", section);
  make("summary", more, `whole text, ${entry.text.length} characters`);
  more.addEventListener("toggle", () => { if (more.open && !more.querySelector("pre")) make("pre", more, entry.text); });
}
function show() {
  const item = data.items[now], texts = at("texts"), form = at("questions");
  texts.replaceChildren(); form.replaceChildren(); texts.scrollTop = 0;
  make("h2", texts, `Item ${now + 1}`);
  item.request.forEach((entry) => block(texts, entry));
  const sides = make("div", texts);
  sides.id = "sides";
  for (const side of item.sides) {
    const column = make("div", sides);
    if (side.label) make("h2", column, side.label);
    side.blocks.forEach((entry) => block(column, entry));
  }
  asked(item).forEach((q, number) => ask(form, item, q, number));
  const label = make("label", form, "Note (m)"), note = make("textarea", label);
  note.id = "note"; note.maxLength = 10000; note.value = vote(item.id).note;
  note.addEventListener("input", () => { state.votes[item.id] = { ...vote(item.id), note: note.value }; keep(); });
  const open = asked(item).findIndex((q) => !(Object.hasOwn(vote(item.id).answers, q.id)));
  focus(open < 0 ? 0 : open, false); scrollTo(0, 0); since = Date.now(); count();
}
function ask(form, item, q, number) {
  const field = make("fieldset", form);
  make("legend", field, q.ask);
  const options = [...q.answers, { value: CANNOT, means: "cannot judge", example: "" }];
  options.forEach((answer, n) => {
    const label = make("label", field), box = make("input", label);
    box.type = "radio"; box.name = q.id; box.checked = vote(item.id).answers[q.id] === answer.value;
    box.addEventListener("change", () => { focus(number); set(item, q, answer.value); });
    make("span", label, ` ${answer.value === CANNOT ? 0 : n + 1}  ${answer.means}`);
    if (answer.example) make("span", label, answer.example).className = "example";
  });
}
function set(item, q, value) {
  const old = vote(item.id), spent = Math.min(600, (Date.now() - since) / 1000);
  since = Date.now();
  state.votes[item.id] = { answers: { ...old.answers, [q.id]: value }, note: old.note,
    seconds: Math.round((old.seconds + spent) * 10) / 10 };
  keep();
}
function focus(number, scroll = true) {
  const fields = [...at("questions").querySelectorAll("fieldset")];
  question = Math.max(0, Math.min(number, fields.length - 1));
  fields.forEach((field, n) => field.classList.toggle("now", n === question));
  if (fields[question] && scroll) fields[question].scrollIntoView({ block: "nearest" });
}
function press(digit) {
  const item = data.items[now], q = asked(item)[question];
  if (!q || digit > q.answers.length) return;
  set(item, q, digit === 0 ? CANNOT : q.answers[digit - 1].value);
  const box = at("questions").querySelectorAll("fieldset")[question].querySelectorAll("input");
  box[digit === 0 ? box.length - 1 : digit - 1].checked = true;
  if (question + 1 < asked(item).length) focus(question + 1); else if (done(item)) go(now + 1);
}
function go(to) {
  if (to >= data.items.length && data.items.every(done)) say("All items are judged: save the votes.");
  now = Math.max(0, Math.min(to, data.items.length - 1)); show();
}
function save() {
  if (!state.rater.name.trim() || !state.rater.kind) { say("Say who you are first: name, and person or model."); at("name").focus(); return; }
  const rater = { name: state.rater.name.trim(), kind: state.rater.kind };
  const votes = { format: data.format, sample: data.hash, rater, votes: state.votes };
  const link = document.createElement("a"), url = URL.createObjectURL(new Blob([JSON.stringify(votes, null, 1)], { type: "application/json" }));
  link.href = url; link.download = "votes-" + data.hash.slice(0, 8) + ".json"; link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
  say("Saved: give the file to whoever runs `sxl-data review import`.");
}
async function load(file) {
  try {
    if (file.size > 16000000) throw new Error("too large");
    const value = JSON.parse(await file.text());
    if (value.format !== data.format || value.sample !== data.hash) throw new Error("votes of another sample");
    const found = checked(value);
    state = { rater: found.rater, votes: { ...state.votes, ...found.votes } };
    keep(); who(); show(); say(`Loaded votes on ${Object.keys(found.votes).length} items.`);
  } catch (problem) { say("Not loaded: " + problem.message); }
}
function who() {
  at("name").value = state.rater.name;
  document.querySelectorAll("input[name=kind]").forEach((box) => { box.checked = box.value === state.rater.kind; });
}
const keys = { n: () => go(now + 1), p: () => go(now - 1), ArrowDown: () => focus(question + 1), ArrowUp: () => focus(question - 1),
  u: () => go(Math.max(0, data.items.findIndex((item) => !done(item)))), s: save, m: () => at("note").focus(),
  f: () => document.querySelectorAll("details").forEach((more) => { more.open = true; }) };
document.addEventListener("keydown", (event) => {
  const node = event.target, typing = node.tagName === "TEXTAREA" || (node.tagName === "INPUT" && node.type !== "radio");
  if (event.key === "Escape") node.blur();
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (node.type === "radio" && event.key.startsWith("Arrow")) return;  // the browser's own way through the answers
  if (/^[0-9]$/.test(event.key)) { press(Number(event.key)); event.preventDefault(); }
  else if (Object.hasOwn(keys, event.key)) { keys[event.key](); event.preventDefault(); }
});
at("questions").addEventListener("submit", (event) => event.preventDefault());
at("save").addEventListener("click", save);
at("load").addEventListener("change", (event) => { if (event.target.files[0]) load(event.target.files[0]); event.target.value = ""; });
at("name").addEventListener("input", () => { state.rater.name = at("name").value; keep(); });
document.querySelectorAll("input[name=kind]").forEach((box) =>
  box.addEventListener("change", () => { state.rater.kind = box.value; keep(); }));
let kept = null;
try { kept = localStorage.getItem(place); if (kept) state = checked(JSON.parse(kept)); } catch {
  say("What this browser kept could not be read; it stays beside the new votes.");
  try { if (kept) localStorage.setItem(place + ":unreadable", kept); } catch { keeps = false; }
}
write(at("title"), data.title); who();
now = Math.max(0, data.items.findIndex((item) => !done(item))); show();
