// Which rows and columns are shown, in which order: single ones, or folded branches.

/** What a row or column shows: its members, and the node of a folded branch. */
function single(index) {
  return { members: [index], node: index };
}

/**
 * Rows in shown order.
 * @param {object} message
 * @param {object} part what `partition` returned
 * @param {{rows: string, fold: boolean, folded: Set<number>}} order
 */
function shownRows(message, part, order) {
  const { tree, leaves } = message;
  const n = message.rows.length;
  if (order.rows === "tree") {
    if (!tree) return Array.from(leaves, single);
    const folds = foldedNodes(message, part, order);
    return folds.size ? foldedRows(message, folds) : Array.from(leaves, single);
  }
  const place = new Int32Array(n);
  leaves.forEach((leaf, i) => { place[leaf] = i; });
  const byTree = (a, b) => place[a] - place[b];
  const rules = {
    given: (a, b) => a - b,
    name: (a, b) => message.rows[a].localeCompare(message.rows[b], undefined, { numeric: true }) || a - b,
    r2: (a, b) => rank(message.r2[b]) - rank(message.r2[a]) || byTree(a, b),
    cluster: (a, b) => bySize(part, a, b) || byTree(a, b),
  };
  return Array.from(leaves).sort(rules[order.rows] ?? byTree).map(single);
}

function rank(value) {
  return Number.isNaN(value) ? -Infinity : value;
}

/** Larger clusters first, those left out last. */
function bySize(part, a, b) {
  if (!part.count) {
    part.count = new Map();
    for (const code of part.codes) part.count.set(code, (part.count.get(code) ?? 0) + 1);
    part.count.set(-1, 0);
  }
  const [first, second] = [part.codes[a], part.codes[b]];
  return part.count.get(second) - part.count.get(first) || first - second;
}

/** Nodes drawn as one row: clusters where all are folded, and what was folded by hand. */
function foldedNodes(message, part, order) {
  const n = message.rows.length;
  const folds = new Set(order.folded);
  if (order.fold && part.owner) {
    const parent = parents(message);
    for (let node = n; node < 2 * n - 1; node += 1) {
      const own = part.owner[node];
      if (own >= 0 && (parent[node] < 0 || part.owner[parent[node]] < 0)) folds.add(node);
    }
  }
  return folds;
}

/** Rows from the top of the tree down, branches folded where they are asked to be. */
function foldedRows(message, folds) {
  const n = message.rows.length;
  const rows = [];
  const open = [2 * n - 2];
  while (open.length) {
    const node = open.pop();
    if (node < n) rows.push(single(node));
    else if (folds.has(node)) rows.push({ members: leavesUnder(message, node), node });
    else open.push(message.right[node - n], message.left[node - n]);
  }
  return rows;
}

/** Columns in shown order; of a square matrix the same as its rows. */
function shownColumns(message, rows, order) {
  if (message.columns === message.rows) return rows;
  const places = order.columns === "tree" && message.columnorder
    ? Array.from(message.columnorder)
    : message.columns.map((_, i) => i);
  return places.map(single);
}

/** The name a row shows; of a folded branch the first and how many more. */
function itemName(names, { members }) {
  return members.length === 1 ? names[members[0]] : `${names[members[0]]} and ${members.length - 1} more`;
}

/** Values in shown order, means where branches are folded. */
function shownValues(message, rows, columns) {
  const [n, m] = [rows.length, columns.length];
  const values = new Float32Array(n * m);
  const wide = message.columns.length;
  const raw = message.values;
  for (let i = 0; i < n; i += 1) {
    const left = rows[i].members;
    for (let j = 0; j < m; j += 1) {
      const right = columns[j].members;
      let sum = 0;
      for (const row of left) for (const column of right) sum += raw[row * wide + column];
      values[i * m + j] = (sum * message.unit) / (left.length * right.length);
    }
  }
  return values;
}

/** Codes of cells, as of their reasons or marks, in shown order; folded rows have none. */
function shownCodes(codes, rows, columns) {
  const m = columns.length;
  const shown = new Uint8Array(rows.length * m);
  if (!codes) return shown;
  rows.forEach(({ members }, i) => {
    if (members.length > 1) return;
    for (let j = 0; j < m; j += 1) shown[i * m + j] = codes[members[0] * m + columns[j].members[0]];
  });
  return shown;
}

/**
 * Places of the nodes of the tree along the shown rows; nodes inside a folded branch have none.
 * @returns {{place: Float64Array, low: Float64Array, high: Float64Array}} NaN where hidden
 */
function treePlaces(message, rows) {
  const n = message.rows.length;
  const place = new Float64Array(2 * n - 1).fill(NaN);
  const low = new Float64Array(2 * n - 1).fill(NaN);
  const high = new Float64Array(2 * n - 1).fill(NaN);
  rows.forEach((item, i) => {
    place[item.node] = low[item.node] = high[item.node] = i + 0.5;
  });
  for (let i = 0; i < n - 1; i += 1) {
    const [a, b] = [message.left[i], message.right[i]];
    if (Number.isNaN(place[a]) || Number.isNaN(place[b])) continue;
    place[n + i] = (place[a] + place[b]) / 2;
    low[n + i] = Math.min(low[a], low[b]);
    high[n + i] = Math.max(high[a], high[b]);
  }
  return { place, low, high };
}

/** Rows and columns whose name holds a text, by place. */
function search(names, items, text) {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return [];
  const hits = [];
  items.forEach((item, i) => {
    if (item.members.some((index) => names[index].toLowerCase().includes(wanted))) hits.push(i);
  });
  return hits;
}
