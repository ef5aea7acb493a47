// The map: points coloured by a layer, read by pointing at them, categories chosen below; undefined on a page without.
const map = (() => {
  const plane = at("plane"), points = at("points"), keys = at("keys"), tip = at("tip");
  if (!plane) return undefined;
  const sheet = new CSSStyleSheet(), chosen = new Set();
  document.adoptedStyleSheets = [sheet];
  let layer = data.layers[0];
  const circles = [...points.children];
  const places = circles.map(circle => [parseFloat(circle.getAttribute("cx")) / 100, parseFloat(circle.getAttribute("cy")) / 100]);
  const mark = k => `k${k}${layer.rings[k] ? " ring" : ""}`;
  const repaint = () => sheet.replaceSync((dark() ? layer.dark : layer.colors).map((color, k) =>
    `#map .k${k} { fill: ${color}; } #map .ring.k${k} { fill: none; stroke: ${color}; stroke-width: 1.4; }`).join("\n"));
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
      const swatch = draw("svg", { width: 14, height: 14, "aria-hidden": "true" }, draw("circle", { class: mark(k), cx: 7, cy: 7, r: 5 }));
      button.append(swatch, make("span", name, { dir: "auto" }));
      const item = make("li");
      item.append(button);
      return item;
    }));
    repaint();
    highlight();
  };
  const restore = () => {
    show(0);
    points.append(...circles);
    if (at("layer")) at("layer").value = "0";
  };
  // The point nearest to the pointer, -1 where none is near.
  const nearest = event => {
    const box = plane.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top;
    let best = -1, least = 18 ** 2;
    places.forEach(([px, py], i) => {
      const away = (px * box.width - x) ** 2 + (py * box.height - y) ** 2;
      if (away < least) { least = away; best = i; }
    });
    return best;
  };
  const point = event => {
    const best = nearest(event), box = plane.getBoundingClientRect();
    tip.hidden = best < 0;
    if (best < 0) return;
    const persona = data.layers[0].categories[data.layers[0].codes[best]], value = layer.categories[layer.codes[best]];
    tip.replaceChildren(make("strong", persona, { dir: "auto" }));
    if (layer !== data.layers[0]) tip.append(make("br"), make("span", value.length > 200 ? `${value.slice(0, 200)} …` : value, { dir: "auto" }));
    const [px, py] = places[best];
    tip.style.left = `${Math.max(0, Math.min(px * box.width + 12, box.width - tip.offsetWidth - 4))}px`;
    tip.style.top = `${py * box.height > box.height - tip.offsetHeight - 20 ? py * box.height - tip.offsetHeight - 10 : py * box.height + 12}px`;
  };
  at("layer")?.addEventListener("change", event => show(Number(event.target.value)));
  keys.addEventListener("click", event => {
    const button = event.target.closest("button");
    if (!button) return;
    const k = Number(button.dataset.k);
    chosen.has(k) ? chosen.delete(k) : chosen.add(k);
    highlight();
  });
  plane.addEventListener("pointermove", point);
  plane.addEventListener("pointerdown", point);
  plane.addEventListener("pointerleave", () => { tip.hidden = true; });
  addEventListener("resize", () => { tip.hidden = true; });
  painters.push(repaint);
  repaint();
  return { plane, nearest, places, show, restore, get layer() { return layer; } };
})();
