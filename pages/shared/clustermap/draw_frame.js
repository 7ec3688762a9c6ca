// What stands around the matrix: tree, tracks, labels, axis, legend.

/** Draw everything but what follows the pointer. */
function drawAll(surface, state) {
  surface.rect(0, 0, state.box.width, state.box.height, state.look.paper);
  if (state.box.tree.shown) drawTree(surface, state);
  drawTracks(surface, state);
  drawCells(surface, state);
  drawRowLabels(surface, state);
  if (state.box.head.shown) drawColumnLabels(surface, state);
  if (state.box.square) drawSquares(surface, state);
  drawLegend(surface, state);
}

/** Branches: the colour of their cluster below the cut, muted above it. */
function drawTree(surface, state) {
  const { box, look, message } = state;
  const { heat } = box;
  const reach = heightAt(state, message.tree.unit);
  surface.rect(reach, heat.y, box.tree.x + box.tree.width - reach, heat.height, look.shade);
  drawAxis(surface, state);
  surface.clip(0, heat.y, box.tree.x + box.tree.width + 2, heat.height, () => {
    for (const [colour, points] of branches(state)) {
      surface.path(points, colour < 0 ? look.muted : clusterColour(look, colour), colour < 0 ? 1 : 1.6);
    }
    drawFolds(surface, state);
  });
}

/** Lines of the branches on screen, by colour number. */
function branches(state) {
  const { message, places, part, view } = state;
  const n = message.rows.length;
  const lines = new Map([[-1, []]]);
  const add = (colour, ...points) => {
    if (!lines.has(colour)) lines.set(colour, []);
    lines.get(colour).push(...points, NaN, NaN);
  };
  const cut = heightAt(state, part.level);
  const leafColour = nodeColours(state);
  for (let i = 0; i < n - 1; i += 1) {
    const node = n + i;
    if (Number.isNaN(places.place[node]) || isFolded(state, node)) continue;
    if (places.high[node] < view.y0 || places.low[node] > view.y1) continue;
    const own = part.owner[node] >= 0 ? leafColour[node] : -1;
    const x = heightAt(state, message.heights[i]);
    const ends = [message.left[i], message.right[i]].map((child) => rowAt(state, places.place[child]));
    add(own, x, ends[0], x, ends[1]);
    [message.left[i], message.right[i]].forEach((child, side) => {
      const from = child < n ? heightAt(state, 0) : heightAt(state, message.heights[child - n]);
      const y = ends[side];
      if (own >= 0 || leafColour[child] < 0) return add(own, from, y, x, y);
      add(leafColour[child], from, y, Math.min(from, Math.max(cut, x)), y);
      return add(-1, Math.max(cut, x), y, x, y);
    });
  }
  return lines;
}

/** Colour number of every node at or below the cut, -1 above. */
function nodeColours(state) {
  const { message, part } = state;
  if (part.nodes) return part.nodes;
  const n = message.rows.length;
  const colours = new Int32Array(2 * n - 1).fill(-1);
  for (let leaf = 0; leaf < n; leaf += 1) colours[leaf] = part.owner[leaf] >= 0 ? part.colours[leaf] : -1;
  for (let i = 0; i < n - 1; i += 1) if (part.owner[n + i] >= 0) colours[n + i] = colours[message.left[i]];
  part.nodes = colours;
  return colours;
}

function isFolded(state, node) {
  return state.foldedHere.has(node);
}

/** A wedge for every folded branch. */
function drawFolds(surface, state) {
  const { message, part, rows, look } = state;
  const n = message.rows.length;
  rows.forEach((item, i) => {
    if (item.members.length === 1) return;
    const [tip, base] = [heightAt(state, message.heights[item.node - n]), heightAt(state, 0)];
    const [y, half] = [rowAt(state, i + 0.5), 0.35 * state.box.rowHeight];
    const colour = part.owner[item.node] >= 0 ? clusterColour(look, nodeColours(state)[item.node]) : look.muted;
    surface.path([tip, y, base, y - half, base, y + half, tip, y], colour, 1.4);
  });
}

/** Heights in the unit of the cutoff. */
function drawAxis(surface, state) {
  const { box, look, message } = state;
  const { unit } = message.tree;
  const y = box.heat.y + box.heat.height;
  let last = Infinity;
  for (const mark of [0, 0.5, 1, 2, 5, 10, 20, 50]) {
    const x = heightAt(state, mark * unit);
    if (x < box.tree.x - 1 || x > last - 20) continue;
    surface.path([x, y + 1, x, y + 5], look.muted);
    surface.text(String(mark), x, y + 12, { fill: look.muted, size: 11, align: "center" });
    last = x;
  }
}

/** Narrow columns beside the tree: cluster, groups, R². */
function drawTracks(surface, state) {
  const { box, look, rows, message } = state;
  const { r0, r1 } = visible(state);
  surface.clip(0, box.heat.y, box.heat.x, box.heat.height, () => {
    message.tracks.forEach((track, t) => {
      for (let i = r0; i < r1;) {
        const fill = trackColour(state, track, rows[i].members[0]);
        let end = i + 1;
        while (end < r1 && trackColour(state, track, rows[end].members[0]) === fill) end += 1;
        surface.rect(box.tracks[t], rowAt(state, i), TRACK, (end - i) * box.rowHeight - (box.rowHeight > 8 ? 1 : 0), fill);
        i = end;
      }
    });
  });
  message.tracks.forEach((track, t) => {
    surface.text(fitted(track.name, 46, 11, look.font), box.tracks[t] + TRACK / 2, box.heat.y - 5,
      { fill: look.muted, size: 11, base: "middle", angle: -90 });
  });
}

/** Colour of a track at a response. */
function trackColour(state, track, index) {
  const { part, look, message } = state;
  if (track.kind === "cluster") return clusterColour(look, part.colours[index]);
  if (track.kind === "moved") return part.moved[index] === GONE ? look.ink : clusterColour(look, part.moved[index]);
  const value = message[track.array][index];
  if (track.kind === "number") return Number.isNaN(value) ? look.grid : gradual(look, value, track);
  return value < 0 ? look.grid : clusterColour(look, look.palette.length - 1 - (value % look.palette.length));
}

/** From the page to the accent. */
function gradual(look, value, { low, high }) {
  const share = Math.min(1, Math.max(0, (value - low) / (high - low || 1)));
  return `rgb(${mixedAt([[0, look.page], [1, look.tone]], 0.08 + 0.92 * share).join(",")})`;
}

/** Names of rows: every one where there is room, else every so many, chosen and found ones always. */
function drawRowLabels(surface, state) {
  const { box, look, rows, message, strong: named } = state;
  const { r0, r1 } = visible(state);
  const size = Math.max(10, Math.min(12, Math.floor(box.rowHeight - 2)));
  const every = Math.max(1, Math.ceil(12 / box.rowHeight));
  const taken = [];
  const write = (i, strong) => {
    const y = rowAt(state, i + 0.5);
    if (y < box.heat.y || y > box.heat.y + box.heat.height) return;
    if (taken.some((other) => Math.abs(other - y) < Math.min(11, box.rowHeight * every) - 0.01)) return;
    taken.push(y);
    const weight = strong ? STRONG : 400;
    const words = fittedItem(message.rows, rows[i], box.label.width, size, look.font, weight);
    const fill = strong || every === 1 ? look.ink : look.muted;
    surface.text(words, box.label.x, y, { fill, size, weight });
  };
  for (let i = r0; i < r1; i += 1) if (named.rows.has(i)) write(i, true);
  for (let i = every * Math.ceil(r0 / every); i < r1; i += every) write(i, named.rows.has(i));
}

/** Names of columns, turned where they are too long. */
function drawColumnLabels(surface, state) {
  const { box, look, columns, message, strong } = state;
  const { c0, c1 } = visible(state);
  const { turned, most } = box.head;
  const every = Math.max(1, Math.ceil(13 / box.columnWidth));
  surface.clip(box.heat.x - 4, 0, box.width - box.heat.x + 4, box.heat.y, () => {
    for (let j = every * Math.ceil(c0 / every); j < c1; j += every) {
      const x = columnAt(state, j + 0.5);
      if (x < box.heat.x || x > box.heat.x + box.heat.width) continue;
      const weight = strong.columns.has(j) ? STRONG : 400;
      const words = fittedItem(message.columns, columns[j], most, 12, look.font, weight);
      const place = turned ? { align: "left", angle: -45, base: "middle" } : { align: "center", base: "middle" };
      surface.text(words, x, box.heat.y - (turned ? 8 : 12), { fill: look.ink, size: 12, weight, ...place });
    }
  });
}

/** A frame around every cluster of the correlation matrix. */
function drawSquares(surface, state) {
  const { box, rows, part, look } = state;
  const { heat } = box;
  surface.clip(heat.x, heat.y, heat.width, heat.height, () => {
    for (let i = 0; i < rows.length;) {
      const code = part.codes[rows[i].members[0]];
      let end = i + 1;
      while (end < rows.length && part.codes[rows[end].members[0]] === code) end += 1;
      if (end - i > 1 && code >= 0) {
        const [w, h] = [(end - i) * box.columnWidth, (end - i) * box.rowHeight];
        haloed(surface, columnAt(state, i), rowAt(state, i), w, h, look, 1.25);
      }
      i = end;
    }
  });
}

/** The scale of the colours, and what the marks mean. */
function drawLegend(surface, state) {
  const { box, look, message } = state;
  const { x, y, wide, ends, entries } = box.legend;
  for (let k = 0; k < wide; k += 1) {
    const value = ((k + 0.5) / wide) * 2 - 1;
    surface.rect(x + k, y + 4, 1.2, 12, look.shades.css[shadeOf(value, 1)]);
  }
  surface.text(ends[0], x - 4, y + 10, { fill: look.ink, size: 11, align: "right" });
  surface.text(ends[1], x + wide + 4, y + 10, { fill: look.ink, size: 11 });
  for (const entry of entries) {
    const middle = y + entry.y;
    const tile = MARKS[entry.mark].tile;
    surface.rect(entry.x, middle - 7, 16, 14, tile && tile !== "paper" ? look[tile] : look.page);
    surface.frame(entry.x, middle - 7, 16, 14, look.grid, 1);
    const cell = [entry.x + 2, middle - 5, 12, 10];
    const { hatch } = MARKS[entry.mark];
    if (hatch && !isFine(state)) surface.hatch([entry.x, middle - 7, 16, 14], hatch, look.ink);
    else surface.path(markPath(entry.mark, entry.x + 8, middle, 4, cell), look.ink, 1.25);
    surface.text(entry.words, entry.x + 22, middle, { fill: look.ink, size: 12 });
  }
}
