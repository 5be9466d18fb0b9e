// How a figure is drawn: lines and bars by Plot, tables as tables.  Each function gives what
// stands in a figure, `width` pixels wide.
import * as Plot from "@observablehq/plot";

export const colors = ["var(--first)", "var(--second)", "var(--third)", "var(--fourth)"];

export function element(name, attributes, ...children) {
  const e = document.createElement(name);
  for (const [key, value] of Object.entries(attributes ?? {})) e.setAttribute(key, value);
  e.append(...children.filter((c) => c != null));
  return e;
}

const day = (text) => new Date(text + "T00:00:00Z");
const yearMonth = (date) => `${String(date.getUTCFullYear()).slice(2)}/${date.getUTCMonth() + 1}`;
const monthDay = (date) => `${date.getUTCMonth() + 1}/${date.getUTCDate()}`;

const frame = (width, more) => ({
  width, height: Math.max(180, Math.min(260, width * 0.5)), marginLeft: 56, marginRight: 24, marginTop: 16, marginBottom: 28,
  style: {fontSize: "13px", color: "inherit", background: "none"}, ...more
});

function legend(names) {
  return element("p", {class: "legend"}, ...names.map((name, i) =>
    element("span", {}, element("i", {style: `background: ${colors[i]}`}), name)));
}

const timeAxis = (width, rows, format) => {
  const days = [...new Set(rows.map((r) => r.month))].sort().map(day);
  const every = Math.max(1, Math.ceil(days.length / Math.max(2, Math.floor(width / 90))));
  return Plot.axisX(days.filter((_, i) => (days.length - 1 - i) % every === 0), {tickFormat: format, label: null, tickSize: 4});
};

// series: [{name, value, low, high}], the latter three names of columns
export function lines(width, rows, series, format, {zero = false, rule} = {}) {
  const points = series.flatMap((s, i) => rows.filter((r) => r[s.value] != null).map((r) =>
    ({month: day(r.month), value: r[s.value], low: r[s.low], high: r[s.high], complete: r.complete !== false, i})));
  const plot = Plot.plot(frame(width, {
    x: {type: "utc"},
    y: {label: null, nice: true, zero, ticks: 4, tickFormat: format, grid: true},
    marks: [
      Plot.axisY({ticks: 4, tickFormat: format, label: null, tickSize: 0}),
      Plot.gridY({ticks: 4, stroke: "var(--line)", strokeOpacity: 1}),
      timeAxis(width, rows, yearMonth),
      rule == null ? null : Plot.ruleY([rule], {stroke: "var(--target)", strokeDasharray: "4 3"}),
      series.map((_, i) => [
        Plot.areaY(points.filter((p) => p.i === i && p.low != null), {x: "month", y1: "low", y2: "high", fill: colors[i], fillOpacity: 0.16}),
        Plot.lineY(points.filter((p) => p.i === i), {x: "month", y: "value", stroke: colors[i], strokeWidth: 2}),
        Plot.dot(points.filter((p) => p.i === i), {x: "month", y: "value", stroke: colors[i], r: 2.5, fill: (p) => (p.complete ? colors[i] : "var(--paper)")})
      ])
    ]
  }));
  return element("div", {}, series.length > 1 ? legend(series.map((s) => s.name)) : null, plot);
}

// Bars by month, one on the other.
export function stacks(width, rows, series, format, {weekly = false} = {}) {
  const bars = series.flatMap((s, i) => rows.map((r) => ({month: day(r.month), value: r[s.value], complete: r.complete !== false, i})));
  const plot = Plot.plot(frame(width, {
    x: {type: "utc"},
    marks: [
      Plot.axisY({ticks: 4, tickFormat: format, label: null, tickSize: 0}),
      Plot.gridY({ticks: 4, stroke: "var(--line)", strokeOpacity: 1}),
      timeAxis(width, rows, weekly ? monthDay : yearMonth),
      Plot.rectY(bars, Plot.stackY({x: "month", interval: weekly ? "week" : "month", y: "value", fill: (b) => colors[b.i], fillOpacity: (b) => (b.complete ? 1 : 0.5), insetLeft: 1, insetRight: 1, order: "i"}))
    ]
  }));
  return element("div", {}, series.length > 1 ? legend(series.map((s) => s.name)) : null, plot);
}

// Lying bars, each with its name above it, so that names of any length have room.
export function bars(rows, name, value, format) {
  const most = Math.max(...rows.map((r) => Math.abs(r[value])), Number.MIN_VALUE);
  return element("ul", {class: "bars"}, ...rows.map((r) =>
    element("li", {},
      element("span", {}, r[name]),
      element("b", {}, format(r[value])),
      element("i", {style: `width: ${(100 * Math.abs(r[value])) / most}%; background: ${r[value] < 0 ? colors[1] : colors[0]}`}))));
}

export function heat(width, rows) {
  const cohorts = [...new Set(rows.map((r) => r.cohort))].sort();
  return Plot.plot({
    ...frame(width), height: 28 + 18 * cohorts.length, marginTop: 24, marginBottom: 4,
    x: {type: "band", domain: Array.from({length: 12}, (_, i) => i + 1), axis: "top", label: null, tickSize: 0},
    y: {type: "band", domain: cohorts, label: null, tickSize: 0, tickFormat: (c) => yearMonth(day(c))},
    color: {type: "linear", range: ["var(--pale)", "var(--first)"], interpolate: (a, b) => (t) => `color-mix(in srgb, ${b} ${Math.round(100 * t)}%, ${a})`},
    marks: [Plot.cell(rows, {x: "months_later", y: "cohort", fill: "active_share", inset: 1, title: (r) => `${(100 * r.active_share).toFixed(1)}%`})]
  });
}

// columns: [{name, value: row => text, number, wide}]; what is wide is not shown on a telephone.
export function table(rows, columns) {
  const kind = (c) => [c.number ? "number" : "", c.wide ? "wide" : ""].join(" ").trim();
  return element("table", {},
    element("thead", {}, element("tr", {}, ...columns.map((c) => element("th", {scope: "col", class: kind(c)}, c.name)))),
    element("tbody", {}, ...rows.map((r) => element("tr", {}, ...columns.map((c, i) =>
      element(i ? "td" : "th", i ? {class: kind(c)} : {scope: "row"}, c.value(r)))))));
}
