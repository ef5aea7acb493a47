(() => {
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

  // Questions: search, and the answers of every persona.
  const rows = all("tr.question"), table = at("question-table"), search = at("search"), more = at("all");
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
  // The shares of all answers as a file, in which no text is taken for a formula.
  const cell = value => `"${String(value).replace(/^(?='*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20])/, "'").replaceAll('"', '""')}"`;
  const save = at("answers-csv");
  save.hidden = !data.groups.length;
  save.addEventListener("click", () => {
    const lines = [["question", "answer", "persona", "share", "low", "high"]];
    rows.forEach(row => {
      const { options, answers } = data.details[row.dataset.q], title = row.querySelector("button").textContent;
      answers.forEach((cells, i) => cells.forEach((cell, o) => lines.push(
        [title, options[o], data.personas[data.groups[i]]?.[1] ?? "everybody", ...cell.map(tenths => tenths < 0 ? "" : tenths / 1000)])));
    });
    offer("\ufeff" + lines.map(line => line.map(cell).join(",") + "\r\n").join(""), "text/csv", "answers.csv");
  });
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
    if (map?.layer === data.layers[0]) all("#keys span").forEach((shown, k) => { shown.textContent = layer.categories[k]; });
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

  // A copy of the page.
  at("save").addEventListener("click", () => {
    map?.restore();
    const copy = root.cloneNode(true);
    all("tr.detail", copy).forEach(row => row.remove());
    all("[aria-expanded]", copy).forEach(button => button.setAttribute("aria-expanded", "false"));
    copy.querySelector("#renamed").hidden = true;
    copy.querySelector("#data").textContent = JSON.stringify(data).replace(/[<>&]/g, found => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`);
    offer(`<!DOCTYPE html>\n${copy.outerHTML}`, "text/html", "report.html");
  });
})();
