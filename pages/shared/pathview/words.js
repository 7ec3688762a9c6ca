// Words, tables and colours. Names of the user's reach the page as text only.

/** A number in few digits. */
function short(value) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  return size >= 1e4 || size < 1e-3 ? value.toExponential(2).replace("e+", "e") : String(Number(value.toPrecision(3)));
}

/** Colours of the page from Streamlit's own variables. */
function pageColours(element) {
  const style = getComputedStyle(element);
  const read = (name, fallback) => style.getPropertyValue(name).trim() || fallback;
  const ink = read("--st-text-color", "#333");
  return {
    ink,
    muted: `color-mix(in srgb, ${ink} 72%, transparent)`,
    grid: `color-mix(in srgb, ${ink} 13%, transparent)`,
    font: read("--st-font", "sans-serif"),
  };
}

/** Whose loading a line is. */
function lineName(row, data) {
  const factor = data.factors[row % data.factors.length];
  const response = data.responses[Math.floor(row / data.factors.length)];
  return response === undefined ? factor : `${response} on ${factor}`;
}

/** λ and the number of non-zero loadings there, in words. */
function stopWords(stop, data) {
  const k = nearest(placeOf(stop, data), data);
  const about = data.stops[k] === stop ? "" : "about ";
  return `λ ${short(lamOf(stop, data))}, ${about}${data.nonzero[k]} of ${data.cells} loadings not zero`;
}

/** A name that fits: a long one loses its middle. */
function shorten(name) {
  const signs = Array.from(name);
  return signs.length <= 42 ? name : `${signs.slice(0, 20).join("")}…${signs.slice(-21).join("")}`;
}

/** An element with text. */
function element(name, text = "", className = "") {
  const made = document.createElement(name);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

/** A short stroke in the look of a line. */
function sample(style) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  const stroke = document.createElementNS(space, "line");
  for (const [name, value] of Object.entries({ width: 22, height: 8, "aria-hidden": "true" })) svg.setAttribute(name, value);
  const look = { x1: 0, x2: 22, y1: 4, y2: 4, stroke: style.colour, "stroke-width": 2.5, "stroke-dasharray": style.dash.join(" ") };
  for (const [name, value] of Object.entries(look)) stroke.setAttribute(name, value);
  svg.append(stroke);
  return svg;
}

/** Fill the legend: factors in their colours, several responses in their dashes, or in colours on one factor. */
function fillLegend(box, data, onEnter) {
  const item = (style, text, rows) => {
    const made = element("span", "", "item");
    const name = element("span", shorten(text));
    name.title = text;
    made.append(sample(style), name);
    made.addEventListener("pointerenter", () => onEnter(rows));
    made.addEventListener("pointerleave", () => onEnter([]));
    return made;
  };
  const width = data.factors.length;
  const many = Math.max(1, data.responses.length);
  const rows = (keep) => Array.from({ length: many * width }, (_, row) => row).filter(keep);
  const plain = (row) => ({ ...look(row, data), dash: many > 1 ? [] : look(row, data).dash });
  const grey = (r) => ({ colour: "currentColor", dash: look(r * width, data).dash });
  const each = width === 1 && many > 1; // a colour for each response
  const factors = each ? [] : data.factors.map((name, j) => item(plain(j), name, rows((row) => row % width === j)));
  const dashes = many > 1 ? data.responses.map((name, r) => item(
    each ? look(r, data) : grey(r), name, rows((row) => Math.floor(row / width) === r))) : [];
  box.replaceChildren(...factors, ...dashes);
}

/** Fill the table: a row for every λ, the number of non-zeros, and the lines. */
function fillTable(box, data, lines) {
  const many = data.stops.length;
  const rows = Math.min(lines.length / many, 48);
  const table = element("table");
  const head = element("tr");
  const names = ["λ", "non-zero loadings", ...Array.from({ length: rows }, (_, row) => lineName(row, data))];
  head.append(...names.map((name) => {
    const cell = element("th", name);
    cell.scope = "col";
    cell.title = name;
    return cell;
  }));
  const current = nearest(stopOf(data.lam, data), data);
  const body = element("tbody");
  data.stops.forEach((_, k) => {
    const entry = element("tr", "", k === current ? "current" : "");
    const values = Array.from({ length: rows }, (_unused, row) => short(lines[row * many + k]));
    entry.append(...[short(data.lambdas[k]), String(data.nonzero[k]), ...values].map((text) => element("td", text)));
    body.append(entry);
  });
  const header = element("thead");
  header.append(head);
  table.append(header, body);
  box.replaceChildren(table);
}
