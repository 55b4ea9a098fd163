"use strict";
// What every offline page begins with: its data, and how a text gets into it. Every text comes from strangers: it
// becomes textContent, and what does not print or turns the direction becomes a sign.
const data = JSON.parse(document.getElementById("data").textContent);
const at = (id) => document.getElementById(id);

function make(tag, parent, text) {
  const node = document.createElement(tag);
  if (text !== undefined) write(node, text);
  parent.append(node);
  return node;
}
function write(node, text) {
  let from = 0;
  for (const found of text.matchAll(/[\p{C}\u2028\u2029\u034f\u115f\u1160\u3164\uffa0\ufe00-\ufe0f]/gu)) {
    if (found[0] === "\n" || found[0] === "\t") continue;
    // An emoji's own selector; after a letter, or one after the other, selectors carry what nobody sees.
    if (/[\ufe0e\ufe0f]/.test(found[0]) && /[^\0-\xff\ufe00-\ufe0f]/.test(text[found.index - 1] || "")) continue;
    node.append(document.createTextNode(text.slice(from, found.index)));
    const mark = document.createElement("mark");
    mark.textContent = "U+" + found[0].codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
    node.append(mark);
    from = found.index + found[0].length;
  }
  node.append(document.createTextNode(text.slice(from)));
}
const say = (text) => { at("said").textContent = ""; write(at("said"), text); };
