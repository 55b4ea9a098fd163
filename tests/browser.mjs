// Chromium over its own protocol, for tests of pages: node --experimental-websocket SCRIPT CHROMIUM PAGE PROFILE
import { spawn } from "node:child_process";
export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
// `drive` gets a page's `evaluate`, `press`, `reload` and the addresses it `asked` for; what it returns is printed.
export async function withPage(ready, drive) {
  const [program, page, profile] = process.argv.slice(2);
  const child = spawn(program, ["--headless=new", "--no-sandbox", "--disable-gpu", "--user-data-dir=" + profile,
    "--remote-debugging-port=0", "file://" + page]);
  let said = "";
  child.stderr.on("data", (data) => { said += data; });
  const waiting = {}, asked = [];
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
    const waited = async () => { for (let n = 0; n < 100 && !(await evaluate(ready)); n++) await sleep(100); };
    const press = async (key) => {
      await send("Input.dispatchKeyEvent", { type: "keyDown", key, text: key.length === 1 ? key : undefined });
      await send("Input.dispatchKeyEvent", { type: "keyUp", key });
    };
    const reload = async () => {  // the old page answers for a while on a busy machine
      await evaluate("globalThis.isOld = true");
      await send("Page.reload");
      for (let n = 0; n < 100 && (await evaluate("globalThis.isOld ?? false")) !== false; n++) await sleep(100);
      await waited();
    };
    await send("Network.enable");
    await waited();
    const found = await drive({ evaluate, press, reload });
    found.asked = asked.filter((url) => !url.startsWith("file:") && !url.startsWith("blob:"));
    console.log(JSON.stringify(found));
    send("Browser.close");
    await sleep(300);
  } finally {
    child.kill();
  }
  process.exit(0);
}
