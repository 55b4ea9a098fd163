"use strict";
// The page of the viewer: a list that draws the rows in sight alone, and the chosen row beside it. The server writes the
// row as HTML in which every foreign text is escaped; the list's texts become textContent. The token stands behind the
// # of the address, which no browser sends, and goes to the server as a header.
const at = (id) => document.getElementById(id);
const TALLEST = 8000000, PAGE = 100, PAGES = 60, AHEAD = 6, FILTERS = ["split", "source", "code", "phase", "change"];
const list = at("list"), space = at("space");
let token = "", total = 0, high = 52, now = -1, chosen = null, wish = 0, asking = 0, drawn = false;
let pages = new Map(), wanted = new Set(), pool = [], lastTop = 0, quick = false, timer = 0;

async function ask(what, values, signal) {
  const answer = await fetch(`api/${what}?${new URLSearchParams(values)}`, { headers: { "X-Sxl-Token": token }, signal });
  const found = await answer.json();
  if (!answer.ok) throw new Error(found.error || answer.statusText);
  return found;
}
function say(text, bad = false) { at("said").textContent = text; at("said").classList.toggle("bad", bad); }
function make(tag, parent, text = "") {
  const node = document.createElement(tag);
  node.textContent = text;
  parent.append(node);
  return node;
}
function filters() {
  const found = { words: at("words").value, whole: at("whole").checked ? "1" : "", order: at("order").value };
  for (const name of FILTERS) found[name] = at(name).value;
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value));
}
const count = (n) => n.toLocaleString("en").replaceAll(",", "\u202f");

// Beyond what browsers can lay out the list is squeezed: its top stands for a share of the rows.
const tall = () => Math.min(total * high, TALLEST);
const room = () => Math.max(1, tall() - list.clientHeight);
function top() {
  const real = Math.max(0, total * high - list.clientHeight);
  return total * high <= TALLEST ? list.scrollTop : (list.scrollTop / room()) * real;
}
function scroll(to) {
  const real = Math.max(1, total * high - list.clientHeight), bounded = Math.max(0, Math.min(to, real));
  list.scrollTop = total * high <= TALLEST ? bounded : (bounded / real) * room();
}
function draw() {
  drawn = false;
  if (!total && !pool.length) return;
  const begin = top(), first = Math.max(0, Math.floor(begin / high) - AHEAD);
  const need = Math.ceil(list.clientHeight / high) + 2 * AHEAD + 1;
  while (pool.length < need) {
    const node = make("div", space);
    node.className = "row"; node.setAttribute("role", "option");
    const head = document.createTextNode(""), about = document.createTextNode("");
    make("b", node).append(head); make("span", node).append(about);
    pool.push({ node, head, about, at: -1, of: null });
  }
  const shift = list.scrollTop - begin;
  for (let number = first; number < first + pool.length; number++) place(pool[number % pool.length], number, shift);
  const active = now >= first && now < first + pool.length ? "row-" + now : "";
  if (list.getAttribute("aria-activedescendant") !== active) list.setAttribute("aria-activedescendant", active);
  load(first, Math.min(total, first + need));
}
function place(slot, number, shift) {
  const row = number < total ? pages.get(Math.floor(number / PAGE))?.[number % PAGE] || null : null;
  const move = number * high + shift, of = number === now, state = number < total ? total : -1;
  if (slot.move !== move) { slot.move = move; slot.node.style.transform = `translateY(${move}px)`; }
  if (slot.now !== of) { slot.now = of; slot.node.setAttribute("aria-selected", of); }
  if (slot.at === number && slot.of === row && slot.state === state) return;
  slot.at = number; slot.of = row; slot.state = state;
  slot.node.hidden = number >= total;
  slot.node.id = "row-" + number;
  slot.node.setAttribute("aria-posinset", number + 1);
  slot.node.setAttribute("aria-setsize", total);
  slot.node.classList.toggle("out", Boolean(row && row.out));
  const head = row ? row.head || row.trace_id : "…", about = row ? row.about : "";
  if (slot.head.data !== head) slot.head.data = head;  // rows that fly by are all alike: nothing to lay out anew
  if (slot.about.data !== about) slot.about.data = about;
}
function soon() { if (!drawn) { drawn = true; requestAnimationFrame(draw); } }
// While the list flies by nothing is asked for; what is in sight when it slows down is.
function load(first, end) {
  wanted = new Set();
  for (let page = Math.floor(first / PAGE); page * PAGE < end; page++) if (!pages.has(page)) wanted.add(page);
  clearTimeout(timer);
  if (wanted.size) timer = setTimeout(fetchWanted, quick ? 90 : 0);
}
async function fetchWanted() {
  const of = wish;
  for (const page of [...wanted]) {
    if (asking >= 2) { timer = setTimeout(fetchWanted, 30); return; }
    wanted.delete(page); asking++;
    ask("rows", { ...filters(), first: page * PAGE, count: PAGE })
      .then((found) => { if (of === wish) keep(page, found.rows); })
      .catch((problem) => { if (of === wish) say(problem.message, true); })
      .finally(() => { asking--; });
  }
}
function keep(page, rows) {
  pages.delete(page); pages.set(page, rows);
  while (pages.size > PAGES) pages.delete(pages.keys().next().value);
  soon();
}
list.addEventListener("scroll", () => {
  quick = Math.abs(list.scrollTop - lastTop) > 3 * list.clientHeight; lastTop = list.scrollTop; soon();
}, { passive: true });

async function choose(keepRow = false) {
  const of = ++wish;
  if (at("whole").checked && at("words").value) say("searching all texts …");
  try {
    const found = await ask("rows", { ...filters(), first: 0, count: PAGE, find: keepRow && chosen ? chosen : "" });
    if (of !== wish) return;
    total = found.total; pages = new Map([[0, found.rows]]); now = found.position ?? -1;
    space.style.height = tall() + "px";
    scroll(now < 0 ? 0 : now * high - list.clientHeight / 2);
    say(`${count(total)} of ${count(found.all)} rows` + (at("whole").checked && at("words").value ? `, searched in ${found.seconds.toFixed(1)} s` : ""));
    remember(); soon();
    if (chosen === null && total && innerWidth > 832) open(0, false);
    else if (keepRow === false && total && innerWidth > 832) open(0, false);
    if (!total) say("no row has all of this: x clears the filters", true);
  } catch (problem) { if (of === wish) say(problem.message, true); }
}
function remember() {
  const kept = new URLSearchParams(filters());
  if (kept.get("order") === "place") kept.delete("order");
  if (chosen) kept.set("row", chosen);
  history.replaceState(null, "", "#" + kept);
}
async function open(number, focus = false) {
  if (!total) return;
  now = Math.max(0, Math.min(number, total - 1));
  const begin = top(), end = begin + list.clientHeight;
  if (now * high < begin) scroll(now * high); else if ((now + 1) * high > end) scroll((now + 1) * high - list.clientHeight);
  soon();
  const row = pages.get(Math.floor(now / PAGE))?.[now % PAGE];
  await read(row ? { n: row.n } : { ...filters(), position: now }, focus);
}
let reading = null;
async function read(which, focus = false, whole = "") {
  if (reading) reading.abort();
  const mine = reading = new AbortController();
  try {
    const found = await ask("trace", { ...which, form: at("form").value, all: whole, words: "" }, mine.signal);
    if (mine !== reading) return;
    chosen = found.trace_id;
    at("text").innerHTML = found.html;
    at("text").dataset.n = now;
    at("bar").hidden = false; at("trace").scrollTop = 0;
    document.body.classList.toggle("reading", focus || document.body.classList.contains("reading"));
    mark(); remember();
    if (at("form").value && !at("words").value) at("text").querySelector("mark")?.scrollIntoView({ block: "center" });
    if (focus) at("trace").focus();
  } catch (problem) { if (problem.name !== "AbortError") say(problem.message, true); }
}
function again(whole = "") { if (chosen) read({ id: chosen }, false, whole); }
// The words that were searched for, in the text of the row, and what hides them unfolded.
function mark() {
  if (!window.CSS?.highlights) return;
  CSS.highlights.delete("found");
  const words = at("words").value.toLowerCase(), found = [];
  if (words.length < 2) return;
  const walk = document.createTreeWalker(at("text"), NodeFilter.SHOW_TEXT);
  while (walk.nextNode() && found.length < 500) {
    const text = walk.currentNode.data.toLowerCase();
    for (let i = text.indexOf(words); i >= 0 && found.length < 500; i = text.indexOf(words, i + words.length)) {
      const range = new Range();
      try { range.setStart(walk.currentNode, i); range.setEnd(walk.currentNode, i + words.length); } catch { break; }
      found.push(range);
    }
  }
  CSS.highlights.set("found", new Highlight(...found));
  for (const range of found.slice(0, 50))
    for (let fold = range.startContainer.parentElement.closest("details"); fold; fold = fold.parentElement.closest("details"))
      fold.open = true;
  if (found.length) found[0].startContainer.parentElement.scrollIntoView({ block: "center" });
}
function unfold() {
  const folds = [...at("text").querySelectorAll("details")], open = folds.some((fold) => !fold.open);
  folds.forEach((fold) => { fold.open = open; });
}
function back() { document.body.classList.remove("reading"); list.focus(); soon(); }
function clear() {
  at("words").value = ""; at("whole").checked = false; at("order").value = "place";
  FILTERS.forEach((name) => { at(name).value = ""; });
  choose(true);
}
let last = "";
function trained() {
  const form = at("form");
  if (form.value) { last = form.value; form.value = ""; again(); return; }
  if (!last) { say("no chat template is known here: name one with --template, or install the extra `train`", true); return; }
  form.value = last; again();
}
const keys = { j: () => open(now + 1), k: () => open(now - 1), g: () => open(0), G: () => open(total - 1), x: clear, u: unfold, t: trained,
  "/": () => { document.body.classList.remove("reading"); at("words").focus(); at("words").select(); } };
document.addEventListener("keydown", (event) => {
  const typing = /^(INPUT|SELECT)$/.test(event.target.tagName) && event.target.type !== "checkbox";
  if (event.key === "Escape") { event.preventDefault(); back(); return; }  // a search field would empty itself
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (Object.hasOwn(keys, event.key)) { keys[event.key](); event.preventDefault(); }
});
const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity };
list.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (Object.hasOwn(steps, event.key)) { open(now + steps[event.key]); event.preventDefault(); }
  if (event.key === "Enter") { if (now < 0) open(0, true); else open(now, true); event.preventDefault(); }
});
list.addEventListener("click", (event) => {
  const row = event.target.closest(".row");
  if (row) open(Number(row.id.slice(4)), innerWidth <= 832);
});
at("text").addEventListener("click", (event) => {
  const link = event.target.closest("button");
  if (link?.dataset.id) read({ id: link.dataset.id }, true); else if (link?.dataset.all) again("1");
});
let typed = 0;
at("words").addEventListener("input", () => { clearTimeout(typed); if (!at("whole").checked) typed = setTimeout(choose, 150); });
at("filters").addEventListener("submit", (event) => { event.preventDefault(); clearTimeout(typed); choose(); });
at("filters").addEventListener("change", (event) => { if (event.target.id !== "words") choose(); });
at("form").addEventListener("change", () => again());
at("unfold").addEventListener("click", unfold);
at("back").addEventListener("click", back);
at("next").addEventListener("click", () => open(now + 1));
at("previous").addEventListener("click", () => open(now - 1));
new ResizeObserver(soon).observe(list);

function fill(select, first, values) {
  const options = [[first, ""], ...values];
  for (const [text, value] of options) { const option = make("option", select, text); option.value = value; }
}
async function begin() {
  const given = new URLSearchParams(location.hash.slice(1));
  try {
    if (given.get("token")) sessionStorage.setItem("sxl-token", given.get("token"));
    token = given.get("token") || sessionStorage.getItem("sxl-token") || "";
  } catch { token = given.get("token") || ""; }
  given.delete("token");
  history.replaceState(null, "", "#" + given);
  if (!token) { say("open the address that `sxl-data serve` printed: it ends with a token", true); return; }
  try {
    const about = await ask("about", {});
    document.title = about.name + " · sxl";
    at("name").textContent = about.name + " ";
    make("small", at("name"), about.said);
    for (const name of FILTERS) fill(at(name), "all", (about.facets[name] || []).map(([value, shown]) => [shown, value]));
    at("change").parentElement.hidden = !about.facets.change;
    for (const name of about.orders) make("option", at("order"), name).value = name;
    last = about.template;
    fill(at("form"), "blocks", about.templates.map((name) => [`trained: ${name}`, name]));
    for (const name of [...FILTERS, "words", "order"]) if (given.has(name)) at(name).value = given.get(name);
    at("whole").checked = given.has("whole");
    const row = make("div", space); row.className = "row"; high = row.offsetHeight; row.remove();
    chosen = given.get("row");
    const before = chosen;
    await choose(true);
    if (before) again();
    list.focus();
  } catch (problem) { say(problem.message, true); }
}
begin();
