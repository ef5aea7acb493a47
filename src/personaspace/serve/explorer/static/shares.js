// Shares of answers as dots on a line from 0 to 100%, with intervals, in a table that a screen reader can read.
export const percent = share => share === null ? "–" : share > 0 && share < 0.01 ? "<1%" : share < 1 && share > 0.99 ? ">99%" : `${Math.round(100 * share)}%`;

const short = (text, most = 160) => text.length > most ? `${text.slice(0, most)} …` : text;
const dot = kind => make("span", undefined, { class: `m ${kind}` });
const put = (shown, share) => {
  shown.hidden = share === null || share === undefined;
  if (!shown.hidden) shown.style.setProperty("--x", 100 * share);
};

// A line with marks: what it holds is changed in place, so that marks move.
export const strip = () => {
  const line = make("span", undefined, { class: "strip", "aria-hidden": "true" });
  const [interval, before, real, now] = ["interval", "before", "real", "now"].map(dot);
  line.append(interval, real, before, now);
  const show = cell => {
    const [share, low, high] = cell.now ?? [null, null, null];
    put(now, share);
    put(before, cell.before?.[0]);
    put(real, cell.real?.[0]);
    interval.hidden = low === null;
    if (low !== null) { interval.style.setProperty("--x", 100 * low); interval.style.setProperty("--w", 100 * (high - low)); }
  };
  return { line, show };
};

const spoken = (cell, before) => [
  cell.now?.[1] != null && `95% interval ${percent(cell.now[1])} to ${percent(cell.now[2])}`,
  before && cell.before && `${percent(cell.before[0])} from its text alone`,
  cell.real && `${percent(cell.real[0])} answered so`,
].filter(Boolean).join(", ");

// The table of an answer: a row for everybody, each guest and each persona; update() moves its marks.
export const distribution = found => {
  const table = make("table", undefined, { class: "distribution", role: "table" });
  table.append(make("caption", "Expected shares of each option, with 95% intervals", { class: "hidden" }));
  const head = make("tr", undefined, { role: "row" }), top = make("thead", undefined, { role: "rowgroup" }), body = make("tbody", undefined, { role: "rowgroup" });
  head.append(make("th", "Who", { scope: "col", role: "columnheader" }));
  found.options.forEach(option => {
    const cell = make("th", undefined, { scope: "col", role: "columnheader", title: option });
    cell.append(make("span", option, { dir: "auto", class: "clamp" }));
    head.append(cell);
  });
  top.append(head);
  table.append(top, body);
  const order = { everybody: 0, guest: 1, persona: 2 };
  const sorted = rows => [...rows].sort((one, other) => order[one.kind] - order[other.kind]);
  const cells = sorted(found.rows).map(row => {
    const line = make("tr", undefined, { role: "row", class: row.kind }), name = make("th", undefined, { scope: "row", role: "rowheader" });
    if (row.kind === "persona") name.append(make("span", undefined, { class: `chip ${data.personas[row.place].color}`, "aria-hidden": "true" }));
    name.append(make("span", row.name, { dir: "auto" }));
    if (row.label) name.append(make("span", row.label, { class: "faint small block", dir: "auto" }));
    if (row.answered) name.append(make("span", `${row.answered.toLocaleString("en")} answered it`, { class: "faint small block" }));
    line.append(name);
    body.append(line);
    return found.options.map(option => {
      const cell = make("td", undefined, { role: "cell" }), { line: bar, show } = strip();
      const label = make("span", short(option), { class: "option", dir: "auto" }), share = make("span", undefined, { class: "share" }), more = make("span", undefined, { class: "faint small range" }), aside = make("span", undefined, { class: "hidden" });
      label.setAttribute("aria-hidden", "true");
      cell.append(label, share, more, bar, aside);
      line.append(cell);
      return { show, share, more, aside };
    });
  });
  const update = ({ rows, known }) => sorted(rows).forEach((row, at) => found.options.forEach((_, option) => {
    const cell = { now: row.now[option], before: row.before?.[option], real: row.real?.[option] }, shown = cells[at][option];
    shown.show(cell);
    shown.share.textContent = percent(cell.now[0]);
    shown.more.textContent = known ? "" : `${percent(cell.now[1])}–${percent(cell.now[2])}`;
    shown.more.setAttribute("aria-hidden", "true");
    shown.aside.textContent = ` ${spoken(cell, true)}`;
  }));
  update(found);
  return { table, update };
};

// Questions on which a point differs from everybody, each a button that takes it up.
export const apart = (questions, who, take) => {
  const box = make("div"), key = make("ul", undefined, { class: "legend" });
  legend(key, [["now", `expected of ${who}`], ["real", "expected of everybody"]]);
  const list = make("ol", undefined, { class: "apart" });
  questions.forEach(question => {
    const item = make("li"), button = make("button", undefined, { type: "button", class: "plain" });
    button.append(make("span", question.text, { dir: "auto", class: "clamp" }));
    button.addEventListener("click", () => take(question));
    const order = question.options.map((_, at) => at).sort((one, other) => question.expected[other] - question.expected[one]).slice(0, 4);
    const shown = make("dl", undefined, { class: "options" });
    order.forEach(at => {
      const { line, show } = strip(), row = make("div"), value = make("dd");
      show({ now: [question.expected[at], null, null], real: [question.everybody[at]] });
      value.append(make("span", percent(question.expected[at]), { class: "share" }), make("span", ` everybody ${percent(question.everybody[at])}`, { class: "faint small" }), line);
      row.append(make("dt", question.options[at], { dir: "auto", class: "clamp" }), value);
      shown.append(row);
    });
    item.append(button, shown);
    if (question.options.length > order.length) item.append(make("p", `and ${question.options.length - order.length} more options`, { class: "faint small" }));
    list.append(item);
  });
  box.append(key, list);
  return box;
};

export const legend = (place, entries) => place.replaceChildren(...entries.map(([kind, meaning]) => {
  const item = make("li"), swatch = make("span", undefined, { class: "strip swatch", "aria-hidden": "true" });
  swatch.append(dot(kind));
  item.append(swatch, meaning);
  return item;
}));
