// The view in words: what the pointer reads, what is announced, the table.

const MOST_ROWS = 200; // of the table

/** The cut and the number of clusters it makes. */
function cutWords(state) {
  const { message, part, preview } = state;
  const count = part.sizes.length;
  const asked = message.tree.asked ?? `cut ${(preview ?? message.tree.fraction).toFixed(2)}`;
  return `${asked} · ${count} cluster${count === 1 ? "" : "s"}`;
}

/** Sizes of clusters, largest first, single responses counted together. */
function sizeWords(sizes) {
  const several = sizes.filter((size) => size > 1);
  const alone = sizes.length - several.length;
  const shown = several.slice(0, 12).join(" · ") + (several.length > 12 ? " …" : "");
  return [shown && `sizes ${shown}`, alone && `${alone} alone`].filter(Boolean).join(", ");
}

/** What a place says, its name on the first line. */
function placeWords(state, place) {
  const { rows, columns, message } = state;
  if (place.kind === "column") return itemName(message.columns, columns[place.column]);
  if (place.kind === "branch") return branchWords(state, place.node);
  const row = rows[place.row];
  const lines = [itemName(message.rows, row)];
  if (place.kind === "cell") lines.push(...cellWords(state, place));
  if (row.members.length === 1) lines.push(...rowWords(state, row.members[0]));
  return lines.join("\n");
}

function cellWords(state, { row, column }) {
  const { rows, columns, message } = state;
  const [left, right] = [rows[row].members, columns[column].members];
  const value = state.values[row * columns.length + column];
  const mean = left.length > 1 || right.length > 1 ? "mean " : "";
  const lines = [`${itemName(message.columns, columns[column])}: ${mean}${message.symbol} = ${exact(value)}`];
  if (mean || !message.reason) return lines;
  const at = left[0] * message.columns.length + right[0];
  for (const [words, array] of message.also ?? []) lines.push(`${words} = ${exact(message[array][at])}`);
  const noted = message.mark_words === message.reason_words ? "" : message.mark_words[message.mark[at]];
  const facts = [noted, message.reason_words[message.reason[at]], message.rule_words[message.rule[at]]];
  lines.push(...facts.filter(Boolean));
  if (message.t && !Number.isNaN(message.t[at])) lines.push(`t = ${message.t[at].toFixed(2)}`);
  return lines;
}

function exact(value) {
  return Number.isNaN(value) ? "unknown" : String(Number(value.toPrecision(6)));
}

/** Cluster and tracks of a response. */
function rowWords(state, index) {
  const { message, part } = state;
  const lines = [];
  if (message.group_word) {
    const code = part.codes[index];
    const size = part.codes.reduce((sum, other) => sum + (other === code), 0);
    lines.push(code < 0 ? "left out of the clusters" : `${message.group_word} ${part.names[code]}, of ${size}`);
  }
  for (const track of message.tracks) {
    if (track.kind === "cluster") continue;
    const value = message[track.array][index];
    if (track.kind === "moved" && movedWords(state, track, index)) lines.push(movedWords(state, track, index));
    if (track.kind === "number" && !Number.isNaN(value)) lines.push(`${track.name} ${numberWords(track, value)}`);
    if (track.kind === "category" && value >= 0) lines.push(`${track.name}: ${shownName(track.levels[value])}`);
  }
  return lines;
}

/** Where a response that moved was before. */
function movedWords({ message, part }, track, index) {
  if (part.moved[index] === STAYED) return "";
  return `moved: was in ${message.group_word} ${track.levels[message.former[index]]} of the pin`;
}

function numberWords(track, value) {
  return track.percent ? `${(100 * value).toFixed(1)}%` : exact(value);
}

function branchWords(state, node) {
  const { message } = state;
  const n = message.rows.length;
  const height = message.heights[node - n];
  const members = leavesUnder(message, node);
  const names = members.slice(0, 6).map((leaf) => message.rows[leaf]).join("\n");
  const more = members.length > 6 ? `\nand ${members.length - 6} more` : "";
  return `${members.length} responses\nheight ${exact(height / message.tree.unit)} in units of the cutoff\n${names}${more}`;
}

/** The selection in a few words. */
function selectionWords(state) {
  const { selection, message } = state;
  const count = (set, names, word) => {
    if (!set.size) return "";
    const [first] = set;
    return set.size === 1 ? fitted(names[first], 180, 12, state.look.font) : `${set.size} ${word}s`;
  };
  const rows = count(selection.rows, message.rows, message.row_word);
  const columns = count(selection.columns, message.columns, message.column_word);
  return [rows, columns].filter(Boolean).join(" × ");
}

/** Fill the table with the rows on screen. */
function fillTable(state) {
  const { dom, rows, columns, message } = state;
  const { r0, r1, c0, c1 } = visible(state);
  const shown = rows.slice(r0, Math.min(r1, r0 + MOST_ROWS));
  const table = make("table");
  const all = shown.length === message.rows.length;
  const about = all ? "" : `, rows ${r0 + 1} to ${r0 + shown.length} of ${rows.length}: zoom to see others`;
  table.append(make("caption", `${message.title}${about}`));
  const head = make("tr", null, [make("th", message.row_word)]);
  const groups = message.group_word ? [make("th", message.group_word)] : [];
  const since = message.tracks.find(({ kind }) => kind === "moved");
  if (since) groups.push(make("th", since.name));
  head.append(...groups, ...columns.slice(c0, c1).map((item) => header(itemName(message.columns, item), "col")));
  const body = shown.map((item, i) => {
    const line = make("tr", null, [header(itemName(message.rows, item), "row")]);
    if (groups.length) line.append(make("td", clusterName(state, item.members)));
    if (since) line.append(make("td", item.members.some((at) => movedWords(state, since, at)) ? "yes" : ""));
    for (let j = c0; j < c1; j += 1) line.append(make("td", tableCell(state, r0 + i, j)));
    return line;
  });
  table.append(make("thead", null, [head]), make("tbody", null, body));
  dom.table.replaceChildren(table);
}

function tableCell(state, i, j) {
  const value = state.values[i * state.columns.length + j];
  if (state.message.paint) return ruleCell(state, i, j, value);
  const words = state.message.mark_words?.[state.marks[i * state.columns.length + j]];
  const shown = exact(Number(value.toPrecision(4)));
  return words ? `${shown} (${words})` : shown;
}

/** Loading and rule of a cell. */
function ruleCell({ rows, columns, message }, i, j, value) {
  const [row, column] = [rows[i].members, columns[j].members];
  const words = row.length === 1 ? message.rule_words[message.rule[row[0] * message.columns.length + column[0]]] : "";
  return `${exact(Number(value.toPrecision(4)))}${words && `, ${words}`}`;
}

/** The cluster of a row; of a folded branch, where its members are of several, none. */
function clusterName({ part }, members) {
  const codes = new Set(members.map((member) => part.codes[member]));
  const [code] = codes;
  return codes.size === 1 ? part.names[code] ?? "–" : "several";
}

function header(words, scope) {
  const cell = make("th", words);
  cell.scope = scope;
  return cell;
}

/** An element with text, never markup. */
function make(tag, words = null, children = []) {
  const element = document.createElement(tag);
  if (words !== null) element.textContent = words;
  element.append(...children);
  return element;
}

const HELP = `Pointer: click a cell, a name, a strip or a branch to select; Shift extends, Ctrl or ⌘ adds and removes. \
Drag the line of the cut. Ctrl or ⌘ with the wheel, or a pinch, zooms the rows, with Shift the columns; the wheel alone \
scrolls the page, and zooms once the map was clicked until the page scrolls again. Drag moves; double click shows everything.
Keys on the map: arrows move; Enter selects the cell, R its row, C its column, B the smallest branch and then \
larger ones; Shift extends; Esc clears; Z zooms in, Shift+Z out; A shows everything; F folds or unfolds the branch; \
/ finds a name.
Keys on the cut: ← → move the line, ↑ ↓ raise and lower the cutoff, Page keys by tenths, Home and End to the ends.`;
const PAINT_HELP = `Painting: choose a brush, then click or drag over cells; a name paints its row or column, a strip its \
cluster, a branch its members. A stroke is one step of undo. Esc drops a stroke, then the brush.
Keys that paint: + − 0 and Backspace (blank) paint the selection, or without one the cell in focus.`;
