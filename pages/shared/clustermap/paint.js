// Painting signs: a stroke collects cells while the pointer is down, and is sent once, on release.

const BRUSHES = { "+": "≥ 0", "-": "≤ 0", 0: "= 0", blank: "blank" };
const BRUSH_KEYS = { "+": "+", "=": "+", "-": "-", "−": "-", 0: "0", Backspace: "blank", Delete: "blank" };

/** Take a brush up, or with null put it down; the brush in hand is put down too. */
function takeBrush(state, brush) {
  state.brush = brush === state.brush ? null : brush;
  dropStroke(state);
  showBrush(state);
  announce(state, state.brush ? `Brush ${BRUSHES[state.brush]}` : "No brush: the pointer selects");
}

/** Show which brush is in hand, and whether there is a selection to paint. */
function showBrush(state) {
  const { dom, brush, selection, message } = state;
  dom.brushes.hidden = !message.paint;
  for (const button of dom.brushes.querySelectorAll("[data-brush]")) {
    button.setAttribute("aria-pressed", String((button.dataset.brush || null) === brush));
  }
  dom.over.classList.toggle("painting", Boolean(brush));
  dom.fill.hidden = !brush || !(selection.rows.size || selection.columns.size);
}

/** Listen to the brushes above the map. */
function listenToBrushes(state) {
  for (const button of state.dom.brushes.querySelectorAll("[data-brush]")) {
    button.addEventListener("click", () => takeBrush(state, button.dataset.brush || null));
  }
  state.dom.fill.addEventListener("click", () => paintChosen(state, state.brush));
}

/** Begin a stroke with the brush in hand at a place. */
function beginStroke(state, place) {
  if (!state.brush || !place) return;
  state.stroke = { brush: state.brush, cells: new Set(), at: place };
  if (place.kind === "cell") state.cursor = { row: place.row, column: place.column };
  state.dom.tip.hidden = true;
  spread(state, place);
}

/** Lead a stroke on to where the pointer is: along cells, or along the names or the strip it began on. */
function leadStroke(state, { row, column }) {
  const { at } = state.stroke;
  if (at.kind === "branch") return;
  const last = { row: at.row ?? 0, column: at.column ?? 0 };
  const next = { row: Math.min(state.rows.length - 1, Math.floor(row)),
    column: Math.min(state.columns.length - 1, Math.floor(column)) };
  const steps = Math.max(Math.abs(next.row - last.row), Math.abs(next.column - last.column));
  const between = (key, k) => Math.round(last[key] + ((next[key] - last[key]) * k) / steps);
  for (let k = 1; k <= steps; k += 1) spread(state, { ...at, row: between("row", k), column: between("column", k) });
  state.stroke.at = { ...at, ...next };
}

/** Add the cells of a place to the stroke. */
function spread(state, place) {
  const down = membersOf(state, place);
  const across = place.kind === "cell" || place.kind === "column" ? state.columns[place.column].members : null;
  for (const cell of cellsOf(state, down, across)) state.stroke.cells.add(cell);
  state.strokesSeen += 1;
  later(state, "over");
}

/** Responses a place stands for; null for all of them. */
function membersOf(state, place) {
  if (place.kind === "column") return null;
  if (place.kind === "branch") return leavesUnder(state.message, place.node);
  const strip = place.kind === "track" && state.message.tracks[place.track].kind !== "number";
  return strip ? alike(state, place) : state.rows[place.row].members;
}

/** Numbers of the cells of some rows and columns; null for all of them. */
function cellsOf({ message }, rows, columns) {
  const wide = message.columns.length;
  const down = rows ?? message.rows.keys();
  return [...down].flatMap((row) => [...(columns ?? message.columns.keys())].map((column) => row * wide + column));
}

/** The stroke is done. */
function endStroke(state) {
  const { stroke } = state;
  state.stroke = null;
  if (stroke) sendStroke(state, stroke.brush, [...stroke.cells]);
}

/** Forget the stroke under way. */
function dropStroke(state) {
  if (!state.stroke) return false;
  state.stroke = null;
  state.strokesSeen += 1;
  later(state, "over");
  return true;
}

/** Paint the selection, or without one the cell of the cursor. */
function paintChosen(state, brush) {
  const { selection, rows, columns, cursor } = state;
  const chosen = selection.rows.size || selection.columns.size;
  const down = chosen ? (selection.rows.size ? selection.rows : null) : rows[cursor.row].members;
  const across = chosen ? (selection.columns.size ? selection.columns : null) : columns[cursor.column].members;
  sendStroke(state, brush, cellsOf(state, down, across));
}

/** Send a stroke, with those before it that have no answer yet: Streamlit may drop all but the last message. */
function sendStroke(state, brush, cells) {
  state.strokeCount += 1;
  state.strokesSeen += 1;
  state.strokes.push({ number: state.strokeCount, brush, cells });
  state.send("paint", { data: state.message.data, strokes: state.strokes });
  announce(state, `${cells.length} cell${cells.length === 1 ? "" : "s"} ${BRUSHES[brush]}`);
  later(state, "over");
}

/** Draw what is painted and has no answer yet. */
function drawStrokes(surface, state) {
  const { box, look, rows, columns, message, strokes, stroke } = state;
  if (!strokes.length && !stroke) return;
  const painted = new Map();
  for (const { brush, cells } of [...strokes, ...(stroke ? [stroke] : [])]) {
    for (const cell of cells) painted.set(cell, brush);
  }
  const { r0, r1, c0, c1 } = visible(state);
  const [w, h] = [Math.max(box.columnWidth - 1, 1), Math.max(box.rowHeight - 1, 1)];
  const roomy = box.rowHeight >= 8;
  for (let i = r0; i < r1; i += 1) {
    for (let j = c0; j < c1; j += 1) {
      const brush = painted.get(rows[i].members[0] * message.columns.length + columns[j].members[0]);
      if (brush === undefined) continue;
      const [x, y] = [columnAt(state, j), rowAt(state, i)];
      surface.rect(x, y, w, h, roomy ? look.paper : look.ink);
      if (!roomy) continue;
      surface.frame(x + 1, y + 1, w - 2, h - 2, look.accent, 2);
      const [left, middle] = [markCentre(state, x), y + box.rowHeight / 2];
      if (brush !== "blank") surface.path(signPath(brush, left, middle, 4), look.ink, 1.75);
    }
  }
}
