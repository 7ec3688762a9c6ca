// Colours of values and clusters, from what Python names for a light and a dark page.

const RAMP = 256; // shades on either side of zero

/** Red, green and blue of "#rrggbb". */
function channels(colour) {
  return [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
}

/** The colour at a place of a scale of [place, colour]. */
function mixedAt(scale, place) {
  const after = Math.max(1, scale.findIndex(([at]) => at >= place));
  const [[low, first], [high, second]] = [scale[after - 1], scale[after]];
  const share = high > low ? Math.min(Math.max((place - low) / (high - low), 0), 1) : 1;
  const [a, b] = [channels(first), channels(second)];
  return a.map((value, i) => Math.round(value + (b[i] - value) * share));
}

/** Whether white text is more legible than black on a colour (WCAG 2). */
function wantsWhite(rgb) {
  const linear = rgb.map((c) => (c <= 10 ? c / 3295 : ((c / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] < 0.179;
}

/**
 * Shades of a diverging scale: entry 0 is zero itself, 1..RAMP below it, RAMP+1..2*RAMP above, then that of
 * what is not known.
 * @returns {{css: string[], rgb: number[][], white: boolean[]}}
 */
function shades(scale, zero, unknown) {
  const side = (sign) =>
    Array.from({ length: RAMP }, (_, i) => mixedAt(scale, 0.5 + (sign * (i + 0.5)) / (2 * RAMP)));
  const rgb = [channels(zero), ...side(-1), ...side(1), channels(unknown)];
  return { rgb, css: rgb.map((c) => `rgb(${c.join(",")})`), white: rgb.map(wantsWhite) };
}

/** Which shade a value has. */
function shadeOf(value, limit) {
  if (!value) return Number.isNaN(value) ? 2 * RAMP + 1 : 0;
  const step = Math.min(RAMP - 1, Math.floor((Math.abs(value) / limit) * RAMP));
  return 1 + step + (value > 0 ? RAMP : 0);
}

/** A colour for each cluster: the palette, then hues a golden angle apart, without end. */
function clusterColour(look, number) {
  if (number < 0) return look.grid;
  if (number < look.palette.length) return look.palette[number];
  const light = look.dark ? 55 + 15 * (number % 3) : 32 + 12 * (number % 3);
  return `hsl(${((number * 137.508) % 360).toFixed(1)} 62% ${light}%)`;
}

/** Light or dark, whatever page the component lies on, with that page's own colours and font. */
function readLook(host, message, old) {
  const css = getComputedStyle(host);
  const own = (name) => css.getPropertyValue(`--st-${name}`).trim();
  const paper = own("background-color");
  const accent = own("primary-color");
  const key = [paper, accent, own("text-color"), message.kind].join();
  if (old?.key === key) return old;
  const dark = /^#[0-9a-f]{6}/i.test(paper) && wantsWhite(channels(paper));
  const look = { ...message.looks[dark ? "dark" : "light"], dark, key, accent };
  look.paper = paper || look.paper;
  look.ink = own("text-color") || look.ink;
  look.font = own("font") || "sans-serif";
  look.shades = shades(look[message.scale], message.scale === "loadings" ? look.neutral : look.page, look.page);
  return look;
}
