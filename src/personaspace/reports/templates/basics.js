"use strict";
// What pages are built with: elements, the page's data, light and dark, files to save.
const SVG = "http://www.w3.org/2000/svg";
const root = document.documentElement, at = id => document.getElementById(id);
const all = (query, within = document) => [...within.querySelectorAll(query)];
const data = JSON.parse(at("data").textContent);
root.classList.add("js");

const make = (tag, text, attributes = {}) => {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
};
const draw = (tag, attributes, ...inside) => {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...inside);
  return made;
};
const plain = text => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

// Light and dark; what has colours of its own is painted again by a function in `painters`.
const theme = at("theme"), system = matchMedia("(prefers-color-scheme: dark)"), painters = [];
let printing = false;
const dark = () => printing ? false : root.dataset.theme ? root.dataset.theme === "dark" : system.matches;
const paint = () => painters.forEach(painter => painter());
const themed = () => { theme.textContent = dark() ? "Light" : "Dark"; paint(); };
theme.hidden = false;
theme.addEventListener("click", () => { root.dataset.theme = dark() ? "light" : "dark"; themed(); });
system.addEventListener("change", themed);
for (const [event, begins] of [["beforeprint", true], ["afterprint", false]]) addEventListener(event, () => { printing = begins; paint(); });
themed();

const offer = (content, type, name) => {
  const address = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type }));
  make("a", undefined, { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
};
