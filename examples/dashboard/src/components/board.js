// A page: where one is, as of when, and the figures of that board.
import {bars, element, heat, lines, stacks, table} from "./draw.js";
import {formats, words} from "./words.js";

const forward = (rows) => [...rows].reverse();
const kind = (rows, name) => forward(rows.filter((r) => r.kind === name));

// Series of a column that says which, as [{name, value}] over rows by month.
function spread(rows, key, name, value) {
  const months = new Map();
  const names = new Map();
  for (const row of forward(rows)) {
    names.set(row[key], row[name]);
    if (!months.has(row.month)) months.set(row.month, {month: row.month, complete: row.complete});
    months.get(row.month)[row[key]] = row[value];
  }
  return [[...months.values()], [...names].map(([value, name]) => ({name: name || value, value}))];
}

const figures = {
  overview: (w, f, lang) => [
    {cards: (a) => ["overdue", "unanswered", "due", "lapsing"].map((n) => [w[n], f.count(a.waiting[0][n]), n === "overdue" && a.waiting[0][n] > 0])},
    {title: w.kpis, rows: "kpis", draw: (rows) => table(rows, [
      {name: w.kpi, value: (r) => r[`kpi_${lang}`]},
      {name: w.actual, value: (r) => f.unit(r.actual, r.unit), number: true},
      {name: w.target, value: (r) => f.unit(r.target_value, r.unit), number: true},
      {name: w.status, value: (r) => r[`status_${lang}`]},
      {name: w.trend, value: (r) => r.sparkline ?? "", wide: true}])},
    {title: w.revenue, rows: "revenue", months: true, draw: (rows, width) =>
      stacks(width, forward(rows), [{name: w.newBuyers, value: "new_revenue"}, {name: w.returning, value: "repeat_revenue"}], f.short)}
  ],
  satisfaction: (w, f, lang) => [
    {title: w.nps, rows: "satisfaction", months: true, draw: (rows, width) =>
      lines(width, kind(rows, "nps"), [{name: "NPS", value: "score", low: "score_low", high: "score_high"}], f.count)},
    {title: w.csat, rows: "satisfaction", months: true, draw: (rows, width) =>
      lines(width, kind(rows, "csat"), [{name: "CSAT", value: "score", low: "score_low", high: "score_high"}], f.one)},
    {title: w.ces, rows: "satisfaction", months: true, draw: (rows, width) =>
      lines(width, kind(rows, "ces"), [{name: "CES", value: "score", low: "score_low", high: "score_high"}], f.one)},
    {title: w.stars, rows: "stars", months: true, draw: (rows, width) =>
      lines(width, forward(rows), [{name: w.stars, value: "stars_mean", low: "stars_low", high: "stars_high"}], f.one, {rule: rows[0].stars_target})},
    {title: w.drivers, rows: "drivers", note: w.driversNote, draw: (rows) => bars(rows, `driver_${lang}`, "share_difference", f.wholeShare)}
  ],
  retention: (w, f, lang) => [
    {title: w.repeat, rows: "repeat", months: true, draw: (rows, width) =>
      lines(width, forward(rows), [{name: w.repeatRate, value: "repeat_rate"}, {name: w.within90, value: "second_within_90_days"}], f.wholeShare, {zero: true})},
    {title: w.retention, rows: "retention", draw: (rows, width) =>
      lines(width, forward(rows), [{name: w.crr, value: "crr"}, {name: w.strict, value: "strict_retention"}], f.wholeShare, {zero: true})},
    {title: w.cohorts, rows: "cohorts", note: w.cohortsNote, draw: (rows, width) => heat(width, rows)},
    {title: w.segments, rows: "segments", draw: (rows) => bars(rows, `segment_${lang}`, "revenue", f.money)},
    {title: w.lapsingTable, rows: "lapsing", draw: (rows) => table(rows, [
      {name: w.customer, value: (r) => r.customer_id},
      {name: w.last, value: (r) => r.last_order, wide: true},
      {name: w.silent, value: (r) => f.count(r.silent_for_days), number: true},
      {name: w.expected, value: (r) => f.count(r.expected_gap_days), number: true, wide: true},
      {name: w.value, value: (r) => f.money(r.annual_value), number: true}])}
  ],
  service: (w, f, lang) => [
    {title: w.unansweredTable, rows: "unanswered", draw: (rows) => table(rows, [
      {name: w.ticket, value: (r) => r.ticket_id},
      {name: w.channel, value: (r) => r[`channel_${lang}`] ?? "", wide: true},
      {name: w.reason, value: (r) => r.reason ?? ""},
      {name: w.tier, value: (r) => r.tier ?? "", wide: true},
      {name: w.waits, value: (r) => f.duration(r.waiting_minutes), number: true}])},
    {title: w.promises, rows: "promises", months: true, draw: (rows, width) => {
      const [by, series] = spread(rows, "metric", `metric_${lang}`, "attainment");
      return lines(width, by, series, f.wholeShare);
    }},
    {title: w.replies, rows: "replies", months: true, draw: (rows, width) =>
      lines(width, forward(rows), [{name: w.replies, value: "within_an_hour_share", low: "within_an_hour_low", high: "within_an_hour_high"}], f.wholeShare)},
    {title: w.reasons, rows: "reasons", draw: (rows) => bars(rows.map((r) => ({...r, reason: r.reason ?? w.none})), "reason", "tickets", f.count)}
  ],
  loyalty: (w, f, lang) => [
    {title: w.tiers, rows: "tiers", draw: (rows) => table(rows, [
      {name: w.tier, value: (r) => r.tier || w.none},
      {name: w.customers, value: (r) => f.count(r.customers), number: true, wide: true},
      {name: w.share, value: (r) => f.share(r.customer_share), number: true},
      {name: w.revenueShare, value: (r) => f.share(r.revenue_share), number: true},
      {name: w.times, value: (r) => f.one(r.times_the_rest), number: true, wide: true}])},
    {title: w.movements, rows: "movements", months: true, draw: (rows, width) => {
      const months = new Map();
      for (const r of forward(rows)) {
        const m = months.get(r.month) ?? {month: r.month, complete: r.complete, entered: 0, exited: 0};
        months.set(r.month, {...m, entered: m.entered + r.entered, exited: m.exited + r.exited});
      }
      return lines(width, [...months.values()], [{name: w.entered, value: "entered"}, {name: w.exited, value: "exited"}], f.count, {zero: true});
    }},
    {title: w.points, rows: "points", months: true, draw: (rows, width) =>
      lines(width, forward(rows), [{name: w.points, value: "closing"}], f.short, {zero: true})},
    {title: w.expiring, rows: "expiring", draw: (rows, width) => stacks(width, rows, [{name: w.expiring, value: "points"}], f.short, {weekly: true})},
    {title: w.effect, rows: "effect", draw: (rows) => table(rows, [
      {name: w.step, value: (r) => r[`step_${lang}`]},
      {name: w.assigned, value: (r) => f.count(r.assigned), number: true, wide: true},
      {name: w.heldOut, value: (r) => f.count(r.held_out), number: true, wide: true},
      {name: w.uplift, value: (r) => f.share(r.uplift), number: true},
      {name: w.interval, value: (r) => (r.uplift_low == null ? "–" : `${f.share(r.uplift_low)} … ${f.share(r.uplift_high)}`), number: true}])}
  ]
};

const files = {overview: "index.html", satisfaction: "satisfaction.html", retention: "retention.html", service: "service.html", loyalty: "loyalty.html"};

// The as-of that was chosen goes along from board to board, in the address.
const chosen = (days) => {
  const day = new URLSearchParams(location.search).get("as_of");
  return days.includes(day) ? day : days[0];
};

export function board(data, name, lang) {
  const w = words[lang];
  const f = formats(lang, data.currency);
  const page = element("div", {class: "board"});
  let day = chosen(data.days);
  let width = 0;

  document.documentElement.lang = lang;

  function draw() {
    const answers = data.answers[day];
    const there = day === data.days[0] ? "" : `?as_of=${day}`;
    const pick = element("select", {id: "as_of"}, ...data.days.map((d) => element("option", d === day ? {value: d, selected: ""} : {value: d}, d)));
    pick.addEventListener("change", () => {
      day = pick.value;
      const url = new URL(location.href);
      url.searchParams.set("as_of", day);
      history.replaceState(null, "", url);
      draw();
      page.querySelector("select").focus();
    });
    const other = (lang === "ja" ? "en/" : "../") + files[name];
    page.replaceChildren(
      element("nav", {},
        element("strong", {}, data.shop),
        ...Object.entries(files).map(([n, file]) =>
          element("a", n === name ? {href: file + there, "aria-current": "page"} : {href: file + there}, w.boards[n])),
        element("a", {href: other + there, lang: lang === "ja" ? "en" : "ja", class: "language"}, w.other)),
      element("header", {}, element("h1", {}, w.boards[name]), element("label", {for: "as_of"}, w.asOf + " ", pick)));

    const list = figures[name](w, f, lang);
    for (const figure of list) {
      if (figure.cards) {
        page.append(element("section", {class: "cards"}, ...figure.cards(answers).map(([title, value, alarm]) =>
          element("div", alarm ? {class: "card alarm"} : {class: "card"}, element("span", {}, title), element("b", {}, value)))));
        continue;
      }
      const box = element("figure", {}, element("h2", {}, figure.title));
      page.append(box);
      const rows = answers[figure.rows];
      // (a frame and its margins: what is left is the picture's)
      const inner = Math.floor(box.getBoundingClientRect().width) - 34;
      box.append(rows.length && inner > 0 ? figure.draw(rows, inner) : element("p", {class: "note"}, w.nothing));
      for (const svg of box.querySelectorAll("svg")) {
        const name = document.createElementNS("http://www.w3.org/2000/svg", "title");
        name.textContent = figure.title;
        svg.prepend(name);
        svg.setAttribute("role", "img");
      }
      if (figure.note && rows.length) box.append(element("p", {class: "note"}, figure.note));
    }
    if (list.some((figure) => figure.months)) page.append(element("p", {class: "note"}, w.incomplete));
    page.dataset.asOf = day;
    document.documentElement.dataset.drawn = day;
  }

  new ResizeObserver(() => {
    const now = Math.floor(page.getBoundingClientRect().width);
    if (now > 0 && now !== width) {
      width = now;
      draw();
    }
  }).observe(page);
  return page;
}
