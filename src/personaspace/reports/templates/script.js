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
  const draw = (tag, attributes, ...inside) => {
    const made = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...inside);
    return made;
  };
  const lines = (text, most) => text.split(/\s+/).reduce((found, word) => {
    const longer = `${found.at(-1)} ${word}`.trim();
    return longer.length <= most ? [...found.slice(0, -1), longer] : [...found, word.slice(0, most)];
  }, [""]);
  // A drawing as it is on paper: places in units and not in percent, and colours that need no style sheet.
  const onPaper = (drawn, width, height, x, y) => {
    const fixed = (element, names, of) => names.forEach(name => {
      const value = element.getAttribute(name);
      if (value?.endsWith("%")) element.setAttribute(name, (parseFloat(value) * of / 100).toFixed(1));
    });
    const copy = drawn.cloneNode(true);
    all("*", copy).forEach(element => {
      fixed(element, ["x", "cx", "x1", "x2"], width);
      fixed(element, ["y", "cy", "y1", "y2"], height);
      const [, k, ring] = element.getAttribute("class")?.match(/^k(\d+)( ring)?/) ?? [];
      if (k) {
        element.setAttribute(ring ? "stroke" : "fill", layer.colors[k]);
        if (ring) element.setAttribute("fill", "none");
        const aside = element.parentNode.classList?.contains("some") && !element.classList.contains("on");
        element.setAttribute("opacity", aside ? 0.06 : 0.8);
      }
    });
    all("*", copy).forEach(element => ["class", "id", "data-p", "aria-hidden"].forEach(name => element.removeAttribute(name)));
    return draw("g", { transform: `translate(${x} ${y})` }, ...copy.childNodes);
  };
  const picture = drawn => {
    const figure = drawn.closest("figure"), map = drawn === plane, width = map ? 960 : 720;
    const height = map ? 720 : Number(drawn.getAttribute("height"));
    const heading = figure.querySelector("h3, h4"), card = figure.closest("article")?.querySelector("h3").textContent;
    const title = map ? `Map of ${document.querySelector("h1").textContent}: ${layer.title}` : [card, figure.dataset.about, heading.textContent].filter(Boolean).join(": ");
    const titles = lines(title, map ? 100 : 75).slice(0, 4).map((text, i) => draw("text", { x: 0, y: 16 + 20 * i, "font-size": 15, "font-weight": "bold" }, text));
    const top = 20 * titles.length + 14, columns = Math.max(1, Math.floor(width / 300));
    const keys = all(".legend li", figure).map((item, i) => {
      const x = (i % columns) * (width / columns), y = top + height + 12 + 20 * Math.floor(i / columns);
      const text = item.textContent.length > 44 ? `${item.textContent.slice(0, 43)}…` : item.textContent;
      return draw("g", {}, onPaper(item.querySelector("svg"), 16, 16, x, y), draw("text", { x: x + 22, y: y + 12 }, text));
    });
    const [w, h] = [width + 32, top + height + 20 * Math.ceil(keys.length / columns) + 44];
    const whole = draw("svg", { viewBox: `-16 -16 ${w} ${h}`, width: w, height: h, "font-family": drawn.getAttribute("font-family"), "font-size": 13, fill: "#222222" },
      draw("rect", { x: -16, y: -16, width: w, height: h, fill: "#ffffff" }), ...titles, onPaper(drawn, width, height, 0, top), ...keys);
    return [new XMLSerializer().serializeToString(whole), w, h];
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
