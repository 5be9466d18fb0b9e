// What is said, in Japanese and English, and how numbers are written.

export const words = {
  ja: {
    boards: {overview: "ひと目で", satisfaction: "満足度", retention: "顧客維持", service: "対応", loyalty: "ロイヤルティ"},
    asOf: "いつの時点", other: "English", incomplete: "中の抜けた点と色の薄い棒は、まだ終わっていない月です。", nothing: "この時点では、示すものがありません。",
    overdue: "対応漏れ", unanswered: "返事を待っている方", due: "今日の連絡", lapsing: "離れかけている方",
    kpis: "KPI と目標", kpi: "KPI", actual: "実績", target: "目標", status: "判定", trend: "推移",
    revenue: "売上(新規とリピート)", newBuyers: "新規", returning: "リピート",
    nps: "NPS とその区間", csat: "CSAT(5 がよい)", ces: "CES(手間、1 がよい)", stars: "レビューの星と目標",
    drivers: "NPS の高低に伴うもの", driversNote: "推奨者が語る割合から、批判者が語る割合を引いた差。偶然を超えたものだけです。",
    repeat: "リピート率", repeatRate: "リピート率", within90: "90 日以内の 2 回目", retention: "顧客維持率(四半期)", crr: "CRR", strict: "厳密な維持率",
    cohorts: "はじめて買った月ごとの、その後の購入", cohortsNote: "横は何か月後か。色が強いほど、多くの方がまた買っています。",
    segments: "RFM セグメントごとの売上", lapsingTable: "離れかけている大切なお客様", customer: "お客様", last: "最後の購入",
    silent: "経過日数", expected: "いつもの間隔", value: "年間の価値",
    unansweredTable: "返事を待っている方(長い順)", ticket: "チケット", channel: "チャネル", reason: "理由", tier: "ランク", waits: "待ち時間",
    promises: "守れた約束", replies: "1 時間以内の一次回答", reasons: "お問い合わせの理由(3 か月)",
    tiers: "会員ランクの価値", customers: "人数", share: "人数の割合", revenueShare: "売上の割合", times: "ほかの方の何倍", none: "なし",
    movements: "ランクに上がった方、外れた方", entered: "上がった", exited: "外れた", points: "負っているポイント", expiring: "これから失効するポイント(週ごと)",
    effect: "フォローアップの効果", step: "ステップ", assigned: "送った群", heldOut: "送らない群", uplift: "購入率の差", interval: "区間",
    minutes: "分", hours: "時間", days: "日"
  },
  en: {
    boards: {overview: "At a glance", satisfaction: "Satisfaction", retention: "Retention", service: "Service", loyalty: "Loyalty"},
    asOf: "As of", other: "日本語", incomplete: "An open dot, or a pale bar, is a month that is not over.", nothing: "There is nothing to show as of then.",
    overdue: "forgotten", unanswered: "wait for a reply", due: "to hear from us today", lapsing: "are leaving",
    kpis: "KPIs and their targets", kpi: "KPI", actual: "Actual", target: "Target", status: "Verdict", trend: "Trend",
    revenue: "Revenue, from new and returning buyers", newBuyers: "new", returning: "returning",
    nps: "NPS with its interval", csat: "CSAT (5 is best)", ces: "CES (effort, 1 is best)", stars: "Stars of reviews, and the target",
    drivers: "What goes with a high or low NPS", driversNote: "Share of promoters who speak of it, less that of detractors. Only what is more than chance.",
    repeat: "Repeat rate", repeatRate: "repeat rate", within90: "second order within 90 days", retention: "Retention by quarter", crr: "CRR", strict: "strict",
    cohorts: "Who bought again, by month of the first order", cohortsNote: "Across: how many months later. The stronger the colour, the more bought again.",
    segments: "Revenue by segment of RFM", lapsingTable: "Valuable customers who are leaving", customer: "Customer", last: "Last order",
    silent: "Days since", expected: "Usual gap", value: "Yearly value",
    unansweredTable: "Who waits for a reply, the longest first", ticket: "Ticket", channel: "Channel", reason: "Reason", tier: "Tier", waits: "Waits",
    promises: "Promises kept", replies: "First replies within an hour", reasons: "What they write in about (3 months)",
    tiers: "What a tier is worth", customers: "Customers", share: "Share of customers", revenueShare: "Share of revenue", times: "Times the rest", none: "none",
    movements: "Who comes into a tier, and who leaves it", entered: "in", exited: "out", points: "Points that we owe", expiring: "Points that lapse next, by week",
    effect: "Do follow-ups help?", step: "Step", assigned: "Sent", heldOut: "Held out", uplift: "Difference", interval: "Interval",
    minutes: "min", hours: "h", days: "d"
  }
};

export function formats(lang, currency) {
  const number = (options) => {
    const format = new Intl.NumberFormat(lang, options);
    return (value) => (value == null ? "–" : format.format(value));
  };
  const share = number({style: "percent", maximumFractionDigits: 1});
  const count = number({maximumFractionDigits: 0});
  const score = number({minimumFractionDigits: 2, maximumFractionDigits: 2});
  const w = words[lang];
  return {
    share,
    wholeShare: number({style: "percent", maximumFractionDigits: 0}),
    count,
    score,
    one: number({minimumFractionDigits: 1, maximumFractionDigits: 1}),
    short: number({notation: "compact", maximumFractionDigits: 1}),
    money: number({style: "currency", currency, maximumFractionDigits: 0}),
    unit: (value, unit) => (unit === "share" ? share(value) : unit === "score" ? score(value) : count(value)),
    duration: (minutes) =>
      minutes == null ? "–"
      : minutes < 120 ? `${Math.round(minutes)} ${w.minutes}`
      : minutes < 2880 ? `${Math.round(minutes / 60)} ${w.hours}`
      : `${Math.round(minutes / 1440)} ${w.days}`
  };
}
