// Where everything lies, in CSS pixels.

const TRACK = 13;
const GAP = 6;
const SCALE = 110; // pixels of the scale in the legend
const WIDEST_COLUMN_LABEL = 150;
const STRONG = 650; // weight of names that stand out; room is left for it
const widths = new Map();

/** Width of a text; measured once. */
function textWidth(words, size, font, weight = 400) {
  const key = `${weight}|${size}|${font}|${words}`;
  let width = widths.get(key);
  if (width === undefined) {
    if (widths.size > 20000) widths.clear();
    textWidth.context ??= document.createElement("canvas").getContext("2d");
    textWidth.context.font = `${weight} ${size}px ${font}`;
    width = textWidth.context.measureText(words).width;
    widths.set(key, width);
  }
  return width;
}

/** A text that fits: what is too long loses its middle. */
function fitted(words, most, size, font, weight = 400) {
  const width = textWidth(words, size, font, weight);
  if (width <= most) return words;
  const signs = [...words];
  let keep = Math.max(2, Math.floor((signs.length * most) / width) - 1);
  for (;;) {
    const head = Math.ceil(keep / 2);
    const cut = `${signs.slice(0, head).join("")}…${signs.slice(signs.length - (keep - head)).join("")}`;
    if (keep <= 2 || textWidth(cut, size, font, weight) <= most) return cut;
    keep -= 1;
  }
}

/** The name of a row or column that fits; a folded branch says after its first name how many more there are. */
function fittedItem(names, { members }, most, size, font, weight) {
  const more = members.length > 1 ? ` +${members.length - 1}` : "";
  return fitted(names[members[0]], most - textWidth(more, size, font, weight), size, font, weight) + more;
}

/**
 * Lay the view out.
 * @param {object} state with message, rows, columns, look, width, view
 */
function arrange(state) {
  const { message, look, width, view, rows, columns } = state;
  const square = message.columns === message.rows;
  const withTree = Boolean(message.tree) && state.order.rows === "tree";
  const treeWidth = withTree ? Math.round(Math.min(Math.max(0.2 * width, 110), 300)) : 0;
  const tracks = message.tracks.map((_, i) => treeWidth + (treeWidth ? GAP : 0) + i * (TRACK + 2));
  const left = tracks.length ? tracks.at(-1) + TRACK + GAP : treeWidth + GAP;
  const most = Math.min(230, 0.24 * width);
  const longest = rows.length > 400 ? message.rows.slice(0, 400) : message.rows;
  const wide = Math.max(30, ...longest.map((name) => textWidth(name, 12, look.font, STRONG)));
  const label = Math.ceil(Math.min(most, wide + 10));
  const heatWidth = Math.max(60, width - left - label);
  const columnWidth = heatWidth / (view.x1 - view.x0);
  const head = headHeight(message, look, columnWidth, withTree, square);
  const height = Math.round(Math.min(Math.max(message.rows.length * 26, 168), square ? 680 : 620));
  const legend = legendRows(state, width);
  return {
    width,
    height: head.height + height + 20 + legend.height,
    tree: { x: 4, width: treeWidth - 4, shown: withTree },
    tracks,
    heat: { x: left, y: head.height, width: heatWidth, height },
    label: { x: left + heatWidth + 6, width: label - 8 },
    head,
    legend: { ...legend, y: head.height + height + 18 },
    rowHeight: height / (view.y1 - view.y0),
    columnWidth,
    square,
    columns: columns.length,
  };
}

/** Height of the column labels, and whether they are turned. */
function headHeight(message, look, columnWidth, withTree, square) {
  const least = withTree ? 56 : message.tracks.length ? 50 : 30;
  if (square) return { height: Math.max(least, 40), turned: false, shown: false };
  const longest = Math.max(...message.columns.map((name) => textWidth(name, 12, look.font, STRONG)));
  if (longest + 8 <= columnWidth) return { height: least, turned: false, shown: true, most: columnWidth - 6 };
  const most = Math.min(longest, WIDEST_COLUMN_LABEL);
  return { height: Math.max(least, Math.ceil(most * 0.71) + 22), turned: true, shown: true, most: most + 2 };
}

/** The scale of the colours with its ends, and after it the entries of the legend in lines that fit. */
function legendRows(state, width) {
  const { message, look } = state;
  const limit = Number(message.limit.toPrecision(3));
  const ends = [`−${limit}`, `${limit} ${message.symbol}`];
  const [before, after] = ends.map((words) => textWidth(words, 11, look.font));
  const left = Math.max(44, before + 8);
  const start = Math.max(206, left + SCALE + after + 20);
  const entries = [];
  let [x, y] = [start, 10];
  for (const [mark, words] of message.legend) {
    const wide = 22 + textWidth(words, 12, look.font) + 14;
    if (x + wide > width && x > start) [x, y] = [8, y + 20];
    entries.push({ mark, words, x, y });
    x += wide;
  }
  return { x: left, wide: SCALE, ends, entries, height: y + 14 };
}

/** Pixels of a row or column from its place. */
function rowAt(state, place) {
  const { box, view } = state;
  return box.heat.y + (place - view.y0) * box.rowHeight;
}

function columnAt(state, place) {
  const { box, view } = state;
  return box.heat.x + (place - view.x0) * box.columnWidth;
}

/** Pixels of a height of the tree: the root is on the left. */
function heightAt(state, height) {
  const { box, message, top } = state;
  const share = drawnHeight(height, message.tree.unit) / top;
  return box.tree.x + box.tree.width * (1 - share);
}

/** The cutoff under a pixel, as the slider knows it. */
function fractionAt(state, x) {
  const { box, message, top } = state;
  const height = (1 - (x - box.tree.x) / box.tree.width) * top;
  return snapped(message.tree, height / message.tree.unit);
}

/** The nearest stop of the slider, inside its reach. */
function snapped(tree, fraction) {
  const stop = Math.round(fraction / tree.step) * tree.step;
  const inside = Math.min(tree.high, Math.max(tree.low, stop));
  return Math.round(inside * 100) / 100;
}

/** Drawn height of the highest thing on the axis of the tree. */
function axisTop(message) {
  const { unit } = message.tree;
  let highest = unit;
  for (const height of message.heights) if (Number.isFinite(height)) highest = Math.max(highest, height);
  return drawnHeight(highest, unit) * 1.03 || 1;
}

/** What lies under a point of the canvas. */
function hit(state, x, y) {
  const { box, view, rows, columns } = state;
  const row = Math.floor(view.y0 + (y - box.heat.y) / box.rowHeight);
  const column = Math.floor(view.x0 + (x - box.heat.x) / box.columnWidth);
  const inRows = y >= box.heat.y && y < box.heat.y + box.heat.height && row >= 0 && row < rows.length;
  const inColumns = x >= box.heat.x && x < box.heat.x + box.heat.width && column >= 0 && column < columns.length;
  if (inRows && inColumns) return { kind: "cell", row, column };
  if (inColumns && y < box.heat.y && box.head.shown) return { kind: "column", column };
  if (!inRows) return null;
  if (x >= box.heat.x + box.heat.width) return { kind: "row", row };
  const track = box.tracks.findIndex((at) => x >= at - 1 && x < at + TRACK + 1);
  if (track >= 0) return { kind: "track", row, track };
  if (box.tree.shown && x < box.tree.x + box.tree.width) return branchAt(state, x, y);
  return null;
}

/** The branch whose lines are nearest to a point, within a few pixels. */
function branchAt(state, x, y) {
  const { message, places, box } = state;
  const n = message.rows.length;
  let best = { distance: 7, node: -1 };
  for (let i = 0; i < n - 1; i += 1) {
    const node = n + i;
    if (Number.isNaN(places.place[node])) continue;
    const at = heightAt(state, message.heights[i]);
    const [a, b] = [message.left[i], message.right[i]].map((child) => rowAt(state, places.place[child]));
    const upright = Math.hypot(x - at, Math.max(Math.min(a, b) - y, 0, y - Math.max(a, b)));
    if (upright < best.distance) best = { distance: upright, node };
    const parent = state.parent[node];
    const end = parent < 0 ? box.tree.x : heightAt(state, message.heights[parent - n]);
    const stem = Math.hypot(y - rowAt(state, places.place[node]), Math.max(end - x, 0, x - at));
    if (stem < best.distance) best = { distance: stem, node };
  }
  return best.node < 0 ? null : { kind: "branch", node: best.node };
}
