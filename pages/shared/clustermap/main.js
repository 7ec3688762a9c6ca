// Called with new data at every run of the page, while the elements stay.

const STATES = new WeakMap();

/** A component that has drawn nothing yet. */
function freshState(host) {
  const state = {
    dom: findElements(host),
    message: null,
    order: { rows: "tree", columns: "given", fold: false, folded: new Set() },
    selection: { rows: new Set(), columns: new Set() },
    cursor: { row: 0, column: 0 },
    view: null,
    preview: null,
    waiting: null,
    anchor: null,
    hover: null,
    focused: false,
    text: "",
    brush: null,
    stroke: null,
    strokes: [], // sent, and not answered yet
    strokeCount: 0,
    strokesSeen: 0,
    sent: 0,
    hasWheel: false,
    zoomed: -Infinity,
    due: null,
    dispose: [],
  };
  listenToBar(state);
  listenToBrushes(state);
  listenToPointer(state);
  listenToCut(state);
  listenToKeys(state);
  const watcher = new ResizeObserver(() => resized(state));
  watcher.observe(state.dom.stage);
  state.dispose.push(() => watcher.disconnect());
  return state;
}

function resized(state) {
  const width = Math.floor(state.dom.stage.clientWidth);
  if (!width || width === state.width || !state.message) return;
  state.width = width;
  later(state, "all");
}

/** Take a message in; what the analyst set on the old one stays where it still has a meaning. */
function take(state, message) {
  const old = state.message;
  const sameData = old && old.data === message.data; // loadings and what differs in them have one view
  if (!sameData) {
    state.view = null;
    state.sent = message.stamp;
    state.cursor = { row: 0, column: 0 };
    state.anchor = state.preview = state.waiting = state.stroke = null;
    state.strokes = [];
    state.strokeCount = message.painted ?? 0;
  }
  if (old?.tree?.id !== message.tree?.id) state.order.folded.clear();
  if (message.stamp === state.sent) {
    state.selection = { rows: new Set(message.selection.rows), columns: new Set(message.selection.columns) };
  }
  state.message = message;
  if (state.strokes.length) {
    state.strokes = state.strokes.filter(({ number }) => number > message.painted);
    state.strokesSeen += 1;
  }
  if (isAnswer(state, message)) { // to the cut that was sent; a newer one that is being moved stays
    if (state.preview === state.waiting) state.preview = null;
    state.waiting = null;
  }
  if (!message.tree) state.preview = state.waiting = null;
  state.parent = message.tree ? parents(message) : null;
  state.top = message.tree ? axisTop(message) : 1;
  state.part = partition(message, state.preview);
}

/** Whether a message knows of the cut that was sent: the slider has moved, or stands where it was asked to. */
function isAnswer({ waiting, slider }, message) {
  return waiting !== null && (message.slider !== slider || message.slider === waiting);
}

/** Order rows and columns anew, and what depends on it. */
function rearrange(state) {
  const { message, part, order, view } = state;
  const [n, m] = [state.rows?.length, state.columns?.length];
  state.rows = shownRows(message, part, order);
  state.columns = shownColumns(message, state.rows, order);
  const changed = n !== state.rows.length || m !== state.columns.length;
  if (!view || changed) state.view = wholeView(state.rows.length, state.columns.length);
  state.cursor.row = Math.min(state.cursor.row, state.rows.length - 1);
  state.cursor.column = Math.min(state.cursor.column, state.columns.length - 1);
  state.values = shownValues(message, state.rows, state.columns);
  state.reasons = shownCodes(message.reason, state.rows, state.columns);
  state.marks = message.mark === message.reason ? state.reasons : shownCodes(message.mark, state.rows, state.columns);
  state.bitmap = null;
  state.hover = null;
  state.foldedHere = new Set(state.rows.filter((item) => item.members.length > 1).map((item) => item.node));
  state.places = message.tree && order.rows === "tree" ? treePlaces(message, state.rows) : null;
  mark(state);
  later(state, "all");
}

/** Follow the page into the dark and back; looked at when the page rests, since asking makes it lay itself out. */
function followTheme(state) {
  clearTimeout(state.themed);
  state.themed = setTimeout(() => {
    const look = readLook(state.dom.host, state.message, state.look);
    if (look === state.look) return;
    state.look = look;
    state.bitmap = null;
    later(state, "all");
  }, 100);
}

/** What Streamlit calls at every run. */
function clustermap({ data, parentElement, setTriggerValue }) {
  const state = STATES.get(parentElement) ?? freshState(parentElement);
  STATES.set(parentElement, state);
  state.send = setTriggerValue;
  if (state.bytes !== data) {
    const kind = state.message?.kind;
    take(state, readMessage(data));
    state.bytes = data;
    if (kind !== state.message.kind) state.look = readLook(state.dom.host, state.message, null);
    state.width ??= Math.floor(state.dom.stage.clientWidth) || 900;
    fillBar(state);
    rearrange(state);
    drawNow(state);
  }
  followTheme(state);
  return () => {
    if (!parentElement.isConnected) state.dispose.forEach((undo) => undo());
  };
}
