"use strict";
(() => {
  const root = document.documentElement, at = id => document.getElementById(id);
  const all = (query, within = document) => [...within.querySelectorAll(query)];
  const data = JSON.parse(at("data").textContent);
  const SVG = "http://www.w3.org/2000/svg";
  root.classList.add("js");
  const make = (tag, text, attributes = {}) => {
    const made = document.createElement(tag);
    if (text !== undefined) made.textContent = text;
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    return made;
  };

  // Light and dark.
  const theme = at("theme"), system = matchMedia("(prefers-color-scheme: dark)");
  let printing = false;
  const dark = () => printing ? false : root.dataset.theme ? root.dataset.theme === "dark" : system.matches;
  const themed = () => { theme.textContent = dark() ? "Light" : "Dark"; paint(); };
  theme.hidden = false;
  theme.addEventListener("click", () => { root.dataset.theme = dark() ? "light" : "dark"; themed(); });
  system.addEventListener("change", themed);
  for (const [event, begins] of [["beforeprint", true], ["afterprint", false]]) addEventListener(event, () => { printing = begins; paint(); });

  // Colours of the layer of the map that is shown.
  const sheet = new CSSStyleSheet();
  document.adoptedStyleSheets = [sheet];
  let layer = data.layers[0];
  const paint = () => sheet.replaceSync((dark() ? layer?.dark : layer?.colors)?.map((color, k) =>
    `#map .k${k} { fill: ${color}; } #map .ring.k${k} { fill: none; stroke: ${color}; stroke-width: 1.4; }`).join("\n") ?? "");

  // Sections being read.
  const links = new Map(all("nav a").map(link => [link.hash.slice(1), link]));
  const seen = new IntersectionObserver(entries => entries.forEach(entry => {
    const link = links.get(entry.target.id);
    if (!entry.isIntersecting) return;
    links.forEach(other => other.removeAttribute("aria-current"));
    link.setAttribute("aria-current", "true");
    const list = link.closest("ul"), to = link.offsetLeft - list.offsetLeft - list.clientWidth / 3;
    list.scrollTo({ left: to });
  }), { rootMargin: "-20% 0px -70% 0px" });
  all("main > section").forEach(section => seen.observe(section));

  // The map.
  const plane = at("plane"), points = at("points"), keys = at("keys"), tip = at("tip");
  let restore = () => {};
  if (plane) {
    const circles = [...points.children];
    const places = circles.map(circle => [parseFloat(circle.getAttribute("cx")) / 100, parseFloat(circle.getAttribute("cy")) / 100]);
    const chosen = new Set();
    const mark = k => `k${k}${layer.rings[k] ? " ring" : ""}`;
    const highlight = () => {
      points.classList.toggle("some", chosen.size > 0);
      circles.forEach((circle, i) => circle.classList.toggle("on", chosen.has(layer.codes[i])));
      all("button", keys).forEach((button, k) => button.setAttribute("aria-pressed", chosen.has(k)));
    };
    const show = number => {
      layer = data.layers[number];
      chosen.clear();
      circles.forEach((circle, i) => circle.setAttribute("class", mark(layer.codes[i])));
      const faint = circles.filter((_, i) => layer.faint.includes(layer.codes[i]));
      points.prepend(...faint);
      at("layer-title").textContent = layer.title;
      keys.replaceChildren(...layer.categories.map((name, k) => {
        const button = make("button", undefined, { type: "button", "aria-pressed": "false", "data-k": k });
        const swatch = document.createElementNS(SVG, "svg"), circle = document.createElementNS(SVG, "circle");
        for (const [key, value] of Object.entries({ width: 14, height: 14, "aria-hidden": "true" })) swatch.setAttribute(key, value);
        for (const [key, value] of Object.entries({ class: mark(k), cx: 7, cy: 7, r: 5 })) circle.setAttribute(key, value);
        swatch.append(circle);
        button.append(swatch, make("span", name, { dir: "auto" }));
        const item = make("li");
        item.append(button);
        return item;
      }));
      paint();
      highlight();
    };
    restore = () => {
      show(0);
      points.append(...circles);
      if (at("layer")) at("layer").value = "0";
    };
    at("layer")?.addEventListener("change", event => show(Number(event.target.value)));
    keys.addEventListener("click", event => {
      const button = event.target.closest("button");
      if (!button) return;
      const k = Number(button.dataset.k);
      chosen.has(k) ? chosen.delete(k) : chosen.add(k);
      highlight();
    });
    const point = event => {
      const box = plane.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top;
      let best = -1, least = 18 ** 2;
      places.forEach(([px, py], i) => {
        const away = (px * box.width - x) ** 2 + (py * box.height - y) ** 2;
        if (away < least) { least = away; best = i; }
      });
      tip.hidden = best < 0;
      if (best < 0) return;
      const persona = data.layers[0].categories[data.layers[0].codes[best]], value = layer.categories[layer.codes[best]];
      tip.replaceChildren(make("strong", persona, { dir: "auto" }));
      if (layer !== data.layers[0]) tip.append(make("br"), make("span", value.length > 200 ? `${value.slice(0, 200)} …` : value, { dir: "auto" }));
      const [px, py] = places[best];
      tip.style.left = `${Math.max(0, Math.min(px * box.width + 12, box.width - tip.offsetWidth - 4))}px`;
      tip.style.top = `${py * box.height > box.height - tip.offsetHeight - 20 ? py * box.height - tip.offsetHeight - 10 : py * box.height + 12}px`;
    };
    plane.addEventListener("pointermove", point);
    plane.addEventListener("pointerdown", point);
    plane.addEventListener("pointerleave", () => { tip.hidden = true; });
  }
  themed();

  // Questions: search, and the answers of every persona.
  const rows = all("tr.question"), table = at("question-table"), search = at("search"), more = at("all");
  const plain = text => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const texts = rows.map(row => plain(row.textContent + " " + data.details[row.dataset.q].options.join(" ")));
  at("search-line").hidden = false;
  if (more) more.hidden = false;
  const find = () => {
    const words = plain(search.value).split(/\s+/).filter(Boolean);
    let found = 0;
    rows.forEach((row, i) => {
      const here = words.every(word => texts[i].includes(word));
      found += here;
      row.classList.toggle("away", !here);
      row.classList.toggle("shown", words.length > 0 || more?.hidden);
      if (row.nextElementSibling?.classList.contains("detail")) row.nextElementSibling.classList.toggle("away", !here);
    });
    at("found").textContent = words.length ? `${found} of ${rows.length}` : "";
  };
  search.addEventListener("input", find);
  more?.addEventListener("click", () => { more.hidden = true; find(); });
  const percent = tenths => tenths < 0 ? "–" : tenths % 1000 && (tenths < 10 || tenths > 990) ? `${tenths / 10}%` : `${Math.round(tenths / 10)}%`;
  const answers = (number, title) => {
    const { options, answers } = data.details[number];
    const shown = make("table"), head = make("tr");
    shown.append(make("caption", "Share of answers, with 95% intervals"));
    head.append(make("th", "Persona", { scope: "col" }), ...options.map(option => make("th", option, { scope: "col", dir: "auto" })));
    const body = make("tbody"), top = make("thead");
    top.append(head);
    answers.forEach((cells, i) => {
      const place = data.groups[i], row = make("tr"), name = make("th", undefined, { scope: "row" });
      const label = make("span", place === undefined ? "everybody" : data.personas[place][1]);
      if (place === undefined) row.className = "all"; else label.dataset.p = place;
      name.append(label);
      row.append(name, ...cells.map(([share, low, high]) => {
        const cell = make("td", percent(share), { class: "share number" });
        cell.style.setProperty("--v", Math.max(share, 0) / 10);
        if (share >= 0) cell.append(make("span", `${percent(low)} to ${percent(high)}`, { class: "faint small interval" }));
        return cell;
      }));
      body.append(row);
    });
    shown.append(top, body);
    const box = make("div", undefined, { class: "scroll", tabindex: "0", role: "region", "aria-label": `Answers by persona: ${title}` });
    box.append(answers.length ? shown : make("p", "Nobody's answers can be compared.", { class: "missing" }));
    return box;
  };
  table.addEventListener("click", event => {
    const button = event.target.closest(".question button");
    if (!button) return;
    const row = button.closest("tr"), open = button.getAttribute("aria-expanded") === "true";
    button.setAttribute("aria-expanded", !open);
    if (open) return row.nextElementSibling.remove();
    const detail = make("tr", undefined, { class: "detail" }), cell = make("td", undefined, { colspan: [...row.cells].filter(cell => cell.offsetParent).length });
    cell.append(answers(row.dataset.q, button.textContent));
    detail.append(cell);
    row.after(detail);
    rename();
  });

  // Names of personas, in this window and in a saved copy.
  const names = new Map();
  const rename = () => names.forEach((name, place) => all(`[data-p="${place}"]`).forEach(shown => { shown.textContent = name; }));
  const commit = (place, shown, before) => {
    const name = shown.textContent.replace(/\s+/g, " ").trim().slice(0, 60) || before;
    shown.removeAttribute("contenteditable");
    shown.textContent = name;
    if (name === before) return;
    names.set(place, name);
    data.personas[place][1] = name;
    rename();
    for (const layer of data.layers.slice(0, 1)) layer.categories = layer.categories.map(category => category.startsWith(`${before} (`) ? name + category.slice(before.length) : category);
    if (plane && layer === data.layers[0]) all("#keys span").forEach((shown, k) => { shown.textContent = layer.categories[k]; });
    at("renamed").hidden = false;
  };
  all("[data-rename]").forEach(button => {
    button.hidden = false;
    button.addEventListener("click", () => {
      const place = Number(button.dataset.rename), shown = at(`name-${place}`).firstElementChild, before = shown.textContent;
      shown.setAttribute("contenteditable", "plaintext-only");
      shown.focus();
      getSelection().selectAllChildren(shown);
      const done = () => { shown.removeEventListener("keydown", key); commit(place, shown, before); };
      const key = event => {
        if (event.key === "Escape") shown.textContent = before;
        if (event.key === "Enter" || event.key === "Escape") { event.preventDefault(); shown.blur(); button.focus(); }
      };
      shown.addEventListener("keydown", key);
      shown.addEventListener("blur", done, { once: true });
    });
  });

  // Files: pictures, and a copy of the page.
  const offer = (content, type, name) => {
    const address = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type }));
    make("a", undefined, { href: address, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
  };
  const picture = drawn => {
    const copy = drawn.cloneNode(true), width = drawn.id === "plane" ? 960 : 720;
    const height = drawn.id === "plane" ? 720 : Number(drawn.getAttribute("height"));
    const fixed = (element, name, of) => {
      const value = element.getAttribute(name);
      if (value?.endsWith("%")) element.setAttribute(name, (parseFloat(value) * of / 100).toFixed(1));
    };
    [copy, ...all("*", copy)].forEach(element => {
      ["x", "cx", "x1", "x2", "width"].forEach(name => fixed(element, name, width));
      ["y", "cy", "y1", "y2"].forEach(name => fixed(element, name, height));
      const k = element.getAttribute("class")?.match(/^k(\d+)( ring)?/);
      if (k) {
        const color = layer.colors[k[1]];
        element.setAttribute("fill", k[2] ? "none" : color);
        if (k[2]) element.setAttribute("stroke", color);
        element.setAttribute("opacity", points.classList.contains("some") && !element.classList.contains("on") ? 0.06 : 0.8);
      }
      ["class", "style", "data-p", "aria-label", "aria-hidden"].forEach(name => element.removeAttribute(name));
    });
    copy.setAttribute("xmlns", SVG);
    copy.setAttribute("viewBox", `-8 -8 ${width + 16} ${height + 16}`);
    copy.setAttribute("width", width + 16);
    copy.setAttribute("height", height + 16);
    const paper = document.createElementNS(SVG, "rect");
    for (const [key, value] of Object.entries({ x: -8, y: -8, width: width + 16, height: height + 16, fill: "#ffffff" })) paper.setAttribute(key, value);
    copy.prepend(paper);
    return [new XMLSerializer().serializeToString(copy), width + 16, height + 16];
  };
  document.addEventListener("click", event => {
    const button = event.target.closest("[data-save]");
    if (!button) return;
    const drawn = button.closest("figure").querySelector("svg[data-name]"), [text, width, height] = picture(drawn);
    const name = drawn.dataset.name.replace(/[^\p{L}\p{N}]+/gu, "-").slice(0, 80);
    if (button.dataset.save === "svg") return offer(text, "image/svg+xml", `${name}.svg`);
    const image = new Image();
    image.onload = () => {
      const canvas = make("canvas", undefined, { width: 2 * width, height: 2 * height });
      canvas.getContext("2d").drawImage(image, 0, 0, 2 * width, 2 * height);
      canvas.toBlob(blob => offer(blob, "image/png", `${name}.png`));
    };
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  });
  at("save").addEventListener("click", () => {
    restore();
    const copy = root.cloneNode(true);
    all("tr.detail", copy).forEach(row => row.remove());
    all("[aria-expanded]", copy).forEach(button => button.setAttribute("aria-expanded", "false"));
    copy.querySelector("#renamed").hidden = true;
    copy.querySelector("#data").textContent = JSON.stringify(data).replace(/[<>&]/g, found => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`);
    offer(`<!DOCTYPE html>\n${copy.outerHTML}`, "text/html", "report.html");
  });
})();
