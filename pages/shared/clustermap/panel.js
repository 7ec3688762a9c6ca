// The elements around the map, and when what is drawn.

const ORDERS = { tree: "in the tree", cluster: "by cluster", r2: "by R²", name: "by name", given: "as given" };

/** Find the elements of the component once. */
function findElements(host) {
  const one = (name) => host.querySelector(`.${name}`);
  const names = ["bar", "rows", "columns", "fold", "find", "found", "picked", "clear", "out", "in", "reset", "png", "svg",
    "keys", "help", "brushes", "fill", "stage", "base", "over", "cut", "tip", "live", "table"];
  const dom = Object.fromEntries(names.map((name) => [name, one(name)]));
  return { ...dom, root: one("map"), asTable: one("as-table"), host: host.host ?? host };
}

/** Listen to the controls above the map. */
function listenToBar(state) {
  const { dom } = state;
  const on = (element, event, act) => element.addEventListener(event, act);
  on(dom.rows, "change", () => { state.order.rows = dom.rows.value; rearrange(state); });
  on(dom.columns, "change", () => { state.order.columns = dom.columns.value; rearrange(state); });
  on(dom.fold, "change", () => {
    state.order.fold = dom.fold.checked;
    state.order.folded.clear();
    rearrange(state);
  });
  on(dom.find, "input", () => {
    state.text = dom.find.value;
    state.seek = null;
    mark(state);
    later(state, "all");
  });
  on(dom.clear, "click", () => { clearSelection(state); later(state, "all"); });
  on(dom.in, "click", () => zoomed(state, 0.7));
  on(dom.out, "click", () => zoomed(state, 1 / 0.7));
  on(dom.reset, "click", () => showEverything(state));
  on(dom.asTable, "click", () => showTable(state));
  on(dom.keys, "click", () => {
    dom.help.hidden = !dom.help.hidden;
    dom.keys.setAttribute("aria-expanded", String(!dom.help.hidden));
  });
  on(dom.png, "click", () => savePng(state));
  on(dom.svg, "click", () => saveSvg(state));
}

function zoomed(state, factor) {
  const { view } = state;
  zoomAt(state, { row: (view.y0 + view.y1) / 2, column: (view.x0 + view.x1) / 2 }, factor);
  later(state, "all");
}

function showTable(state) {
  const { table, asTable } = state.dom;
  table.hidden = !table.hidden;
  asTable.setAttribute("aria-expanded", String(!table.hidden));
  if (!table.hidden) fillTable(state);
}

/** Show the orders and controls this view has. */
function fillBar(state) {
  const { message, dom, order } = state;
  const orders = Object.keys(ORDERS).filter((name) => message.orders.includes(name));
  if (!orders.includes(order.rows)) order.rows = orders[0];
  fillOptions(dom.rows, orders.map((name) => [name, ORDERS[name]]), order.rows);
  fillOptions(dom.columns, [["given", "as given"], ["tree", "by correlation"]], order.columns);
  dom.columns.parentElement.hidden = !message.columnorder;
  dom.fold.parentElement.hidden = !message.tree;
  dom.root.setAttribute("aria-label", message.title);
  dom.help.textContent = message.paint ? `${PAINT_HELP}\n${HELP}` : HELP;
  showBrush(state);
  const painting = message.paint ? ", + - 0 and Backspace paint" : "";
  dom.over.setAttribute("aria-label", `${message.title}. Arrows move, Enter selects, Escape clears${painting}.`);
}

function fillOptions(select, options, chosen) {
  if (options.map(([value]) => value).join() !== [...select.options].map(({ value }) => value).join()) {
    select.replaceChildren(...options.map(([value, words]) => Object.assign(make("option", words), { value })));
  }
  select.value = chosen;
}

/** Say something to those who listen instead of looking. */
function announce(state, words) {
  state.dom.live.textContent = words;
}

/** Draw at the next frame: "over" the pointer's marks, "cut" the clusters too, "all" everything. */
function later(state, what) {
  const ranks = { over: 0, cut: 1, all: 2 };
  if (state.due === null) requestAnimationFrame(() => drawNow(state));
  if (state.due === null || ranks[what] > ranks[state.due]) state.due = what;
}

/** Draw what is due. */
function drawNow(state) {
  const what = state.due;
  state.due = null;
  if (!state.message || what === null) return;
  const began = performance.now();
  if (what === "cut") {
    const folds = state.order.fold || state.order.rows === "cluster";
    state.part = partition(state.message, state.preview);
    if (folds) rearrange(state);
  }
  state.box = arrange(state);
  if (what !== "over") drawOn(state, state.dom.base, drawAll);
  const over = overKey(state);
  if (over !== state.over) {
    drawOn(state, state.dom.over, drawOver);
    placeCut(state);
  }
  state.over = over;
  Object.assign(state.dom.root.dataset, report(state));
  if (!state.dom.table.hidden && what !== "over") fillTable(state);
  state.due = null;
  state.dom.root.dataset.draw = (performance.now() - began).toFixed(2);
}

/** All that the upper canvas depends on: one that has not changed costs the next frame nothing. */
function overKey(state) {
  const { marked, selection, hover, cursor, focused, view, box, part, preview, look, message } = state;
  const ratio = window.devicePixelRatio;
  const cut = box.tree.shown ? [part.level, preview, part.sizes, message.tree.id, message.tree.asked] : null;
  const place = [state.strokesSeen, view, box.heat, box.width, box.height, ratio, look.key, message.rows.length];
  return JSON.stringify([[...marked.rows], [...marked.columns], selection.rows.size, hover, focused && cursor, cut, place]);
}

/** Draw on a canvas, sharp on any screen. */
function drawOn(state, canvas, draw) {
  const ratio = window.devicePixelRatio || 1;
  const [w, h] = [state.box.width, state.box.height];
  if (canvas.width !== Math.round(w * ratio) || canvas.height !== Math.round(h * ratio)) {
    canvas.width = Math.round(w * ratio);
    canvas.height = Math.round(h * ratio);
    canvas.style.width = `${w}px`;
    canvas.style.height = `${h}px`;
    state.dom.stage.style.height = `${h}px`;
  }
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, w, h);
  draw(new CanvasSurface(context, state.look), state);
}

/** Put the handle of the cut where the line is. */
function placeCut(state) {
  const { cut } = state.dom;
  const { box, message, part } = state;
  cut.hidden = !box.tree.shown;
  if (cut.hidden) return;
  const now = state.preview ?? message.tree.fraction;
  cut.style.left = `${heightAt(state, part.level)}px`;
  cut.style.top = `${box.heat.y - 17}px`;
  cut.style.height = `${box.heat.height + 17}px`;
  cut.title = message.tree.drag ? "Drag to move the cut" : message.tree.why;
  const said = { label: "Cut of the tree", valuemin: message.tree.low, valuemax: message.tree.high, valuenow: now ?? 0,
    valuetext: `${cutWords(state)}, ${sizeWords(part.sizes)}`, disabled: !message.tree.drag };
  for (const [name, value] of Object.entries(said)) cut.setAttribute(`aria-${name}`, String(value));
}

/** What is on screen, for tests and for who looks at the page with other tools. */
function report({ box, view, part, selection, message, strokes }) {
  return {
    fit: message.fit,
    clusters: String(part.sizes.length),
    colours: part.colours.join(" "),
    moved: part.moved ? String(part.moved.filter((from) => from !== STAYED).length) : "",
    unanswered: String(strokes.length),
    view: [view.y0, view.y1, view.x0, view.x1].map((edge) => edge.toFixed(3)).join(" "),
    heat: [box.heat.x, box.heat.y, box.heat.width, box.heat.height].join(" "),
    selected: `${[...selection.rows].sort((a, b) => a - b)} × ${[...selection.columns].sort((a, b) => a - b)}`,
  };
}

/** Save a file the browser made. */
function save(blob, ending, state) {
  const link = make("a");
  link.href = URL.createObjectURL(blob);
  link.download = `${state.message.kind}_${state.message.fit.slice(0, 8)}.${ending}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function savePng(state) {
  const canvas = make("canvas");
  canvas.width = state.dom.base.width;
  canvas.height = state.dom.base.height;
  const context = canvas.getContext("2d");
  context.drawImage(state.dom.base, 0, 0);
  context.drawImage(state.dom.over, 0, 0);
  canvas.toBlob((blob) => save(blob, "png", state));
}

function saveSvg(state) {
  const surface = new SvgSurface(state.box.width, state.box.height, state.look);
  drawAll(surface, state);
  drawOver(surface, state);
  save(new Blob([surface.file()], { type: "image/svg+xml" }), "svg", state);
}
