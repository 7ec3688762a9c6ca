// What Python sends, as typed arrays over one buffer.

const KINDS = { f4: Float32Array, f8: Float64Array, i4: Int32Array, i2: Int16Array, i1: Int8Array, u1: Uint8Array };
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/**
 * Read a message: length of its header, the header as JSON, arrays at multiples of eight bytes.
 * @param {Uint8Array} bytes
 * @returns {object} the header with its arrays by name
 */
function readMessage(bytes) {
  const held = bytes.slice(); // on a buffer of its own, where typed arrays find their alignment
  const length = new DataView(held.buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(held.subarray(4, 4 + length)));
  const start = 8 * Math.ceil((4 + length) / 8);
  const message = { ...header };
  for (const [name, [kind, offset, count]] of Object.entries(header.arrays)) {
    message[name] = new KINDS[kind](held.buffer, start + offset, count);
  }
  message.rows = header.rows.map(shownName);
  message.columns = header.columns === null ? message.rows : header.columns.map(shownName);
  message.cluster_names = header.cluster_names.map(shownName);
  message.title = shownName(header.title);
  message.marks ??= message.reasons;
  message.mark ??= message.reason;
  message.mark_words ??= message.reason_words;
  return message;
}

/** A name as text on one line: control and direction characters become spaces. */
function shownName(name) {
  return name.replace(UNSEEN, " ");
}
