// The review page of a share: shows sessions as they would be published, marks what was changed and what is in doubt,
// keeps the decisions in this browser, saves and loads them as a file.
const place = "sxl-share:" + data.hash, FOLDED = 1500;
const sessions = new Map(data.sessions.map((session) => [session.id, session]));
const doubts = new Map(data.doubts.map((doubt) => [doubt.key, doubt]));
const nothing = () => ({ leave_out: [], drop: {}, fine: [], take_out: [] });
let state = nothing(), now = 0, turn = 0, keeps = true;

// A file or a browser's store is checked like any stranger's text; what fits nothing is refused as a whole.
function checked(value) {
  const clean = nothing();
  for (const id of value.leave_out) { if (!sessions.has(id)) throw new Error("no session " + id); clean.leave_out.push(id); }
  for (const [id, numbers] of Object.entries(value.drop)) {
    const session = sessions.get(id);
    if (!session || numbers.some((n) => !Number.isInteger(n) || !session.turns[n])) throw new Error("no turn of " + id);
    clean.drop[id] = [...new Set(numbers)].sort((a, b) => a - b);
  }
  for (const key of value.fine) { if (!doubts.has(key)) throw new Error("no doubt " + key); clean.fine.push(key); }
  for (const word of value.take_out) { if (typeof word !== "string" || word.trim().length < data.shortest) throw new Error("a word"); clean.take_out.push(word); }
  return clean;
}
function keep() {
  const text = JSON.stringify(state);
  try { localStorage.setItem(place, text); keeps = localStorage.getItem(place) === text; } catch { keeps = false; }
  count();
}
const current = () => data.sessions[now];
const isOut = (id) => state.leave_out.includes(id);
const dropped = (id) => new Set(state.drop[id] || []);
function isOpen(doubt) {
  if (!doubt.must || state.fine.includes(doubt.key)) return false;
  if (state.take_out.some((word) => doubt.value.toLowerCase().includes(word.toLowerCase()))) return false;
  return data.sessions.some((session) => {
    if (isOut(session.id) || !Object.hasOwn(session.doubts, doubt.key)) return false;
    const gone = dropped(session.id), where = session.doubts[doubt.key];
    return where.length ? where.some((n) => !gone.has(n)) : !gone.size;
  });
}
function count() {
  const turns = data.sessions.reduce((sum, session) => sum + (isOut(session.id) ? session.turns.length : dropped(session.id).size), 0);
  const open = data.doubts.filter(isOpen).length;
  at("progress").textContent = `session ${now + 1} of ${data.sessions.length} \u00b7 ${state.leave_out.length} sessions and ${turns} turns left out \u00b7 ${open} doubts open`
    + (keeps ? "" : " \u00b7 this browser keeps nothing: save before you close it");
  [...at("sessions").children].forEach((item, n) => {
    item.className = (n === now ? "now " : "") + (isOut(data.sessions[n].id) ? "out" : "");
    item.querySelector("button").setAttribute("aria-current", n === now);
    item.querySelector("input").checked = !isOut(data.sessions[n].id);
  });
  listDoubts();
  listWords();
}
function toggle(list, item) { return list.includes(item) ? list.filter((other) => other !== item) : [...list, item]; }
function setDropped(numbers, out) {
  const gone = dropped(current().id);
  numbers.forEach((n) => { if (out) gone.add(n); else gone.delete(n); });
  state.drop[current().id] = [...gone].sort((a, b) => a - b);
  if (!gone.size) delete state.drop[current().id];
  keep(); marked();
}
function request(number) {
  const turns = current().turns;
  let from = number, to = number + 1;
  while (from > 0 && !turns[from].opens) from--;
  while (to < turns.length && !turns[to].opens) to++;
  return Array.from({ length: to - from }, (_, n) => from + n);
}
function marked() {
  const gone = dropped(current().id);
  document.querySelectorAll(".turn").forEach((node, n) => {
    node.className = "turn" + (n === turn ? " now" : "") + (gone.has(n) ? " out" : "");
    node.querySelector("input").checked = gone.has(n);
  });
}
// A text with the changes and doubts in it marked: what stands around a change says which of equal words it is.
function marks(session, number, text) {
  const spans = [];
  const look = (snippet, offset, length, kind, title) => {
    for (let from = text.indexOf(snippet); from >= 0; from = text.indexOf(snippet, from + snippet.length))
      spans.push([from + offset, from + offset + length, kind, title]);
  };
  for (const change of session.changes)
    if (change.turns.includes(number)) look(change.left + change.word + change.right, change.left.length, change.word.length, "change", change.kind);
  for (const [key, where] of Object.entries(session.doubts))
    if (where.includes(number)) look(doubts.get(key).value, 0, doubts.get(key).value.length, "doubt", doubts.get(key).kind);
  return spans.sort((a, b) => a[0] - b[0] || b[1] - a[1]);
}
function marking(parent, session, number, text) {
  let from = 0;
  for (const [begin, end, kind, title] of marks(session, number, text)) {
    if (begin < from) continue;
    write(parent, text.slice(from, begin));
    const node = make("b", parent, text.slice(begin, end));
    node.className = kind; node.title = title;
    from = end;
  }
  write(parent, text.slice(from));
}
function block(parent, session, number, entry) {
  const section = make("div", parent);
  section.className = "block " + (["observe", "reflect", "act", "iterate"].includes(entry.phase) ? entry.phase : "");
  make("h3", section, entry.phase.toUpperCase() + "  " + entry.head);
  if (!entry.text) return;
  const fill = (node) => { const pre = make("pre", node); marking(pre, session, number, entry.text); };
  const has = marks(session, number, entry.text).length;
  if (entry.text.length <= FOLDED) { fill(section); return; }
  const more = make("details", section);
  make("summary", more, `${entry.text.length} characters` + (has ? `, ${has} marked: ` : ": ") + entry.text.slice(0, 200) + " \u2026");
  more.addEventListener("toggle", () => { if (more.open && !more.querySelector("pre")) fill(more); });
}
function show() {
  const session = current(), texts = at("texts");
  texts.replaceChildren(); texts.scrollTop = 0; turn = 0;
  make("h2", texts, `${session.id} \u00b7 ${session.agent} \u00b7 ${session.changed}`);
  make("p", texts, session.where);
  if (session.lost) make("p", texts, `${session.lost} lines are no JSON and are not published.`);
  const kinds = {};
  session.changes.forEach((change) => { kinds[change.kind] = (kinds[change.kind] || 0) + change.count; });
  const changes = make("details", texts), total = session.changes.reduce((sum, change) => sum + change.count, 0);
  changes.id = "changes";
  make("summary", changes, `${total} changes: ` + (Object.entries(kinds).map(([kind, n]) => `${kind} \u00d7${n}`).join(", ") || "none"));
  changes.addEventListener("toggle", () => { if (changes.open && !changes.querySelector("table")) table(changes, session); });
  session.turns.forEach((entry, number) => {
    const node = make("section", texts);
    node.setAttribute("aria-label", `turn ${number + 1}`);
    const label = make("label", node, "leave out "), box = make("input", label);
    box.type = "checkbox";
    box.addEventListener("change", () => { turn = number; setDropped([number], box.checked); });
    make("h3", node, `Turn ${number + 1} \u00b7 ${entry.who}`);
    node.className = "turn";
    entry.blocks.forEach((one) => block(node, session, number, one));
  });
  if (session.beside.length) {
    const beside = make("details", texts);
    beside.id = "beside";
    make("summary", beside, `Beside the turns: ${session.beside.length} texts of the file that no turn shows. They are published with it, unless you leave a turn out.`);
    beside.addEventListener("toggle", () => { if (beside.open && !beside.querySelector("pre")) session.beside.forEach((text) => make("pre", beside, text)); });
  }
  marked(); count();
}
function table(parent, session) {
  const made = make("table", parent), head = make("tr", make("thead", made)), body = make("tbody", made);
  ["kind", "times", "turns", "where"].forEach((word) => { make("th", head, word); });
  for (const change of session.changes) {
    const row = make("tr", body);
    make("td", row, change.kind); make("td", row, String(change.count));
    make("td", row, change.turns.length ? change.turns.slice(0, 8).map((n) => n + 1).join(" ") + (change.turns.length > 8 ? " \u2026" : "") : "beside");
    const cell = make("td", row);
    write(cell, change.left);
    const word = make("b", cell, change.word.length > 60 ? change.kind : change.word);
    word.className = "change";
    write(cell, change.right);
  }
}
function listDoubts() {
  const list = at("doubts"), open = data.doubts.filter(isOpen).length, held = document.activeElement?.dataset?.key;
  list.replaceChildren();
  const left = Object.entries(data.namesLeft).map(([letters, n]) => `a name of ${letters} letters stays ${n} times, since it is a word too`).join("; ");
  at("explained").textContent = (open ? `${open} must be answered before anything is written.` : "None is open.") + (left ? " " + left + "." : "");
  for (const doubt of data.doubts) {
    const item = make("li", list), line = make("div", item);
    make("strong", line, doubt.kind).className = isOpen(doubt) ? "open" : "";
    write(line, isOpen(doubt) ? " open " : doubt.must ? " answered " : " ");
    make("code", item, doubt.value.length > 300 ? doubt.value.slice(0, 300) + " \u2026" : doubt.value);
    const where = make("div", item);
    for (const session of data.sessions) {
      if (!Object.hasOwn(session.doubts, doubt.key)) continue;
      const turns = session.doubts[doubt.key];
      const to = make("button", where, session.id + (turns.length ? `, turn ${turns.slice(0, 3).map((n) => n + 1).join(" ")}` + (turns.length > 3 ? " \u2026" : "") : ", beside the turns"));
      to.type = "button";
      to.addEventListener("click", () => { go(data.sessions.indexOf(session)); if (turns.length) step(turns[0] - turn); else at("beside").open = true; });
    }
    if (doubt.must) {
      const label = make("label", item), box = make("input", label);
      box.type = "checkbox"; box.checked = state.fine.includes(doubt.key); box.dataset.key = doubt.key;
      write(label, " this is no secret ");
      box.addEventListener("change", () => { state.fine = toggle(state.fine, doubt.key); keep(); });
      if (held === doubt.key) box.focus();
    }
    if (doubt.value.trim().length >= data.shortest) {
      const out = make("button", item, "take it out");
      out.type = "button";
      out.addEventListener("click", () => { if (!state.take_out.includes(doubt.value)) state.take_out.push(doubt.value); keep(); });
    }
  }
}
function listWords() {
  at("words").replaceChildren();
  for (const word of state.take_out) {
    const item = make("li", at("words"), word + " "), back = make("button", item, "keep it");
    back.type = "button";
    back.addEventListener("click", () => { state.take_out = state.take_out.filter((other) => other !== word); keep(); });
  }
}
function add() {
  const word = at("word").value.trim();
  if (word.length < data.shortest) { say(`A word of ${data.shortest} characters or more.`); return; }
  if (!state.take_out.includes(word)) state.take_out.push(word);
  at("word").value = ""; keep();
}
function go(to) { now = Math.max(0, Math.min(to, data.sessions.length - 1)); show(); }
function step(by) {
  turn = Math.max(0, Math.min(turn + by, current().turns.length - 1));
  marked();
  document.querySelectorAll(".turn")[turn]?.scrollIntoView({ block: "nearest" });
}
function nextOpen() {
  const doubt = data.doubts.find(isOpen);
  if (!doubt) { say("No doubt is open."); return; }
  const buttons = [...at("doubts").children][data.doubts.indexOf(doubt)];
  buttons.querySelector("button")?.click();
  [...at("doubts").children][data.doubts.indexOf(doubt)].querySelector("input").focus();
}
function save() {
  const made = { format: data.format, share: data.hash, ...state };
  const link = document.createElement("a"), url = URL.createObjectURL(new Blob([JSON.stringify(made, null, 1)], { type: "application/json" }));
  link.href = url; link.download = "decisions-" + data.hash.slice(0, 8) + ".json"; link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
  const open = data.doubts.filter(isOpen).length;
  say((open ? `Saved, but ${open} doubts are open and nothing will be written. ` : "Saved. Now run: ") + data.command);
}
async function load(file) {
  try {
    if (file.size > 16000000) throw new Error("too large");
    const value = JSON.parse(await file.text());
    if (value.format !== data.format || value.share !== data.hash) throw new Error("decisions about other sessions");
    state = checked(value);
    keep(); show(); say("Loaded.");
  } catch (problem) { say("Not loaded: " + problem.message); }
}
const keys = { j: () => step(1), k: () => step(-1), n: () => go(now + 1), p: () => go(now - 1), s: save, o: nextOpen,
  d: () => setDropped([turn], !dropped(current().id).has(turn)),
  r: () => { const all = request(turn); setDropped(all, !all.every((n) => dropped(current().id).has(n))); },
  x: () => { state.leave_out = toggle(state.leave_out, current().id); keep(); },
  f: () => document.querySelectorAll("main details").forEach((more) => { more.open = true; }) };
document.addEventListener("keydown", (event) => {
  const node = event.target, typing = node.tagName === "INPUT" && node.type !== "checkbox";
  if (event.key === "Escape") node.blur();
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (Object.hasOwn(keys, event.key)) { keys[event.key](); event.preventDefault(); }
});
at("save").addEventListener("click", save);
at("add").addEventListener("click", add);
at("word").addEventListener("keydown", (event) => { if (event.key === "Enter") add(); });
at("load").addEventListener("change", (event) => { if (event.target.files[0]) load(event.target.files[0]); event.target.value = ""; });
data.sessions.forEach((session, n) => {
  const item = make("li", at("sessions")), label = make("label", item), box = make("input", label);
  box.type = "checkbox";
  box.addEventListener("change", () => { state.leave_out = toggle(state.leave_out, session.id); keep(); });
  write(label, " share ");
  const to = make("button", item, `${session.id} \u00b7 ${session.agent} \u00b7 ${session.changed} \u00b7 ${session.turns.length} turns: ${session.asks}`);
  to.type = "button"; to.className = "name";
  to.addEventListener("click", () => go(n));
});
let kept = null;
try { kept = localStorage.getItem(place); if (kept) state = checked(JSON.parse(kept)); } catch {
  say("What this browser kept could not be read; it stays beside the new decisions.");
  try { if (kept) localStorage.setItem(place + ":unreadable", kept); } catch { keeps = false; }
}
show();
