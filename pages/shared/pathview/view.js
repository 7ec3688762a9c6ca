// The view: what is kept between runs, what pointer and keys do, and the one function Streamlit calls.

const VIEWS = new WeakMap();
const REST = 250; // ms without a move after which a path that takes long is asked for
const PATIENCE = 120; // ms after the last key before λ is sent: a held key sends once
const STEPS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 };

/** Float32 numbers from base64. */
function decode(text) {
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let k = 0; k < raw.length; k += 1) bytes[k] = raw.charCodeAt(k);
  return new Float32Array(bytes.buffer);
}

/** Make what is kept for one place on the page, and listen. */
function createView(root) {
  const find = (name) => root.querySelector(name);
  const view = {
    root: find(".path"), stage: find(".stage"), lines: find(".lines"), over: find(".over"), now: find(".now"),
    base: find(".base"), tip: find(".tip"), legend: find(".legend"), table: find("details"), said: find(".said"),
    data: null, values: null, map: null, stop: 0, width: 0, drawn: "", dragging: false, timer: 0, rest: 0,
    send: () => {},
  };
  const resized = new ResizeObserver(([entry]) => {
    view.width = entry.contentRect.width;
    if (view.data) redraw(view);
  });
  resized.observe(view.stage);
  view.stage.addEventListener("pointerdown", (event) => press(view, event));
  view.stage.addEventListener("pointermove", (event) => hover(view, event));
  view.stage.addEventListener("pointerup", (event) => release(view, event));
  view.stage.addEventListener("pointercancel", () => settle(view));
  view.stage.addEventListener("pointerleave", () => view.dragging || point(view, []));
  view.now.addEventListener("keydown", (event) => key(view, event));
  view.table.addEventListener("toggle", () => tabulate(view));
  return view;
}

/** What depends on size and data; the lines are painted only if they differ, so that a move of λ moves a mark. */
function redraw(view) {
  const { data, values, width } = view;
  if (!width) return;
  const { height } = data;
  const wanted = JSON.stringify([width, height, devicePixelRatio, data.palette, data.colours, data.dashes,
    data.lines, data.nonzero]);
  if (view.drawn !== wanted) {
    view.drawn = wanted;
    view.map = mapping(data, values, width, height);
    const context = fresh(view.lines, width, height);
    paintAxes(context, data, view.map, width, height, pageColours(view.root));
    paintLines(context, values, data, view.map);
    fresh(view.over, width, height);
  }
  mark(view.base, data.base === null ? null : stopOf(data.base, data), view);
  moveTo(view, view.stop);
}

/** Put a vertical mark at a place, or hide it. */
function mark(node, place, view) {
  node.hidden = place === null;
  if (place === null) return;
  node.style.left = `${view.map.x(Math.min(place, view.map.last)) - 1}px`;
  node.style.top = `${MARGIN.top}px`;
  node.style.height = `${view.data.height - MARGIN.top - MARGIN.bottom}px`;
}

/** Show λ at a stop, sent or not; `place` is where it lies exactly. */
function moveTo(view, stop, place = null) {
  const { data, now } = view;
  view.stop = stop;
  const exact = place ?? (wholeStop(stopOf(data.lam, data), data) === stop ? stopOf(data.lam, data) : placeOf(stop, data));
  mark(now, exact, view);
  now.setAttribute("aria-valuenow", String(stop));
  now.setAttribute("aria-valuetext", stopWords(stop, data));
}

/** Send λ, if it is another. */
function commit(view) {
  clearTimeout(view.timer);
  view.timer = 0;
  if (view.stop !== wholeStop(stopOf(view.data.lam, view.data), view.data)) view.send(view.stop);
}

function press(view, event) {
  if (event.button !== 0 || !view.map) return;
  view.dragging = true;
  view.stage.setPointerCapture(event.pointerId);
  view.now.focus({ preventScroll: true });
  hover(view, event);
}

function release(view, event) {
  if (!view.dragging) return;
  hover(view, event);
  view.dragging = false;
  commit(view);
}

/** Give up a drag. */
function settle(view) {
  view.dragging = false;
  moveTo(view, wholeStop(stopOf(view.data.lam, view.data), view.data));
}

/** Where the pointer is: λ there, and the nearest line. */
function hover(view, event) {
  if (!view.map) return;
  const box = view.stage.getBoundingClientRect();
  const [x, y] = [event.clientX - box.left, event.clientY - box.top];
  const { data, values, map } = view;
  const stop = wholeStop(Math.min(map.last, Math.max(map.first, map.place(x))), data);
  if (view.dragging) moveTo(view, stop);
  const k = nearest(placeOf(stop, data), data);
  const row = closest(values, data.stops.length, k, map, y);
  point(view, row < 0 ? [] : [row]);
  showTip(view, stop, k, row, x, box.width);
}

/** The line nearest to a height at the k-th λ, within a finger's breadth; -1 for none. */
function closest(values, many, k, map, y) {
  let [best, distance] = [-1, 14];
  for (let row = 0; row * many < values.length; row += 1) {
    const away = Math.abs(map.y(values[row * many + k]) - y);
    if (away < distance) [best, distance] = [row, away];
  }
  return best;
}

/** Draw some lines over the others. */
function point(view, rows) {
  const { data, values, map } = view;
  if (!map) return;
  if (!rows.length) view.tip.hidden = true;
  const context = fresh(view.over, view.width, data.height);
  view.lines.style.opacity = rows.length ? "0.5" : "";
  for (const row of rows) {
    const many = data.stops.length;
    const style = look(row, data);
    paintLine(context, values.subarray(row * many, (row + 1) * many), data, map, style, 3);
  }
}

/** Say what is under the pointer. */
function showTip(view, stop, k, row, x, width) {
  const { data, values, tip } = view;
  const parts = row < 0 ? [] : [
    element("b", lineName(row, data)), element("div", `${data.responses.length ? "β" : "mean |β|"} ${short(values[row * data.stops.length + k])}`)];
  tip.replaceChildren(...parts, element("div", stopWords(stop, data)));
  tip.hidden = false;
  const left = x > width / 2;
  tip.style.left = left ? "auto" : `${x + 16}px`;
  tip.style.right = left ? `${width - x + 16}px` : "auto";
}

function key(view, event) {
  const { data } = view;
  if (!data || event.ctrlKey || event.metaKey || event.altKey) return;
  const ends = { Home: data.lowest - 1, End: data.highest };
  let stop = ends[event.key] ?? (event.key in STEPS ? view.stop + STEPS[event.key] : null);
  if (stop === null) return;
  event.preventDefault();
  stop = Math.max(data.lowest - 1, Math.min(data.highest, stop));
  moveTo(view, stop);
  clearTimeout(view.timer);
  view.timer = setTimeout(() => commit(view), PATIENCE);
}

function tabulate(view) {
  if (view.table.open && view.data) fillTable(view.table.querySelector(".scroll"), view.data, view.values);
}

/** Tell what changes only with the data, and what the path is called. */
function describe(view, before) {
  const { data, root, now } = view;
  const whose = data.responses.length ? data.responses.join(", ") : `the mean over all ${data.count} responses`;
  root.setAttribute("aria-label", `Path of the loadings along λ: ${whose}`);
  now.setAttribute("aria-label", "λ on the path");
  now.setAttribute("aria-valuemin", String(data.lowest - 1));
  now.setAttribute("aria-valuemax", String(data.highest));
  if (before && before.lam !== data.lam) view.said.textContent = stopWords(wholeStop(stopOf(data.lam, data), data), data);
  const shown = (all) => JSON.stringify([all.factors, all.responses, all.colours, all.palette]);
  if (before && shown(before) === shown(data)) return;
  fillLegend(view.legend, data, (rows) => point(view, rows));
}

/** Ask for a path that takes long once the sliders rest; what was drawn last stays, dimmed. */
function wait(view, { waiting, height }, ask) {
  clearTimeout(view.rest);
  view.root.setAttribute("aria-busy", String(Boolean(waiting)));
  view.stage.style.height = `${height}px`;
  if (waiting) view.rest = setTimeout(() => ask(waiting), REST);
  return Boolean(waiting);
}

/** Called by Streamlit at every run; the element stays, and what is kept with it. */
export default function path({ data, parentElement, setTriggerValue }) {
  if (!VIEWS.has(parentElement)) VIEWS.set(parentElement, createView(parentElement));
  const view = VIEWS.get(parentElement);
  if (wait(view, data, (key) => setTriggerValue("rested", key))) return;
  const before = view.data;
  const numbers = !before || before.lines !== data.lines;
  view.data = data;
  view.send = (stop) => setTriggerValue("stop", stop);
  if (numbers) view.values = decode(data.lines);
  const waiting = view.dragging || view.timer !== 0;
  if (!waiting) view.stop = wholeStop(stopOf(data.lam, data), data);
  describe(view, before);
  redraw(view);
  tabulate(view);
}
