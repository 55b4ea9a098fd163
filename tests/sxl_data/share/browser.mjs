// Drives a review page: node --experimental-websocket browser.mjs CHROMIUM PAGE PROFILE
import { sleep, withPage } from "../../browser.mjs";
await withPage("!!document.querySelector('.turn.now')", async ({ evaluate, press, reload }) => {
  const found = { texts: "" };
  const count = await evaluate("data.sessions.length");
  for (let n = 0; n < count; n++) {
    await press("f");
    await sleep(100);
    found.texts += await evaluate("document.documentElement.outerHTML + document.body.innerText");
    found.made = (found.made || 0) + await evaluate("document.querySelectorAll('main img, main script, main a').length");
    await press("n");
  }
  for (let n = 0; n < count; n++) await press("p");
  await evaluate("go(data.sessions.findIndex((one) => one.agent === 'Claude Code'))");
  found.id = await evaluate("current().id");
  found.marked = await evaluate("document.querySelectorAll('main b.change').length");
  for (const key of ["j", "j", "d", "j", "j", "d", "d"]) await press(key);
  found.dropped = await evaluate("state.drop");
  await press("r");
  found.request = await evaluate("(state.drop[current().id] || []).length");
  await press("r");
  await press("j"); await press("k"); await press("d");
  await evaluate("document.getElementById('word').focus()");
  for (const key of ["z", "e", "b", "r", "a"]) await press(key);
  await evaluate("document.getElementById('add').click(); document.activeElement.blur()");
  await press("x");
  found.out = await evaluate("state.leave_out");
  await press("x");
  await press("o");
  found.focused = await evaluate("document.activeElement.type || ''");
  await evaluate("data.doubts.filter((one) => one.must).forEach((one) => { state.fine.push(one.key); }); keep()");
  found.open = await evaluate("data.doubts.filter(isOpen).length");
  await sleep(1000);  // the browser writes what it keeps a moment later
  const before = await evaluate("JSON.stringify(state)");
  await reload();
  found.kept = before === await evaluate("JSON.stringify(state)");
  found.saved = await evaluate(`new Promise((done) => {
    const make = URL.createObjectURL;
    URL.createObjectURL = (blob) => { blob.text().then(done); return make(blob); };
    save(); })`);
  const other = found.saved.replace(/"share": "./, '"share": "-');
  await evaluate(`load(new File([${JSON.stringify(other)}], "decisions.json"))`);
  found.other = await evaluate("document.getElementById('said').textContent");
  found.pwned = await evaluate("typeof globalThis.pwned");
  return found;
});
