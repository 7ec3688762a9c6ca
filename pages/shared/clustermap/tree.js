// Cutting a tree and colouring what it makes. Nodes are numbered as scipy does: leaves, then merges.

const [STAYED, GONE] = [-1, -2];
const PRESSED = 0.5; // share of the width a factor e in height gets above the reach of the cutoff

/** Where a height is drawn: as it is up to the reach of the cutoff, on a log scale above. */
function drawnHeight(height, reach) {
  return reach > 0 && height > reach ? reach * (1 + PRESSED * Math.log(height / reach)) : height;
}

/**
 * The clusters of a cut: branches whose highest merge lies at or below it, as scipy's fcluster finds them.
 * @param {object} message with left, right, reach and counted
 * @param {number} level height of the cut
 * @returns {Int32Array} cluster of every node, numbered from 0 as the branches come from the root; -1 above
 *   the cut and for responses that do not count
 */
function cutAt(message, level) {
  const { left, right, reach, counted } = message;
  const n = counted.length;
  const owner = new Int32Array(2 * n - 1).fill(-1);
  let count = 0;
  for (let i = n - 2; i >= 0; i -= 1) {
    const whole = reach[i] <= level;
    if (whole && owner[n + i] < 0) owner[n + i] = count++;
    owner[left[i]] = owner[n + i];
    owner[right[i]] = owner[n + i];
  }
  for (let leaf = 0; leaf < n; leaf += 1) {
    if (!counted[leaf]) owner[leaf] = -1;
    else if (owner[leaf] < 0) owner[leaf] = count++;
  }
  return owner;
}

/**
 * Colour numbers by overlap with those before: the largest overlap keeps its colour, the rest take the
 * smallest free numbers in the order they first occur. The same rule as factorlasso_core.colouring.
 * @param {Int32Array} codes cluster of every response, negative where it has none
 * @param {Int32Array} before colour number of every response, negative where it had none
 * @returns {Int32Array} colour number of every response, -1 without a cluster
 */
function matchColours(codes, before) {
  const overlaps = new Map();
  codes.forEach((code, i) => {
    if (code < 0 || before[i] < 0) return;
    const pair = code * 2 ** 26 + before[i];
    overlaps.set(pair, (overlaps.get(pair) ?? 0) + 1);
  });
  const first = firstPlaces(codes);
  const pairs = [...overlaps].map(([pair, size]) => [Math.floor(pair / 2 ** 26), pair % 2 ** 26, size]);
  pairs.sort((a, b) => b[2] - a[2] || a[1] - b[1] || first.get(a[0]) - first.get(b[0]));
  const colours = new Map();
  const taken = new Set();
  for (const [code, colour] of pairs) {
    if (colours.has(code) || taken.has(colour)) continue;
    colours.set(code, colour);
    taken.add(colour);
  }
  let next = 0;
  for (const code of first.keys()) {
    if (colours.has(code)) continue;
    while (taken.has(next)) next += 1;
    colours.set(code, next);
    taken.add(next);
  }
  return codes.map((code) => (code < 0 ? -1 : colours.get(code)));
}

/**
 * Colour numbers that do not grow while a cut moves to and fro: those beyond the plain colours and the number of
 * clusters become the smallest free ones, in their order. The same rule as factorlasso_core.colouring.
 */
function boundedColours(colours, plain) {
  const used = [...new Set(colours)].filter((number) => number >= 0).sort((a, b) => a - b);
  const bound = Math.max(plain, used.length);
  const taken = new Set(used);
  const anew = new Map();
  let next = 0;
  for (const number of used.filter((other) => other >= bound)) {
    while (taken.has(next)) next += 1;
    anew.set(number, next);
    taken.add(next);
  }
  return colours.map((number) => anew.get(number) ?? number);
}

/** Names of the clusters by code: numbers from 1 as scipy's fcluster gives them, of a merge its merges first. */
function fclusterNumbers({ left, right, counted }, owner) {
  const n = counted.length;
  const names = [];
  let next = 1;
  const open = [2 * n - 2];
  while (open.length) {
    const node = open.pop();
    const code = owner[node];
    if (code >= 0) names[code] = String(next++);
    else if (node >= n) {
      const ends = [left[node - n], right[node - n]];
      open.push(...[...ends.filter((end) => end >= n), ...ends.filter((end) => end < n)].reverse());
    }
  }
  return names;
}

/** Where each cluster first occurs, in that order. */
function firstPlaces(codes) {
  const first = new Map();
  codes.forEach((code, i) => {
    if (code >= 0 && !first.has(code)) first.set(code, i);
  });
  return first;
}

/**
 * The partition on screen: of the fit, or of the cut being moved.
 * @returns {{owner: ?Int32Array, codes: Int32Array, colours: Int32Array, names: string[], sizes: number[],
 *   level: ?number, moved: ?Int32Array}} names of the clusters by code
 */
function partition(message, fraction) {
  const { tree, cluster, colour } = message;
  const dragged = tree && fraction !== null;
  const level = tree ? (dragged ? fraction * tree.unit : tree.height) : null;
  const owner = tree ? cutAt(message, level) : null;
  const codes = dragged ? owner.slice(0, message.rows.length) : cluster;
  const colours = dragged ? boundedColours(matchColours(codes, colour), message.plain) : colour;
  const names = dragged ? fclusterNumbers(message, owner) : message.cluster_names;
  const moved = message.former ? movedFrom(message.former, codes, colours) : null;
  return { owner, codes, colours, names, sizes: clusterSizes(codes), level, moved };
}

/**
 * Who is in another cluster than before, clusters matched by overlap as factorlasso_core.contrast does.
 * @param {Int32Array} former cluster of every response before, numbered in order; negative where it counts not
 * @returns {Int32Array} STAYED, or the colour of those it was with before, or GONE where they are all elsewhere
 */
function movedFrom(former, codes, colours) {
  const now = matchColours(codes.map((code, i) => (former[i] < 0 ? -1 : code)), former);
  const home = new Map();
  former.forEach((number, i) => { if (number >= 0 && now[i] === number) home.set(number, colours[i]); });
  return former.map((number, i) => (number < 0 || now[i] === number ? STAYED : home.get(number) ?? GONE));
}

/** Sizes of the clusters, largest first. */
function clusterSizes(codes) {
  const sizes = new Map();
  for (const code of codes) if (code >= 0) sizes.set(code, (sizes.get(code) ?? 0) + 1);
  return [...sizes.values()].sort((a, b) => b - a);
}

/** Leaves below a node. */
function leavesUnder(message, node) {
  const n = message.rows.length;
  const found = [];
  const open = [node];
  while (open.length) {
    const next = open.pop();
    if (next < n) found.push(next);
    else open.push(message.right[next - n], message.left[next - n]);
  }
  return found;
}

/** The merge each node goes into, -1 for the root. */
function parents(message) {
  const n = message.rows.length;
  const parent = new Int32Array(2 * n - 1).fill(-1);
  for (let i = 0; i < n - 1; i += 1) {
    parent[message.left[i]] = n + i;
    parent[message.right[i]] = n + i;
  }
  return parent;
}
