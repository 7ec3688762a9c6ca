// Two things one can draw on: a canvas, and an SVG file. Both know the same few strokes.

const PATTERN = 6; // pixels of a tile of hatching
const HATCHES = {
  slash: [[0, 6, 6, 0], [-1, 1, 1, -1], [5, 7, 7, 5]],
  cross: [[0, 6, 6, 0], [0, 0, 6, 6]],
  dots: [[1, 1.5, 2, 1.5], [4, 4.5, 5, 4.5]],
  lines: [[0, 1.5, 6, 1.5], [0, 4.5, 6, 4.5]],
  bars: [[1.5, 0, 1.5, 6]],
  wide: [[1.5, 0, 1.5, 6], [2.5, 0, 2.5, 6], [3.5, 0, 3.5, 6]],
  back: [[0, 0, 6, 6], [-1, 5, 1, 7], [5, -1, 7, 1]],
  grid: [[0, 1.5, 6, 1.5], [1.5, 0, 1.5, 6]],
};

/** Strokes on a canvas context. */
class CanvasSurface {
  constructor(context, look) {
    this.context = context;
    this.look = look;
    this.tiles = new Map();
    this.font = null;
  }

  rect(x, y, w, h, fill) {
    this.context.fillStyle = fill;
    this.context.fillRect(x, y, w, h);
  }

  frame(x, y, w, h, stroke, width) {
    this.context.strokeStyle = stroke;
    this.context.lineWidth = width;
    this.context.setLineDash([]);
    this.context.strokeRect(x, y, w, h);
  }

  /** Broken lines through x, y, x, y, ...; NaN starts a new one. */
  path(points, stroke, width = 1, dash = []) {
    if (!points.length) return;
    const c = this.context;
    c.strokeStyle = stroke;
    c.lineWidth = width;
    c.setLineDash(dash);
    c.beginPath();
    let pen = false;
    for (let i = 0; i < points.length; i += 2) {
      if (Number.isNaN(points[i])) pen = false;
      else if (pen) c.lineTo(points[i], points[i + 1]);
      else pen = !c.moveTo(points[i], points[i + 1]);
    }
    c.stroke();
  }

  /** Hatching over x, y, w, h, x, y, w, h, ... */
  hatch(rects, kind, colour) {
    if (!rects.length) return;
    const c = this.context;
    c.beginPath();
    for (let i = 0; i < rects.length; i += 4) c.rect(rects[i], rects[i + 1], rects[i + 2], rects[i + 3]);
    c.fillStyle = this.tile(kind, colour);
    c.fill();
  }

  tile(kind, colour) {
    const key = kind + colour;
    if (!this.tiles.has(key)) this.tiles.set(key, this.context.createPattern(hatchTile(kind, colour), "repeat"));
    return this.tiles.get(key);
  }

  text(words, x, y, { fill, size = 12, align = "left", base = "middle", angle = 0, weight = 400 }) {
    const c = this.context;
    const font = `${weight} ${size}px ${this.look.font}`;
    if (font !== this.font) c.font = this.font = font; // reading a font is slow
    c.fillStyle = fill;
    c.textAlign = align;
    c.textBaseline = base;
    if (!angle) return c.fillText(words, x, y);
    c.save();
    c.translate(x, y);
    c.rotate((angle * Math.PI) / 180);
    c.fillText(words, 0, 0);
    return c.restore();
  }

  image(bitmap, x, y, w, h, smooth) {
    this.context.imageSmoothingEnabled = smooth;
    this.context.drawImage(bitmap, x, y, w, h);
  }

  clip(x, y, w, h, draw) {
    this.context.save();
    this.context.beginPath();
    this.context.rect(x, y, w, h);
    this.context.clip();
    draw();
    this.context.restore();
    this.font = null;
  }
}

/** One tile of a hatching. */
function hatchTile(kind, colour) {
  const tile = document.createElement("canvas");
  tile.width = tile.height = PATTERN;
  const c = tile.getContext("2d");
  c.strokeStyle = colour;
  c.lineWidth = 1;
  for (const [x0, y0, x1, y1] of HATCHES[kind]) {
    c.beginPath();
    c.moveTo(x0, y0);
    c.lineTo(x1, y1);
    c.stroke();
  }
  return tile;
}

/** The same strokes as the text of an SVG file; every name is escaped. */
class SvgSurface {
  constructor(width, height, look) {
    this.look = look;
    this.size = [width, height];
    this.parts = [];
    this.shared = new Map();
  }

  rect(x, y, w, h, fill) {
    this.parts.push(`<rect x="${short(x)}" y="${short(y)}" width="${short(w)}" height="${short(h)}" fill="${fill}"/>`);
  }

  frame(x, y, w, h, stroke, width) {
    const place = `x="${short(x)}" y="${short(y)}" width="${short(w)}" height="${short(h)}"`;
    this.parts.push(`<rect ${place} fill="none" stroke="${stroke}" stroke-width="${width}"/>`);
  }

  path(points, stroke, width = 1, dash = []) {
    if (!points.length) return;
    const dashes = dash.length ? ` stroke-dasharray="${dash.join(" ")}"` : "";
    this.parts.push(`<path d="${pathText(points)}" fill="none" stroke="${stroke}" stroke-width="${width}"${dashes}/>`);
  }

  hatch(rects, kind, colour) {
    if (!rects.length) return;
    const id = this.share(`hatch-${kind}-${colour.replace(/\W/g, "")}`, (name) => svgPattern(name, kind, colour));
    let d = "";
    for (let i = 0; i < rects.length; i += 4) {
      d += `M${short(rects[i])} ${short(rects[i + 1])}h${short(rects[i + 2])}v${short(rects[i + 3])}H${short(rects[i])}z`;
    }
    this.parts.push(`<path d="${d}" fill="url(#${id})"/>`);
  }

  text(words, x, y, { fill, size = 12, align = "left", base = "middle", angle = 0, weight = 400 }) {
    const anchor = { left: "start", center: "middle", right: "end" }[align];
    const line = { middle: "central", top: "hanging", alphabetic: "auto", bottom: "text-after-edge" }[base];
    const turn = angle ? ` transform="rotate(${angle} ${short(x)} ${short(y)})"` : "";
    const place = `x="${short(x)}" y="${short(y)}" font-size="${size}" font-weight="${weight}"`;
    const style = `fill="${fill}" text-anchor="${anchor}" dominant-baseline="${line}"`;
    this.parts.push(`<text ${place} ${style}${turn}>${escaped(words)}</text>`);
  }

  image(bitmap, x, y, w, h, smooth) {
    const look = smooth ? "" : ' style="image-rendering:pixelated"';
    const place = `x="${short(x)}" y="${short(y)}" width="${short(w)}" height="${short(h)}"`;
    this.parts.push(`<image ${place} preserveAspectRatio="none"${look} href="${bitmap.toDataURL()}"/>`);
  }

  clip(x, y, w, h, draw) {
    const place = `x="${short(x)}" y="${short(y)}" width="${short(w)}" height="${short(h)}"`;
    const id = this.share(`clip-${[x, y, w, h].map(Math.round).join("-")}`,
      (name) => `<clipPath id="${name}"><rect ${place}/></clipPath>`);
    this.parts.push(`<g clip-path="url(#${id})">`);
    draw();
    this.parts.push("</g>");
  }

  share(id, make) {
    if (!this.shared.has(id)) this.shared.set(id, make(id));
    return id;
  }

  /** The whole file. */
  file() {
    const [w, h] = this.size;
    const open = `<svg xmlns="http://www.w3.org/2000/svg" width="${w}" height="${h}" viewBox="0 0 ${w} ${h}"`;
    const body = `<defs>${[...this.shared.values()].join("")}</defs>${this.parts.join("\n")}`;
    return `${open} font-family="${escaped(this.look.font)}">${body}</svg>\n`;
  }
}

function svgPattern(name, kind, colour) {
  const lines = HATCHES[kind].map(([x0, y0, x1, y1]) => `M${x0} ${y0}L${x1} ${y1}`).join("");
  const size = `width="${PATTERN}" height="${PATTERN}" patternUnits="userSpaceOnUse"`;
  return `<pattern id="${name}" ${size}><path d="${lines}" stroke="${colour}" fill="none"/></pattern>`;
}

function pathText(points) {
  let text = "";
  let pen = "M";
  for (let i = 0; i < points.length; i += 2) {
    if (Number.isNaN(points[i])) pen = "M";
    else {
      text += `${pen}${short(points[i])} ${short(points[i + 1])}`;
      pen = "L";
    }
  }
  return text;
}

function short(number) {
  return String(Math.round(number * 100) / 100);
}

/** Text for XML, which has no place at all for some characters. */
function escaped(words) {
  const known = words.replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd");
  return known.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
