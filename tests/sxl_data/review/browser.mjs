// Drives a sheet: node --experimental-websocket browser.mjs CHROMIUM PAGE PROFILE
import { sleep, withPage } from "../../browser.mjs";
await withPage("!!document.querySelector('fieldset.now')", async ({ evaluate, press, reload }) => {
  const found = {};
  for (const key of ["3", "0", "1", "2"]) await press(key);
  found.item = await evaluate("now");
  await press("s");
  found.unnamed = await evaluate("document.getElementById('said').textContent");
  found.votes = await evaluate("state.votes");
  await sleep(1000);  // the browser writes what it keeps a moment later
  await reload();
  found.reloaded = await evaluate("state.votes");
  found.saved = await evaluate(`new Promise((done) => {
    state.rater = { name: "Ada", kind: "person" };
    const make = URL.createObjectURL;
    URL.createObjectURL = (blob) => { blob.text().then(done); return make(blob); };
    save(); })`);
  await evaluate("localStorage.clear()");
  await reload();
  found.cleared = await evaluate("state.votes");
  await evaluate(`load(new File([${JSON.stringify(found.saved)}], "votes.json"))`);
  found.loaded = await evaluate("state.votes");
  const other = found.saved.replace(/"sample": "./, '"sample": "-');
  await evaluate(`load(new File([${JSON.stringify(other)}], "votes.json"))`);
  found.other = await evaluate("document.getElementById('said').textContent");
  await evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })");
  found.marks = await evaluate("[...document.querySelectorAll('#texts mark')].map((one) => one.textContent)");
  found.made = await evaluate("document.querySelectorAll('main img, main script, main a').length");
  found.pwned = await evaluate("typeof globalThis.pwned");
  return found;
});
