// duckdb.mjs DIRECTORY RUNS: what DuckDB takes for what bench/run asks of kept figures,
// on the same rows in a file of its own, one thread: a line each, name and milliseconds.
// DIRECTORY holds orders.csv, returns.csv and answers.csv, and node_modules with
// @duckdb/node-api; instants are local times already, which spares it the conversion.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [directory, runs] = process.argv.slice(2);
const require = createRequire(directory + '/');
const { DuckDBInstance } = await import(pathToFileURL(require.resolve('@duckdb/node-api')).href);

const instance = await DuckDBInstance.create(directory + '/rows.duckdb', { threads: '1' });
const connection = await instance.connect();
const tables = {
	orders: 'customer_id BIGINT, order_id VARCHAR, ordered_at TIMESTAMP, amount DECIMAL(14, 2), cancelled BOOLEAN',
	returns: 'customer_id BIGINT, order_id VARCHAR, refund DECIMAL(14, 2)',
	answers: 'question VARCHAR, channel VARCHAR, responded_at TIMESTAMP, score TINYINT',
};
for (const [table, columns] of Object.entries(tables)) {
	await connection.run(`CREATE TABLE ${table} (${columns})`);
	await connection.run(`COPY ${table} FROM '${directory}/${table}.csv' (HEADER)`);
}
await connection.run('CHECKPOINT');

// Orders that count, and what they count with.
const counted = `counted AS (
	SELECT o.customer_id, o.order_id, o.ordered_at, o.amount - coalesce(r.refund, 0) AS amount, date_trunc('month', o.ordered_at) AS month
	  FROM orders o
	  LEFT JOIN (SELECT customer_id, order_id, sum(refund) AS refund FROM returns GROUP BY ALL) r USING (customer_id, order_id)
	 WHERE NOT o.cancelled)`;
const firsts = `${counted}, firsts AS (SELECT customer_id, min(month) AS cohort FROM counted GROUP BY 1)`;
const statements = {
	'NPS by month and channel': `SELECT date_trunc('month', responded_at), channel,
		100.0 * (count(*) FILTER (score >= 9) - count(*) FILTER (score <= 6)) / count(*) FROM answers WHERE question = 'nps' GROUP BY 1, 2`,
	'rfm_segments': `WITH ${counted}, c AS (SELECT customer_id, epoch(max(ordered_at)) AS last, count(*) AS orders, sum(amount) AS spent FROM counted GROUP BY 1),
		q AS (SELECT quantile_cont(last, [0.2, 0.4, 0.6, 0.8]) AS r, quantile_cont(orders, [0.2, 0.4, 0.6, 0.8]) AS f, quantile_cont(spent, [0.2, 0.4, 0.6, 0.8]) AS m FROM c)
		SELECT (last > r[1])::int + (last > r[2])::int + (last > r[3])::int + (last > r[4])::int AS rs, (orders > f[1])::int + (orders > f[2])::int + (orders > f[3])::int + (orders > f[4])::int AS fs,
		       (spent > m[1])::int + (spent > m[2])::int + (spent > m[3])::int + (spent > m[4])::int AS ms, count(*), sum(spent) FROM c, q GROUP BY 1, 2, 3`,
	'customer_value, top 100': `WITH ${counted} SELECT customer_id, count(*) AS orders, sum(amount) AS spent, min(ordered_at), max(ordered_at) FROM counted GROUP BY 1 ORDER BY spent DESC LIMIT 100`,
	'top_customers_share': `WITH ${counted}, c AS (SELECT sum(amount) AS spent FROM counted GROUP BY customer_id), n AS (SELECT spent, row_number() OVER (ORDER BY spent DESC) AS place, count(*) OVER () AS all_of_them FROM c)
		SELECT sum(spent) FILTER (place <= all_of_them * 0.2) / sum(spent) FROM n`,
	'retention_cohorts': `WITH ${firsts} SELECT cohort, month, count(DISTINCT customer_id) FROM counted JOIN firsts USING (customer_id) GROUP BY 1, 2`,
	'customer_retention': `WITH ${counted}, active AS (SELECT DISTINCT customer_id, month FROM counted)
		SELECT a.month, count(*), count(n.customer_id) FROM active a LEFT JOIN active n ON n.customer_id = a.customer_id AND n.month = a.month + INTERVAL 1 MONTH GROUP BY 1`,
	'repeat_rate': `WITH ${firsts}, n AS (SELECT *, row_number() OVER (PARTITION BY customer_id ORDER BY ordered_at, order_id) AS place FROM counted)
		SELECT month, count(DISTINCT customer_id), count(DISTINCT customer_id) FILTER (place > 1) FROM n GROUP BY 1`,
	'order_ladder': `WITH ${counted}, n AS (SELECT row_number() OVER w AS place, amount, lag(amount) OVER w AS before, lead(ordered_at) OVER w - ordered_at AS gap FROM counted WINDOW w AS (PARTITION BY customer_id ORDER BY ordered_at, order_id))
		SELECT place, count(*), count(gap), median(gap), avg(amount), avg(before) FROM n GROUP BY 1`,
};
for (const [name, statement] of Object.entries(statements)) {
	const taken = [];
	for (let i = 0; i <= Number(runs); i++) {
		const since = process.hrtime.bigint();
		await connection.runAndReadAll(statement);
		taken.push(Number(process.hrtime.bigint() - since) / 1e6);
	}
	taken.shift();
	taken.sort((a, b) => a - b);
	console.log(`${name}\t${taken[Math.floor(taken.length / 2)]}`);
}
