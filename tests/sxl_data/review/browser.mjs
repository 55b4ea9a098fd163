// Drives a sheet in Chromium over its own protocol: node --experimental-websocket browser.mjs CHROMIUM PAGE PROFILE
import { spawn } from "node:child_process";
const [program, page, profile] = process.argv.slice(2);
const child = spawn(program, ["--headless=new", "--no-sandbox", "--disable-gpu", "--user-data-dir=" + profile,
  "--remote-debugging-port=0", "file://" + page]);
let said = "";
child.stderr.on("data", (data) => { said += data; });
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const found = {}, waiting = {}, asked = [];
try {
  let port, target;
  for (let n = 0; n < 150 && !target; n++) {
    await sleep(200);
    port = said.match(/127\.0\.0\.1:(\d+)\//)?.[1];
    if (port) target = (await (await fetch(`http://127.0.0.1:${port}/json`)).json()).find((one) => one.type === "page");
  }
  const socket = new WebSocket(target.webSocketDebuggerUrl);
  await new Promise((done) => { socket.onopen = done; });
  socket.onmessage = (event) => {
    const message = JSON.parse(event.data);
    if (message.id) waiting[message.id](message.result ?? message.error);
    else if (message.method === "Network.requestWillBeSent") asked.push(message.params.request.url);
  };
  let number = 0;
  const send = (method, params = {}) => new Promise((done) => {
    waiting[++number] = done;
    socket.send(JSON.stringify({ id: number, method, params }));
  });
  const evaluate = async (expression) =>
    (await send("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true })).result?.value;
  const ready = async () => { for (let n = 0; n < 100 && !(await evaluate("!!document.querySelector('fieldset.now')")); n++) await sleep(100); };
  const press = async (key) => {
    await send("Input.dispatchKeyEvent", { type: "keyDown", key, text: key.length === 1 ? key : undefined });
    await send("Input.dispatchKeyEvent", { type: "keyUp", key });
  };
  await send("Network.enable");
  await ready();
  for (const key of ["3", "0", "1", "2"]) await press(key);
  found.item = await evaluate("now");
  await press("s");
  found.unnamed = await evaluate("document.getElementById('said').textContent");
  found.votes = await evaluate("state.votes");
  await sleep(1000);  // the browser writes what it keeps a moment later
  await send("Page.reload");
  await sleep(500);
  await ready();
  found.reloaded = await evaluate("state.votes");
  found.saved = await evaluate(`new Promise((done) => {
    state.rater = { name: "Ada", kind: "person" };
    const make = URL.createObjectURL;
    URL.createObjectURL = (blob) => { blob.text().then(done); return make(blob); };
    save(); })`);
  await evaluate("localStorage.clear()");
  await send("Page.reload");
  await sleep(500);
  await ready();
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
  found.asked = asked.filter((url) => !url.startsWith("file:") && !url.startsWith("blob:"));
  console.log(JSON.stringify(found));
  send("Browser.close");
  await sleep(300);
} finally {
  child.kill();
}
process.exit(0);
