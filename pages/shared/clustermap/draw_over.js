// What follows the pointer and the keys, on a canvas of its own.

/** What follows the pointer and the keys: selection, cursor, the cut. */
function drawOver(surface, state) {
  const { heat } = state.box;
  const spans = selectedSpans(state);
  surface.clip(0, heat.y - 2, state.box.width, heat.height + 4, () => drawSelectedRows(surface, state, spans));
  surface.clip(heat.x, heat.y - 5, heat.width, heat.height + 6, () => {
    drawStrokes(surface, state);
    drawSelectedColumns(surface, state, spans);
    for (const [x, w] of spans.across) {
      for (const [y, h] of spans.down) haloed(surface, x, y, w, h, state.look, 1.75);
    }
    drawPlace(surface, state, state.hover?.kind === "cell" ? state.hover : null, 1);
    drawPlace(surface, state, state.focused ? state.cursor : null, 2.5);
  });
  if (state.box.tree.shown) drawCut(surface, state);
}

/** Places and lengths of what is selected, in pixels down and across; rows may be folded away and still meant. */
function selectedSpans(state) {
  const { box, marked } = state;
  const down = stretches(marked.rows).map(([first, end]) =>
    [rowAt(state, first), Math.max((end - first) * box.rowHeight - 1, 1)]);
  const across = stretches(marked.columns).map(([first, end]) =>
    [columnAt(state, first), (end - first) * box.columnWidth - 1]);
  return { down, across, some: { down: state.selection.rows.size > 0, across: across.length > 0 } };
}

/** Bands of the selected rows: faint where columns are selected too, since then the cells of both are meant. */
function drawSelectedRows(surface, { box: { heat }, look }, { down, some }) {
  for (const [y, h] of down) {
    band(surface, heat.x + 1, y, heat.width - 2, h, look, some.across);
    surface.rect(heat.x - 4, y, 3, Math.max(h, 1.5), look.accent);
  }
}

function drawSelectedColumns(surface, { box: { heat }, look }, { across, some }) {
  for (const [x, w] of across) {
    band(surface, x, heat.y + 1, w, heat.height - 2, look, some.down);
    surface.rect(x, heat.y - 4, w, 3, look.accent);
  }
}

function band(surface, x, y, w, h, look, faint) {
  if (faint) surface.frame(x, y, w, h, look.muted, 0.75);
  else haloed(surface, x, y, w, h, look, 1.75);
}

function drawPlace(surface, state, place, width) {
  if (!place) return;
  const { box, look } = state;
  const [x, y] = [columnAt(state, place.column), rowAt(state, place.row)];
  haloed(surface, x, y, Math.max(box.columnWidth - 1, 2), Math.max(box.rowHeight - 1, 2), look, width);
}

/** A frame that is seen on any colour: ink on a wider stroke of paper. */
function haloed(surface, x, y, w, h, look, width) {
  surface.frame(x, y, w, h, look.paper, width + 2);
  surface.frame(x, y, w, h, look.ink, width);
}

/** Runs of consecutive numbers as [first, end). */
function stretches(numbers) {
  const found = [];
  for (const number of [...numbers].sort((a, b) => a - b)) {
    const last = found.at(-1);
    if (last && last[1] === number) last[1] += 1;
    else found.push([number, number + 1]);
  }
  return found;
}

/** The cut and its words; the branch under the pointer. */
function drawCut(surface, state) {
  const { box, look, part } = state;
  const x = heightAt(state, part.level);
  const moving = state.preview !== null;
  surface.path([x, box.heat.y, x, box.heat.y + box.heat.height], moving ? look.accent : look.ink, 1.5, [5, 4]);
  const weight = moving ? STRONG : 400;
  surface.text(fitted(cutWords(state), box.heat.x - 8, 12, look.font, weight), box.tree.x, 11,
    { fill: moving ? look.accent : look.ink, size: 12, weight });
  const sizes = sizeWords(part.sizes);
  surface.text(fitted(sizes, box.tree.x + box.tree.width, 11, look.font), box.tree.x, 27, { fill: look.muted, size: 11 });
  if (state.hover?.kind === "branch") drawBranch(surface, state, state.hover.node);
}

/** A band beside the leaves of a branch. */
function drawBranch(surface, state, node) {
  const { box, look, places } = state;
  const n = state.message.rows.length;
  const [y, end] = [rowAt(state, places.low[node] - 0.5), rowAt(state, places.high[node] + 0.5)];
  const x = heightAt(state, state.message.heights[node - n]);
  surface.clip(0, box.heat.y, box.width, box.heat.height, () => {
    surface.frame(x - 2, y, box.tree.x + box.tree.width - x + 2, end - y - 1, look.accent, 1.5);
  });
}
