// Asks the shop everything, as it is now and as it was at the end of each of the months before,
// 24 as-ofs in all, and prints that as JSON.  Which database, PGHOST, PGDATABASE and so on say;
//
//   LOYALCS_SHOP     the schema of the shop (aurora)
//   LOYALCS_AS_OF    the last as-of (now)
//   LOYALCS_MONTHS   how many there are (24)
//
// It reads; a role of the level "report" will do.
import pg from "pg";
import {questions} from "./questions.js";

const shop = process.env.LOYALCS_SHOP || "aurora";
const count = Number(process.env.LOYALCS_MONTHS || 24);

// Amounts and counts are numbers here; days and instants stay what the server says.
for (const [type, parse] of [[20, Number], [1700, Number], [1082, String], [1114, String], [1184, String]])
  pg.types.setTypeParser(type, parse);

const pool = new pg.Pool({max: 2});
let zone;

async function connect() {
  const client = await pool.connect();
  await client.query(`SET search_path = ${pg.escapeIdentifier(shop)}`);
  await client.query("SET jit = off");
  zone ??= (await client.query("SELECT time_zone FROM settings")).rows[0].time_zone;
  await client.query("SELECT set_config('TimeZone', $1, false)", [zone]);
  return client;
}

const first = await connect();
const {currency} = (await first.query("SELECT currency FROM settings")).rows[0];
const asOfs = (await first.query(
  `SELECT to_char(a - interval '1 second', 'YYYY-MM-DD') AS day, a::text AS at
     FROM (SELECT coalesce($1::timestamptz, now()) AS until) u,
          LATERAL (SELECT until AS a
                    UNION
                   SELECT date_trunc('month', until) - make_interval(months => i) FROM generate_series(0, $2::integer - 2) i) months
    ORDER BY a DESC`, [process.env.LOYALCS_AS_OF || null, count])).rows;
first.release();

const waiting = [...asOfs];
const answers = {};

async function work() {
  const client = await connect();
  for (let asOf; (asOf = waiting.shift()); ) {
    const board = {};
    for (const [name, sql] of Object.entries(questions))
      board[name] = (await client.query(sql, [asOf.at])).rows;
    answers[asOf.day] = board;
    process.stderr.write(`as of ${asOf.at}\n`);
  }
  client.release();
}

await Promise.all([work(), work()]);
await pool.end();
process.stdout.write(JSON.stringify({shop, currency, days: asOfs.map((a) => a.day), answers}));
