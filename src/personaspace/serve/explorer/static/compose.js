// Composing a persona of others by their weights.
import { call, complain, latest } from "./server.js";
import { keep, mark } from "./guests.js";
import { apart } from "./shares.js";
import { open } from "./tabs.js";
import { takeUp } from "./ask.js";

const newest = latest(), KEY = "mix", PAUSE = 120;
let timer;

const sliders = data.personas.map((persona, place) => {
  const row = make("p", undefined, { class: "slider" }), label = make("label", undefined, { for: `weight-${place}` });
  label.append(make("span", undefined, { class: `chip ${persona.color}`, "aria-hidden": "true" }), make("span", persona.name, { dir: "auto" }), make("span", persona.label, { class: "faint small", dir: "auto" }));
  const slider = make("input", undefined, { type: "range", min: "0", max: "100", step: "5", value: "0", id: `weight-${place}` }), shown = make("output", "0", { for: slider.id });
  row.append(label, slider, shown);
  at("sliders").append(row);
  return { slider, shown, name: persona.name };
});

const weights = () => Object.fromEntries(sliders.filter(({ slider }) => Number(slider.value)).map(({ slider, name }) => [name, Number(slider.value)]));

const shares = () => {
  const total = sliders.reduce((sum, { slider }) => sum + Number(slider.value), 0);
  sliders.forEach(({ slider, shown }) => {
    const share = total ? Math.round(100 * slider.value / total) : 0;
    shown.textContent = `${share}%`;
    slider.setAttribute("aria-valuetext", `${share}% of the mixture`);
  });
};

const mixed = async () => {
  shares();
  const mix = weights();
  if (!Object.keys(mix).length) {
    mark(KEY, null);
    keep(KEY, "", null);
    at("composed").replaceChildren();
    return complain(at("compose-error"));
  }
  try {
    const found = await newest(call("read", { who: { mix } }));
    if (!found) return;
    complain(at("compose-error"));
    const nearest = data.personas[found.persona], question = make("button", "Ask it a question", { type: "button", class: "main" });
    question.addEventListener("click", () => open("ask", true));
    const buttons = make("p", undefined, { class: "controls" });
    buttons.append(question);
    if (at("chat-form")) {
      const chat = make("button", "Chat with it", { type: "button" });
      chat.addEventListener("click", () => { at("chat-who").value = KEY; open("chat", true); });
      buttons.append(chat);
    }
    at("composed").replaceChildren(
      make("h3", found.name, { dir: "auto" }), make("p", `Nearest persona: ${nearest.name}${nearest.label ? ` (${nearest.label})` : ""}.`, { dir: "auto" }), buttons,
      make("h4", "What sets it apart: expected to answer otherwise than everybody"), apart(found.apart, found.name, takeUp),
    );
    mark(KEY, found.place, "composed");
    keep(KEY, found.name, { mix });
  } catch (error) {
    complain(at("compose-error"), error);
  }
};

at("sliders").addEventListener("input", () => { shares(); clearTimeout(timer); timer = setTimeout(mixed, PAUSE); });
const setAll = value => { sliders.forEach(({ slider }) => { slider.value = value; }); mixed(); };
at("even").addEventListener("click", () => setAll(50));
at("none").addEventListener("click", () => setAll(0));
shares();
