// The selection: members by index, changed here at once and sent to Python.

/** Replace, extend or toggle the selection of rows and columns. */
function choose(state, rows, columns, event = {}) {
  const { selection } = state;
  if (event.ctrlKey || event.metaKey) {
    toggle(selection.rows, rows);
    toggle(selection.columns, columns);
  } else if (event.shiftKey) {
    rows.forEach((row) => selection.rows.add(row));
    columns.forEach((column) => selection.columns.add(column));
  } else if (same(selection.rows, rows) && same(selection.columns, columns)) {
    state.selection = { rows: new Set(), columns: new Set() };
  } else {
    state.selection = { rows: new Set(rows), columns: new Set(columns) };
  }
  sendSelection(state);
}

function toggle(set, members) {
  const all = members.every((member) => set.has(member));
  members.forEach((member) => (all ? set.delete(member) : set.add(member)));
}

function same(set, members) {
  return set.size === members.length && members.every((member) => set.has(member));
}

/** Select what lies at a place; with Shift everything from the anchor to there. */
function chooseAt(state, place, event = {}) {
  const { rows, columns, message, anchor } = state;
  const from = event.shiftKey && anchor ? anchor : place;
  const between = (items, key) => {
    if (place[key] === undefined) return [];
    const start = from[key] ?? place[key];
    const [low, high] = [Math.min(start, place[key]), Math.max(start, place[key])];
    return items.slice(low, high + 1).flatMap((item) => item.members);
  };
  if (place.kind === "branch") choose(state, leavesUnder(message, place.node), [], event);
  else if (place.kind === "track" && message.tracks[place.track].kind !== "number") {
    choose(state, alike(state, place), [], event);
  } else {
    const cells = place.kind === "cell";
    const square = message.columns === message.rows && place.kind === "column";
    const down = cells || place.kind === "row" || place.kind === "track" ? between(rows, "row") : [];
    const across = cells || place.kind === "column" ? between(columns, "column") : [];
    choose(state, square ? across : down, square ? [] : across, event);
  }
  if (!event.shiftKey) state.anchor = place;
}

/** Responses of the same cluster or category as the one at a place. */
function alike(state, { row, track }) {
  const { message, part, rows } = state;
  const about = message.tracks[track];
  const values = { cluster: part.codes, moved: part.moved }[about.kind] ?? message[about.array];
  const wanted = values[rows[row].members[0]];
  return rows.flatMap((item) => item.members).filter((index) => values[index] === wanted);
}

/** Nothing selected. */
function clearSelection(state) {
  if (!state.selection.rows.size && !state.selection.columns.size) return;
  state.selection = { rows: new Set(), columns: new Set() };
  state.anchor = null;
  sendSelection(state);
}

/** Draw the selection and tell Python, which numbers its answers so that a late one is not taken for news. */
function sendSelection(state) {
  state.sent += 1;
  const { rows, columns } = state.selection;
  const order = (set) => [...set].sort((a, b) => a - b);
  state.send("selection", { data: state.message.data, rows: order(rows), columns: order(columns), stamp: state.sent });
  mark(state);
  announce(state, selectionWords(state) ? `Selected: ${selectionWords(state)}` : "Nothing selected");
}

/** Which shown rows and columns are selected, and which names stand out. */
function mark(state) {
  const { selection, rows, columns, message } = state;
  const square = message.columns === message.rows;
  const whole = (items, set) =>
    new Set(items.flatMap((item, i) => (item.members.every((member) => set.has(member)) ? [i] : [])));
  const chosen = { rows: whole(rows, selection.rows), columns: whole(columns, selection.columns) };
  state.marked = square ? { rows: chosen.rows, columns: selection.columns.size ? chosen.columns : chosen.rows } : chosen;
  const found = {
    rows: search(message.rows, rows, state.text),
    columns: square ? [] : search(message.columns, columns, state.text), // rows and columns are the same names
  };
  state.found = found;
  state.strong = {
    rows: new Set([...state.marked.rows, ...found.rows]),
    columns: new Set([...state.marked.columns, ...found.columns]),
  };
  state.dom.picked.textContent = state.dom.picked.title = selectionWords(state);
  state.dom.clear.hidden = !selectionWords(state);
  showBrush(state);
  state.dom.found.textContent = state.text.trim() ? String(found.rows.length + found.columns.length) : "";
}

/** The branch a row is in, one merge higher than what is selected. */
function largerBranch(state, row) {
  const { message, rows, parent, selection } = state;
  if (!message.tree) return null;
  let node = parent[rows[row].node];
  while (node >= 0 && leavesUnder(message, node).every((leaf) => selection.rows.has(leaf))) node = parent[node];
  return node < 0 ? null : node;
}
