// The keyboard does all that the pointer does.

const SETTLED = 200; // milliseconds after the last key until a moved cut is sent

/** Listen to keys on the map, on the cut, and in the search field. */
function listenToKeys(state) {
  const { root, over, cut, find } = state.dom;
  root.addEventListener("keydown", (event) => {
    // The page has shortcuts of its own: of them only those with Ctrl or ⌘, as undo, are meant here too.
    if (!(event.ctrlKey || event.metaKey) || event.target === find) event.stopPropagation();
  });
  over.addEventListener("focus", () => focused(state, true));
  over.addEventListener("blur", () => focused(state, false));
  over.addEventListener("keydown", (event) => {
    if (event.altKey || !onMap(state, event)) return;
    event.preventDefault();
    later(state, "all");
  });
  let timer = null;
  cut.addEventListener("keydown", (event) => {
    const next = state.message.tree.drag ? cutKey(state, event.key) : null;
    if (next === null) return;
    event.preventDefault();
    previewCut(state, snapped(state.message.tree, next));
    clearTimeout(timer);
    timer = setTimeout(() => sendCut(state), SETTLED);
  });
  find.addEventListener("keydown", (event) => {
    if (event.key === "Enter") nextFound(state);
    if (event.key === "Escape") over.focus();
  });
}

function focused(state, on) {
  state.focused = on && state.dom.over.matches(":focus-visible");
  later(state, "over");
}

/** The cutoff a key asks for: left and right as the line moves, up and down as the number does. */
function cutKey(state, key) {
  const { tree } = state.message;
  const now = state.preview ?? tree.fraction;
  const steps = { ArrowLeft: 1, ArrowRight: -1, ArrowUp: 1, ArrowDown: -1, PageUp: 10, PageDown: -10 };
  if (key in steps) return now + steps[key] * tree.step;
  if (key === "Home") return tree.low;
  return key === "End" ? tree.high : null;
}

const MOVES = {
  ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1],
  PageUp: [-10, 0], PageDown: [10, 0], Home: [0, -1e9], End: [0, 1e9],
};

/** Do what a key on the map asks for; whether it asked for anything. */
function onMap(state, event) {
  const { cursor, rows, message } = state;
  const name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (MOVES[name]) moveCursor(state, ...MOVES[name]);
  else if (name === "Enter" || name === " ") chooseAt(state, { kind: "cell", ...cursor }, event);
  else if (name === "Escape") dropStroke(state) || (state.brush ? takeBrush(state, null) : clearSelection(state));
  else if (event.ctrlKey || event.metaKey) return false; // of the browser or the page, as its zoom and undo
  else if (message.paint && name in BRUSH_KEYS) paintChosen(state, BRUSH_KEYS[name]);
  else if (name === "+" || name === "=") zoomAt(state, middle(cursor), 0.7);
  else if (name === "-") zoomAt(state, middle(cursor), 1 / 0.7);
  else if (name === "0") showEverything(state);
  else if (name === "/") state.dom.find.focus();
  else if (name === "z") zoomAt(state, middle(cursor), event.shiftKey ? 1 / 0.7 : 0.7);
  else if (name === "a") showEverything(state);
  else if (name === "r") chooseAt(state, { kind: "row", row: cursor.row }, event);
  else if (name === "c") chooseAt(state, { kind: "column", column: cursor.column }, event);
  else if (name === "b") chooseBranch(state, event);
  else if (name === "f") foldAt(state, rows[cursor.row]);
  else return false;
  state.focused = true;
  return true;
}

function middle({ row, column }) {
  return { row: row + 0.5, column: column + 0.5 };
}

/** Move the cursor and say where it is. */
function moveCursor(state, down, across) {
  const { cursor, rows, columns } = state;
  cursor.row = Math.min(rows.length - 1, Math.max(0, cursor.row + down));
  cursor.column = Math.min(columns.length - 1, Math.max(0, cursor.column + across));
  reveal(state, cursor);
  announce(state, placeWords(state, { kind: "cell", ...cursor }).replaceAll("\n", ", "));
}

/** Select the smallest branch around the cursor that is not selected yet. */
function chooseBranch(state, event) {
  const node = largerBranch(state, state.cursor.row);
  if (node !== null) choose(state, leavesUnder(state.message, node), [], event);
}

/** Fold the selected branch, or the one around a row; unfold a folded one. */
function foldAt(state, row) {
  const { message, parent, order, selection } = state;
  if (!message.tree) return;
  if (row.members.length > 1) {
    unfold(state, row.node);
  } else {
    let node = parent[row.node];
    const chosen = (at) => at >= 0 && leavesUnder(message, at).every((leaf) => selection.rows.has(leaf));
    while (chosen(parent[node])) node = parent[node];
    if (node >= 0) order.folded.add(node);
  }
  rearrange(state);
}

/** Unfold one branch; where all clusters are folded the others stay so. */
function unfold(state, node) {
  const { order, message, part } = state;
  if (order.fold) {
    order.folded = foldedNodes(message, part, order);
    order.fold = state.dom.fold.checked = false;
  }
  order.folded.delete(node);
}

/** Go to the next name that was found, and select it. */
function nextFound(state) {
  const { rows, columns } = state.found;
  const all = [...rows.map((row) => ({ kind: "row", row })), ...columns.map((column) => ({ kind: "column", column }))];
  if (!all.length) return announce(state, "No such name");
  state.seek = ((state.seek ?? -1) + 1) % all.length;
  const place = all[state.seek];
  if (place.kind === "row") {
    revealRow(state, place.row);
    state.cursor.row = place.row;
  }
  state.selection = { rows: new Set(), columns: new Set() };
  chooseAt(state, place);
  return later(state, "all");
}
