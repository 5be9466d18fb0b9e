-- fill.sql
--
-- Fills the shop aurora, which create_shop() has made, with two years of a
-- jewellery brand that sells online and in one boutique in Tokyo, from
-- 2024-11-01 to 2026-10-31 23:59 there: read its views as of that instant.
--
-- Things happen in it for the reports to find.  From December 2025 on parcels
-- are slow, the surveys say so, and some regular customers stay away; in May
-- 2026 a new warehouse begins to ship the next day.
--
-- Every row follows from md5 of a word and a number, by integer arithmetic and
-- in local time, so that it is the same on every machine, in every session.
-- The names, addresses and telephone numbers belong to nobody.

\set QUIET on
\encoding UTF8
BEGIN;

-- All of it happened while the shop was used.
UPDATE aurora.settings SET live_since = '2024-11-01 00:00+09', points_since = '2025-07-01 00:00+09';
DO $$ BEGIN PERFORM FROM aurora.start_journeys('2024-11-01 00:00+09'); END $$;

-- A number from 0 to sides - 1: always the same for the same word and number.
CREATE FUNCTION pg_temp.dice(word text, n bigint, sides bigint) RETURNS integer LANGUAGE sql IMMUTABLE
RETURN ((('x' || substr(md5(word || n::text), 1, 8))::bit(32)::bigint * sides) >> 32)::integer;

CREATE FUNCTION pg_temp.pick(word text, n bigint, choices text[]) RETURNS text LANGUAGE sql IMMUTABLE
RETURN choices[1 + pg_temp.dice(word, n, cardinality(choices))];

-- A time of the day at which people shop: from 7:30, mostly in the evening.
CREATE FUNCTION pg_temp.clock(n bigint) RETURNS interval LANGUAGE sql IMMUTABLE
RETURN make_interval(mins => 450 + greatest(pg_temp.dice('early', n, 980), pg_temp.dice('late', n, 980)),
                     secs => pg_temp.dice('second', n, 60));

-- --------------------------------------------------------------------------
-- Customers: growth times season decides when they come.
-- --------------------------------------------------------------------------
CREATE TEMP TABLE person AS
WITH month AS (
    SELECT first_day, weight, sum(weight) OVER (ORDER BY first_day) AS until
      FROM (SELECT (date '2024-11-01' + make_interval(months => m))::date AS first_day,
                   (100 + 5 * m)
                   * ('{75,105,125,90,105,115,100,80,85,100,95,190}'::int[])[(m + 10) % 12 + 1] AS weight
              FROM generate_series(0, 23) m) w
), come AS (
    SELECT seed, first_day + pg_temp.clock(seed)
           + make_interval(days => pg_temp.dice('day', seed, CASE EXTRACT(month FROM first_day)
                                                                 WHEN 12 THEN 25 WHEN 2 THEN 28 ELSE 30
                                                             END)) AS joined
      FROM generate_series(1, 5000) seed
      JOIN month ON pg_temp.dice('joined', seed, (SELECT max(until) FROM month)::bigint)
                    BETWEEN until - weight AND until - 1
), kinds AS (
    SELECT n, joined, pg_temp.dice('kind', n, 1000) AS k, pg_temp.dice('gender', n, 100) AS g
      FROM (SELECT row_number() OVER (ORDER BY joined, seed) AS n, joined FROM come) c
)
SELECT n, joined,
       CASE WHEN k < 120 THEN 'prospect' WHEN k < 470 THEN 'once' WHEN k < 715 THEN 'occasional'
            WHEN k < 990 THEN 'regular' ELSE 'vip' END AS kind,
       CASE WHEN g < 68 THEN 'female' WHEN g < 92 THEN 'male' END AS gender,
       CASE WHEN pg_temp.dice('birthday known', n, 100) < 85
            THEN date '2007-12-31' - pg_temp.dice('age', n, 5500) - pg_temp.dice('older', n, 10000) END AS birthday,
       pg_temp.pick('region', n, '{東京都,東京都,東京都,東京都,東京都,神奈川県,神奈川県,神奈川県,大阪府,大阪府,愛知県,
           愛知県,埼玉県,埼玉県,千葉県,千葉県,福岡県,福岡県,兵庫県,北海道,京都府,宮城県,広島県,沖縄県,NULL,NULL}') AS region,
       pg_temp.pick('shops at', n, '{web,web,web,web,web,line,line,instagram,instagram,shop}') AS sales_channel,
       pg_temp.pick('asked by', n, '{line,line,line,email,email}') AS channel,
       -- of those whom the slow parcels of that winter drove away, the day
       CASE WHEN pg_temp.dice('leaves', n, 100) < 24 THEN date '2025-12-15' + pg_temp.dice('leaves on', n, 120) END AS leaves_on
  FROM kinds;

INSERT INTO aurora.customers
    (customer_id, joined_at, name, email, phone, birthday, gender, region, attributes)
SELECT 'A' || lpad(n::text, 5, '0'), joined AT TIME ZONE 'Asia/Tokyo',
       pg_temp.pick('family', n, '{佐藤,鈴木,高橋,田中,伊藤,渡辺,山本,中村,小林,加藤,吉田,山田,佐々木,山口,松本,井上,木村,
           林,斎藤,清水,山崎,森,池田,橋本,阿部,石川,前田,藤田,後藤,岡田,長谷川,村上,近藤,石井,坂本,遠藤,青木,西村,福田,三浦}')
       || ' ' ||
       CASE gender WHEN 'male' THEN pg_temp.pick('given', n, '{翔太,大輔,健太,拓也,直樹,和也,亮,誠,隆,浩,悠斗,蓮,陽翔,
           大和,樹,智也,達也,雄一,修,剛}')
                   ELSE pg_temp.pick('given', n, '{陽子,美咲,さくら,由美,恵子,愛,結衣,彩,真由美,智子,葵,凛,優子,麻衣,
           千尋,直美,香織,裕子,七海,明日香,奈々,瞳,理恵,桃子,舞}') END,
       'a' || lpad(n::text, 5, '0') || '@example.com',
       '090-0000-' || lpad(pg_temp.dice('phone', n, 10000)::text, 4, '0'),
       birthday, gender, region,
       jsonb_build_object('line_friend', channel = 'line')
       || CASE WHEN gender = 'female' AND pg_temp.dice('sized', n, 2) = 0
               THEN jsonb_build_object('ring_size', 7 + pg_temp.dice('ring', n, 9)) ELSE '{}' END
  FROM person ORDER BY n;
-- Who shops online has an account there; some made a second one.
INSERT INTO aurora.customer_ids (customer_id, system, id)
SELECT 'A' || lpad(n::text, 5, '0'), 'shopify', (7000000 + 10 * n + k)::text
  FROM person
 CROSS JOIN LATERAL generate_series(1, 1 + (pg_temp.dice('second account', n, 100) < 3)::integer) k
 WHERE sales_channel <> 'shop'
 ORDER BY n, k;
SELECT count(*) AS customers FROM aurora.customers \gset
\echo :customers customers

-- --------------------------------------------------------------------------
-- Orders: a first one, and more at each customer's rhythm, which occasions pull
-- --------------------------------------------------------------------------
CREATE TEMP TABLE bought AS
WITH planned AS (
    SELECT p.*, k, n * 100 + k AS key,
           CASE kind WHEN 'vip' THEN 14 + pg_temp.dice('gap', n, 20)
                     WHEN 'regular' THEN 40 + pg_temp.dice('gap', n, 55)
                     ELSE 60 + pg_temp.dice('gap', n, 130) END AS gap
      FROM person p
     CROSS JOIN generate_series(1, CASE kind
               WHEN 'prospect' THEN 0 WHEN 'once' THEN 1
               WHEN 'occasional' THEN 2 + pg_temp.dice('orders', n, 3)
               WHEN 'regular' THEN 5 + pg_temp.dice('orders', n, 12)
               ELSE 15 + pg_temp.dice('orders', n, 20) END) k
), dated AS (
    SELECT *, joined::date + sum(CASE
               WHEN k > 1 THEN gap * (50 + pg_temp.dice('late', key, 101)) / 100
               WHEN pg_temp.dice('hesitates', n, 100) < 25 THEN 1 + pg_temp.dice('for', n, 40)
               ELSE 0 END) OVER (PARTITION BY n ORDER BY k)::integer AS day
      FROM planned
), pulled AS (
    -- half of the later orders wait for the next Christmas, Valentine's Day,
    -- White Day, Mother's Day, day of weddings, or for the own birthday
    SELECT d.*, CASE WHEN k > 1 AND pg_temp.dice('waits', key, 100) < 50
                     THEN greatest(d.day, o.day - 2 - pg_temp.dice('ahead', key, 16))
                     ELSE d.day END AS until
      FROM dated d
     CROSS JOIN LATERAL (
               SELECT min(c.day) AS day
                 FROM (SELECT unnest('{2024-12-24,2025-02-14,2025-03-14,2025-05-11,2025-06-20,2025-12-24,
                              2026-02-14,2026-03-14,2026-05-10,2026-06-20}'::date[])
                       UNION ALL
                       SELECT (birthday + make_interval(years => y - EXTRACT(year FROM birthday)::integer))::date
                         FROM generate_series(2024, 2026) y) c (day)
                WHERE c.day > d.day AND c.day <= d.day + 60) o
), placed AS (
    SELECT *, CASE WHEN k = 1 AND until = joined::date
                   THEN joined + interval '9 minutes' ELSE until + pg_temp.clock(key) END AS at
      FROM pulled
     WHERE until < coalesce(leaves_on, '2100-01-01') OR k = 1
)
SELECT row_number() OVER (ORDER BY at, n, k) AS o, n, at, kind, channel,
       row_number() OVER (PARTITION BY n ORDER BY at, k) AS nth,
       CASE WHEN pg_temp.dice('elsewhere', key, 100) < 85 THEN sales_channel ELSE 'web' END AS sales_channel
  FROM placed
 WHERE at < '2026-10-31 23:50';

-- --------------------------------------------------------------------------
-- What was in them: dearer pieces for VIPs and with trust, classics for who stays
-- --------------------------------------------------------------------------
CREATE TEMP TABLE product AS
SELECT *, row_number() OVER (PARTITION BY tier ORDER BY position) AS r, count(*) OVER (PARTITION BY tier) AS of
  FROM (VALUES
    (1, 1, 'N-101', 'しずくネックレス シルバー', 'necklace', 9900), (2, 1, 'R-101', '華奢リング K10', 'ring', 13200),
    (3, 1, 'E-101', 'キャッチレスピアス', 'earrings', 6600), (4, 1, 'N-102', '一粒パールネックレス', 'necklace', 14300),
    (5, 1, 'E-102', 'フープピアス K10', 'earrings', 12100), (6, 1, 'R-102', 'ピンキーリング シルバー', 'ring', 8800),
    (7, 1, 'B-101', 'チェーンブレスレット', 'bracelet', 11000), (8, 1, 'E-103', 'イヤーカフ シルバー', 'earrings', 5500),
    (9, 1, 'B-102', 'パールブレスレット', 'bracelet', 7700), (10, 2, 'N-201', '一粒ダイヤネックレス K10', 'necklace', 33000),
    (11, 2, 'R-201', '誕生石リング K10', 'ring', 28600), (12, 2, 'N-202', 'イニシャルネックレス K18', 'necklace', 39600),
    (13, 2, 'E-201', 'あこや真珠ピアス', 'earrings', 24200), (14, 2, 'W-201', 'レディースウォッチ', 'watch', 41800),
    (15, 2, 'R-202', 'エタニティリング K18', 'ring', 46200), (16, 2, 'E-202', 'ダイヤスタッドピアス K18', 'earrings', 36300),
    (17, 2, 'B-201', 'テニスブレスレット', 'bracelet', 55000), (18, 3, 'N-301', 'あこや真珠ネックレス', 'necklace', 99000),
    (19, 3, 'R-301', 'マリッジリング プラチナ', 'ring', 132000), (20, 3, 'W-301', 'ペアウォッチ', 'watch', 88000),
    (21, 3, 'B-301', 'ダイヤバングル K18', 'bracelet', 187000), (22, 3, 'R-302', 'エンゲージリング 0.3ct', 'ring', 297000)
  ) c (position, tier, product_id, name, category, price);

CREATE TEMP TABLE piece AS
WITH lines AS (
    SELECT o, line, kind, o * 10 + line AS key, EXTRACT(month FROM at) AS month,
           pg_temp.dice('tier', o * 10 + line, 100) + CASE kind WHEN 'vip' THEN 30 WHEN 'regular' THEN -8 ELSE 0 END
           + CASE WHEN nth >= 3 THEN 8 ELSE 0 END + CASE WHEN EXTRACT(month FROM at) IN (6, 12) THEN 5 ELSE 0 END
               AS taste
      FROM bought
     CROSS JOIN generate_series(1, 1 + (pg_temp.dice('second piece', o, 100) < CASE WHEN nth < 3 THEN 15 ELSE 32 END)::integer
                                     + (pg_temp.dice('third piece', o, 100) < 6)::integer) line
)
SELECT o, line, product_id, name, category, q AS quantity, q * price AS amount
  FROM lines
  JOIN product p ON p.tier = CASE WHEN taste < 66 THEN 1 WHEN taste < 103 - (month = 6)::integer * 4 THEN 2 ELSE 3 END
                AND p.r = 1 + least(pg_temp.dice('piece', key, p.of),
                                  CASE WHEN kind <> 'once' THEN pg_temp.dice('or', key, p.of) END)
 CROSS JOIN LATERAL (SELECT 1 + (p.tier = 1 AND pg_temp.dice('two', key, 100) < 5)::integer AS q) q
UNION ALL
SELECT o, 9, 'G-001', 'ギフトラッピング', 'gift wrap', 1, 550
  FROM bought
 WHERE pg_temp.dice('wrapped', o, 100) < CASE WHEN EXTRACT(month FROM at) IN (2, 3, 12) THEN 55 ELSE 28 END;

-- What became of each order: days until it left and arrived, if it did
CREATE TEMP TABLE sold AS
WITH summed AS (
    SELECT b.*, g.goods, g.goods + CASE WHEN b.sales_channel <> 'shop' AND g.goods < 11000 THEN 660 ELSE 0 END AS amount,
           CASE WHEN b.sales_channel <> 'shop' AND pg_temp.dice('cancels', b.o, 1000) < 32
                THEN at + make_interval(mins => 20 + pg_temp.dice('cancels after', b.o, 1200)) END AS cancelled,
           CASE WHEN at < '2025-12-01' THEN 2 + pg_temp.dice('handling', b.o, 3)
                WHEN at < '2026-05-01' THEN 4 + pg_temp.dice('handling', b.o, 4)
                ELSE 1 END AS handling
      FROM bought b
      JOIN (SELECT o, sum(amount) AS goods FROM piece GROUP BY o) g ON g.o = b.o
)
SELECT *, 'A' || lpad(n::text, 5, '0') AS customer_id, 'AU-' || lpad(o::text, 6, '0') AS order_id,
       CASE WHEN sales_channel = 'shop' THEN at
            ELSE shipped::date + make_interval(days => 1 + pg_temp.dice('travels', o, 2)
                                                       + 3 * (pg_temp.dice('lost way', o, 100) < 6)::integer,
                                               mins => 540 + pg_temp.dice('arrived at', o, 660)) END AS delivered
  FROM summed
 CROSS JOIN LATERAL (
           SELECT CASE WHEN sales_channel = 'shop' THEN at
                       WHEN cancelled IS NULL THEN at::date + make_interval(
                           days => handling, mins => 600 + pg_temp.dice('left at', o, 480)) END AS shipped) s;
ANALYZE sold, piece;

INSERT INTO aurora.orders (customer_id, order_id, ordered_at, amount, tax, shipping, sales_channel,
                           external_id, external_name, shipped_at, delivered_at, cancelled_at)
SELECT customer_id, order_id, at AT TIME ZONE 'Asia/Tokyo', amount, div(amount, 11), amount - goods, sales_channel,
       CASE WHEN sales_channel <> 'shop' THEN (45000000 + o)::text END, CASE WHEN sales_channel <> 'shop' THEN '#' || (1000 + o)::text END,
       CASE WHEN shipped < '2026-10-31 23:50' THEN shipped AT TIME ZONE 'Asia/Tokyo' END,
       CASE WHEN delivered < '2026-10-31 23:50' THEN delivered AT TIME ZONE 'Asia/Tokyo' END,
       CASE WHEN cancelled < '2026-10-31 23:50' THEN cancelled AT TIME ZONE 'Asia/Tokyo' END
  FROM sold ORDER BY o;
-- (an order that was cancelled before it left was not charged)
UPDATE aurora.orders SET payment_state = 'voided' WHERE cancelled_at IS NOT NULL AND shipped_at IS NULL;
INSERT INTO aurora.order_items (customer_id, order_id, line, product_id, product_name, category, quantity, amount, unit_price, tax)
SELECT customer_id, order_id, row_number() OVER (PARTITION BY o ORDER BY line), product_id, name, category,
       quantity, p.amount, p.amount / quantity, div(p.amount, 11)
  FROM piece p JOIN sold USING (o) ORDER BY o, line;
-- What is listed, and what is no longer made; the wrapping is known from orders alone.
INSERT INTO aurora.products (product_id, name, category, series, unit_cost, active)
SELECT product_id, name, category, CASE tier WHEN 1 THEN 'デイリー' WHEN 2 THEN 'アニバーサリー' ELSE 'ブライダル' END, price * 2 / 5, product_id <> 'B-102'
  FROM product ORDER BY position;

-- Some come back, whole or in part; some are made good with a little money.
INSERT INTO aurora.returns (customer_id, return_id, order_id, returned_at, refund, reason)
WITH happens AS (
    SELECT *, pg_temp.dice('sends back', o, 100) AS how,
           delivered + make_interval(days => 2 + pg_temp.dice('thinks', o, 12), mins => pg_temp.dice('posts', o, 300)) AS returned
      FROM sold
     WHERE delivered IS NOT NULL AND pg_temp.dice('unhappy', o, 1000) < CASE handling WHEN 1 THEN 38 ELSE 38 + 5 * handling END
)
SELECT customer_id, 'R-' || lpad(o::text, 6, '0'), order_id, returned AT TIME ZONE 'Asia/Tokyo',
       CASE WHEN how < 45 THEN f.amount WHEN how < 80 THEN goods ELSE 550 + 550 * (how % 4) END,
       CASE WHEN how < 80 THEN pg_temp.pick('reason', o, '{サイズが合わない,イメージと違う,贈り先の都合,不良・破損,注文間違い}')
            WHEN handling > 4 THEN 'お届け遅延のお詫び' ELSE 'キズ・汚れのお詫び' END
  FROM happens
  JOIN (SELECT o, amount FROM piece WHERE line = 1) f USING (o)
 WHERE returned < '2026-10-31 23:50' ORDER BY o;
-- Which pieces: the first line where that was refunded, all but the wrapping where the goods were.
INSERT INTO aurora.return_items (customer_id, return_id, order_id, line, quantity)
SELECT r.customer_id, r.return_id, r.order_id, i.line, i.quantity
  FROM aurora.returns r
  JOIN sold s USING (customer_id, order_id)
  JOIN aurora.order_items i USING (customer_id, order_id)
 WHERE pg_temp.dice('sends back', s.o, 100) BETWEEN CASE i.line WHEN 1 THEN 0 ELSE 45 END AND 79
   AND i.product_id <> 'G-001'
 ORDER BY 1, 2, 4;
UPDATE aurora.returns r
   SET cause = CASE WHEN pg_temp.dice('sends back', s.o, 100) < 80 THEN r.reason ELSE 'お詫び' END,
       remedy = CASE WHEN pg_temp.dice('sends back', s.o, 100) < 80 AND pg_temp.dice('exchanges', s.o, 100) < 25 THEN 'exchange' ELSE 'refund' END,
       completed_at = CASE WHEN r.returned_at + make_interval(days => 1 + pg_temp.dice('settles', s.o, 9)) < '2026-10-31 23:50+09'
                           THEN r.returned_at + make_interval(days => 1 + pg_temp.dice('settles', s.o, 9)) END,
       cost = CASE WHEN pg_temp.dice('sends back', s.o, 100) < 80 THEN 880 + 440 * pg_temp.dice('postage', s.o, 2) END
  FROM sold s WHERE s.customer_id = r.customer_id AND s.order_id = r.order_id;
SELECT (SELECT count(*) FROM aurora.orders) AS orders, (SELECT count(*) FROM aurora.order_items) AS lines,
       (SELECT count(*) FROM aurora.returns) AS returns \gset
\echo :orders orders, :lines lines, :returns returns

-- --------------------------------------------------------------------------
-- Surveys: one after a purchase, one each quarter
-- --------------------------------------------------------------------------
INSERT INTO aurora.surveys (survey, title) VALUES ('after_purchase', 'お買い物アンケート'), ('quarterly', '四半期アンケート');
INSERT INTO aurora.survey_questions
    (survey, question, "position", kind, wording, scale_low, scale_high, higher_is_better, choices) VALUES
    ('after_purchase', 'recommend', 1, 'nps', 'オーロラをご友人やご家族にすすめたいと思いますか。', 0, 10, true, NULL),
    ('after_purchase', 'satisfaction', 2, 'csat', '今回のお買い物にどのくらい満足されましたか。', 1, 5, true, NULL),
    ('after_purchase', 'delivery', 3, 'csat', 'お届けまでの早さはいかがでしたか。', 1, 5, true, NULL),
    ('after_purchase', 'effort', 4, 'ces', 'ご注文のお手続きは簡単でしたか。（1 とても簡単 … 5 とても大変）', 1, 5, false, NULL),
    ('after_purchase', 'occasion', 5, 'choice', 'どのような機会のお買い物でしたか。', NULL, NULL, true, '{自分へのご褒美,贈り物,記念日,ブライダル}'),
    ('after_purchase', 'comment', 6, 'text', 'ご意見・ご感想をお聞かせください。', NULL, NULL, true, NULL),
    ('quarterly', 'recommend', 1, 'nps', 'オーロラをご友人やご家族にすすめたいと思いますか。', 0, 10, true, NULL),
    ('quarterly', 'satisfaction', 2, 'csat', 'オーロラ全体にどのくらい満足されていますか。', 1, 5, true, NULL),
    ('quarterly', 'ease', 3, 'ces', 'オーロラは困ったときに頼りやすい。（1 全く思わない … 7 とてもそう思う）', 1, 7, true, NULL);

-- A questionnaire: whom it went to and when, and what it then came back with.
-- (key: of an order; of a customer and a quarter, that is more than a million)
CREATE TEMP TABLE questionnaire AS
WITH asked AS (
    SELECT 'after_purchase' AS survey, o AS key, n, o, channel, true AS invited,
           delivered::date + interval '3 days 10 hours' AS sent
      FROM sold
     WHERE delivered >= '2025-01-01' AND pg_temp.dice('asked', o, 100) < 68
    UNION ALL
    -- a card in the parcel invites the others, without a record of it
    SELECT 'after_purchase', o, n, o, 'card', false, delivered + interval '2 hours'
      FROM sold
     WHERE delivered >= '2025-01-01' AND pg_temp.dice('asked', o, 100) >= 96
    UNION ALL
    SELECT 'quarterly', 1000000 + q * 10000 + n, n, max(o), max(channel), true, day + interval '19 hours'
      FROM unnest('{2025-03-07,2025-06-06,2025-09-05,2025-12-05,2026-03-06,2026-06-05,2026-09-04}'::date[])
           WITH ORDINALITY d (day, q)
      JOIN sold ON delivered < day - 10 AND delivered > day - 365 AND pg_temp.dice('sample', q * 10000 + n, 100) < 16
     GROUP BY q, day, n
), answered AS (
    SELECT *, sent + make_interval(mins => 4 + least(pg_temp.dice('soon', key, 7200), pg_temp.dice('later', key, 7200)),
                                   secs => pg_temp.dice('second', key, 60)) AS answered
      FROM asked
     WHERE sent < '2026-10-31 23:50'
)
SELECT a.*, row_number() OVER (ORDER BY a.sent, a.key) AS i, 'A' || lpad(a.n::text, 5, '0') AS customer_id,
       a.answered < '2026-10-31 23:50' AND pg_temp.dice('answers', key, 100)
           < CASE WHEN NOT invited THEN 60 WHEN a.channel = 'line' THEN 73 ELSE 61 END AS came_back,
       s.order_id, s.delivered::date - s.at::date AS days, EXTRACT(month FROM s.at) AS month,
       -- how it feels, 0 to 100: the person, the moment, the wait for the parcel
       68 + pg_temp.dice('mood', a.n, 19) - pg_temp.dice('mind', a.n, 19)
       + pg_temp.dice('good', key, 19) - pg_temp.dice('bad', key, 19)
       + CASE WHEN pg_temp.dice('unhappy', a.o, 1000) < 40 THEN -28 ELSE 0 END
       + 2 * (4 - least(s.delivered::date - s.at::date, 9)) AS feeling
  FROM answered a
  JOIN sold s ON s.o = a.o;

INSERT INTO aurora.survey_invitations (customer_id, invitation_id, survey, sent_at, channel)
SELECT customer_id, 'I-' || lpad(i::text, 6, '0'), survey, sent AT TIME ZONE 'Asia/Tokyo', channel
  FROM questionnaire
 WHERE invited ORDER BY i;
INSERT INTO aurora.survey_responses
    (customer_id, response_id, survey, invitation_id, order_id, responded_at, channel, time_taken)
SELECT customer_id, 'Q-' || lpad(i::text, 6, '0'), survey, CASE WHEN invited THEN 'I-' || lpad(i::text, 6, '0') END,
       CASE survey WHEN 'after_purchase' THEN order_id END, answered AT TIME ZONE 'Asia/Tokyo', channel,
       make_interval(secs => 35 + pg_temp.dice('reads', key, 70) + pg_temp.dice('writes', key, 80)
                             + CASE survey WHEN 'quarterly' THEN 0 ELSE 25 END)
  FROM questionnaire
 WHERE came_back ORDER BY i;
INSERT INTO aurora.survey_answers (customer_id, response_id, survey, question, score, choice, answer)
SELECT customer_id, 'Q-' || lpad(i::text, 6, '0'), survey, a.question, a.score, a.choice, a.answer
  FROM questionnaire
 CROSS JOIN LATERAL (VALUES
    ('recommend', greatest(0, least(10, (feeling + 12 + pg_temp.dice('nps', key, 13)) / 10)), NULL, NULL),
    ('satisfaction', CASE WHEN feeling > 74 THEN 5 WHEN feeling > 56 THEN 4 WHEN feeling > 40 THEN 3 WHEN feeling > 26 THEN 2 ELSE 1 END, NULL, NULL),
    ('delivery', greatest(1, least(5, 6 - days / 2 - pg_temp.dice('pace', key, 2))), NULL, NULL),
    ('effort', greatest(1, least(5, 4 - (feeling + pg_temp.dice('ces', key, 30)) / 30)), NULL, NULL),
    ('ease', greatest(1, least(7, (feeling + pg_temp.dice('ces', key, 30)) / 15)), NULL, NULL),
    ('occasion', NULL, CASE WHEN month = 6 AND pg_temp.dice('bridal', key, 4) = 0 THEN 'ブライダル'
                            WHEN month IN (2, 3, 5, 12) AND pg_temp.dice('gift', key, 2) = 0 THEN '贈り物'
                            ELSE pg_temp.pick('occasion', key, '{自分へのご褒美,自分へのご褒美,自分へのご褒美,贈り物,記念日,ブライダル}') END, NULL),
    ('comment', NULL, NULL, CASE
        WHEN days > 5 THEN pg_temp.pick('says', key, '{届くまでに思ったより時間がかかりました。,記念日に間に合わず残念でした。,発送の連絡がなく不安になりました。,商品は素敵ですが、もう少し早く届くとうれしいです。}')
        WHEN feeling < 50 THEN pg_temp.pick('says', key, '{写真と色味が少し違いました。,サイズ選びが難しかったです。,箱に小さな傷がありました。}')
        WHEN days < 4 THEN pg_temp.pick('says', key, '{翌日に発送されて驚きました。,早く届いて助かりました。,包装がとても丁寧でした。,また利用します。}')
        ELSE pg_temp.pick('says', key, '{とても気に入っています。,包装がとても丁寧でした。,贈った相手に喜ばれました。,普段使いにちょうどいいです。}') END)
   ) a (question, score, choice, answer)
 WHERE came_back
   AND EXISTS (SELECT FROM aurora.survey_questions q WHERE q.survey = questionnaire.survey AND q.question = a.question)
   -- most leave the comment out, and now and then somebody skips a question
   AND pg_temp.dice('skips ' || a.question, key, 100) >= CASE a.question WHEN 'comment' THEN 66 ELSE 3 END
 ORDER BY i, a.question COLLATE "C";
SELECT (SELECT count(*) FROM aurora.survey_invitations) AS invitations, (SELECT count(*) FROM aurora.survey_responses) AS responses,
       (SELECT count(*) FROM aurora.survey_answers) AS answers \gset
\echo :invitations invitations, :responses questionnaires back, :answers answers

-- --------------------------------------------------------------------------
-- Reviews of products
-- --------------------------------------------------------------------------
INSERT INTO aurora.reviews (customer_id, review_id, product_id, order_id, reviewed_at, stars, title, body)
WITH wrote AS (
    SELECT s.*, p.product_id, delivered + make_interval(days => 3 + pg_temp.dice('wears', o, 20)) AS at_last,
           greatest(1, 5 - pg_temp.dice('star', o, 100) * pg_temp.dice('stars', o, 100) / 3000
                         - (pg_temp.dice('unhappy', o, 1000) < 40)::integer * 2) AS stars
      FROM sold s JOIN piece p USING (o)
     WHERE p.line = 1 AND delivered IS NOT NULL AND pg_temp.dice('reviews', o, 100) < 13
)
SELECT customer_id, 'V-' || lpad(o::text, 6, '0'), product_id, order_id, at_last AT TIME ZONE 'Asia/Tokyo', stars,
       CASE WHEN stars > 3 THEN pg_temp.pick('title', o, '{大満足です,上品な輝き,毎日つけています,贈り物に最適,買ってよかった}')
            WHEN stars = 3 THEN 'ふつうです' ELSE '少し残念でした' END,
       CASE WHEN stars > 3 THEN pg_temp.pick('body', o, '{写真より実物のほうがきれいでした。,つけ心地が軽くて気に入っています。,妻がとても喜んでくれました。,NULL}')
            WHEN stars < 3 THEN pg_temp.pick('body', o, '{留め具がゆるく感じました。,思ったより小さかったです。,NULL}') END
  FROM wrote
 WHERE at_last < '2026-10-31 23:50' ORDER BY o;
SELECT count(*) AS reviews FROM aurora.reviews \gset
\echo :reviews reviews

-- --------------------------------------------------------------------------
-- Tickets: what customers write in about, and what is done about it. In the busy
-- winter replies take longer.
-- --------------------------------------------------------------------------
UPDATE aurora.settings SET live_since = '2024-11-01 00:00+09';
INSERT INTO aurora.calendars (calendar, hours) VALUES ('boutique', 'Mo,Tu,Th-Su 11:00-20:00');
INSERT INTO aurora.calendar_history (calendar, known_until, hours) VALUES ('boutique', '2025-04-01 09:00+09', 'Mo-Su 11:00-19:00 @ Asia/Tokyo JP');
INSERT INTO aurora.calendar_exceptions (calendar, first_day, last_day, hours, reason, recorded_at, withdrawn_at) VALUES
    ('office', '2024-12-28', '2025-01-05', 'off', '年末年始', '2024-12-02 10:00+09', NULL),
    ('office', '2025-12-27', '2026-01-04', 'off', '年末年始', '2025-12-01 10:00+09', NULL),
    ('boutique', '2025-12-31', '2026-01-02', 'off', '年末年始', '2025-12-01 10:00+09', NULL),
    ('boutique', '2026-09-16', '2026-09-16', 'off', '台風', '2026-09-15 18:00+09', '2026-09-16 09:00+09');
INSERT INTO aurora.agents (agent_id, name) VALUES ('mori', '森 葵'), ('sato', '佐藤 蓮'), ('tani', '谷 美月'), ('hara', '原 樹');
CREATE TEMP TABLE matter AS
SELECT row_number() OVER (ORDER BY at, o) AS i, x.o, x.customer_id, x.at, x.order_id, x.channel, x.reason, x.busy,
       -- nothing is left over from before the last week
       CASE WHEN x.at < '2026-10-24' THEN x.luck % 96 ELSE x.luck END AS luck
  FROM (SELECT s.o, 'A' || lpad(s.n::text, 5, '0') AS customer_id,
               s.at + make_interval(hours => 12 + pg_temp.dice('asks after', s.o, 200), mins => pg_temp.dice('asks at', s.o, 60)) AS at,
               s.order_id,
               pg_temp.pick('asks by', s.o, '{email,email,email,line,line,line,line,phone,instagram}') AS channel,
               pg_temp.pick('asks why', s.o, '{配送状況,サイズ交換,返品,修理,商品について,ギフト}') AS reason,
               CASE WHEN EXTRACT(month FROM s.at) IN (12, 1) THEN 3 ELSE 1 END AS busy,
               pg_temp.dice('answers', s.o, 100) AS luck
          FROM sold s
         WHERE s.at >= '2025-10-01' AND pg_temp.dice('writes in', s.o, 100) < 14) x
 WHERE x.at < '2026-10-31 20:00';
CREATE TEMP TABLE deed AS
SELECT m.i, m.customer_id, 'T-' || lpad(m.i::text, 5, '0') AS ticket_id, d.place, d.kind, d.agent_id,
       CASE m.channel WHEN 'phone' THEN m.at + (d.at - m.at) / 20 ELSE d.at END AS at
  FROM (SELECT m.*, pg_temp.pick('agent', m.o, '{mori,mori,sato,tani,hara}') AS agent,
               m.at + make_interval(mins => (5 + m.luck * m.luck / 60 * m.busy + pg_temp.dice('first', m.o, 20))) AS replied,
               make_interval(mins => 30 + pg_temp.dice('thinks', m.o, 1500) * m.busy) AS work,
               make_interval(mins => 60 + pg_temp.dice('customer', m.o, 3000)) AS waits
          FROM matter m) m
 CROSS JOIN LATERAL (VALUES
    (1, 'opened', NULL, m.at),
    (2, CASE WHEN m.channel = 'email' THEN 'auto_reply' END, NULL, m.at + interval '5 seconds'),
    (3, CASE WHEN m.luck < 98 THEN 'agent_reply' END, m.agent, m.replied),
    (4, CASE WHEN m.luck % 3 = 0 AND m.luck < 98 THEN 'pending' END, m.agent, m.replied + interval '1 minute'),
    (5, CASE WHEN m.luck % 3 = 0 AND m.luck < 98 THEN 'customer_message' END, NULL, m.replied + m.waits),
    (6, CASE WHEN m.luck < 97 THEN 'proposed' END, m.agent,
        m.replied + CASE WHEN m.luck % 3 = 0 THEN m.waits ELSE interval '0' END + m.work),
    (7, CASE WHEN m.luck < 96 THEN 'resolved' END, m.agent,
        m.replied + CASE WHEN m.luck % 3 = 0 THEN m.waits ELSE interval '0' END + 2 * m.work),
    (8, CASE WHEN m.luck % 20 = 7 THEN 'reopened' END, NULL,
        m.replied + CASE WHEN m.luck % 3 = 0 THEN m.waits ELSE interval '0' END + 2 * m.work + interval '1 day'),
    (9, CASE WHEN m.luck % 20 = 7 THEN 'resolved' END, m.agent,
        m.replied + CASE WHEN m.luck % 3 = 0 THEN m.waits ELSE interval '0' END + 3 * m.work + interval '1 day')
   ) d (place, kind, agent_id, at)
 WHERE d.kind IS NOT NULL;
-- (since June exchanges are refused that were made before)
INSERT INTO aurora.tickets (customer_id, ticket_id, channel, reason, priority, subject, complaint, tags, resolution, order_id)
SELECT customer_id, 'T-' || lpad(i::text, 5, '0'), channel, reason, CASE WHEN reason IN ('返品', '修理') THEN 'high' ELSE 'normal' END,
       reason || 'の件', reason = '返品' AND luck < 30,
       CASE WHEN reason = '返品' AND luck % 5 = 0 THEN ARRAY['ギフト', 'サイズ'] WHEN luck % 5 = 0 THEN ARRAY['ギフト'] ELSE '{}' END,
       CASE WHEN luck < 96
            THEN CASE reason WHEN 'サイズ交換' THEN CASE WHEN pg_temp.dice('settled', o, 100) < CASE WHEN at < '2026-06-01' THEN 92 ELSE 58 END THEN '交換'
                                                       WHEN pg_temp.dice('refused', o, 100) < CASE WHEN at < '2026-06-01' THEN 20 ELSE 85 END THEN 'お断り'
                                                       ELSE '返金' END
                             WHEN '返品' THEN CASE WHEN pg_temp.dice('settled', o, 100) < 85 THEN '返金' ELSE '交換' END
                             WHEN '修理' THEN CASE WHEN pg_temp.dice('settled', o, 100) < 75 THEN '修理' ELSE '交換' END
                             ELSE 'ご案内' END END, order_id
  FROM matter ORDER BY i;
SELECT customers AS evaluated, raised AS vips FROM aurora.evaluate_tiers('2026-10-31 23:59+09') \gset
\echo :evaluated customers evaluated, :vips of them VIPs
-- (the log says when a ticket was opened, and so which tier its customer had that day)
INSERT INTO aurora.ticket_events (customer_id, ticket_id, at, kind, agent_id, note)
SELECT d.customer_id, d.ticket_id, d.at AT TIME ZONE 'Asia/Tokyo', d.kind, d.agent_id,
       CASE d.kind
           WHEN 'opened' THEN CASE m.reason
               WHEN '配送状況' THEN pg_temp.pick('asks', m.o, '{注文した商品の配送状況を教えてください。,商品はいつ届きますか。配送状況を教えてください。,まだ届いていません。配送状況を教えてください。}')
               WHEN 'サイズ交換' THEN pg_temp.pick('asks', m.o, '{指輪のサイズを交換できますか。,指輪のサイズが合わないので交換したいです。,サイズ交換の方法を教えてください。}')
               WHEN '返品' THEN pg_temp.pick('asks', m.o, '{返品の方法を教えてください。,イメージと違ったので返品したいです。,届いた商品に傷がありました。返品できますか。}')
               WHEN '修理' THEN pg_temp.pick('asks', m.o, '{留め具が外れました。修理できますか。,チェーンが切れました。修理をお願いします。,石が取れました。修理にどのくらいかかりますか。}')
               WHEN '商品について' THEN pg_temp.pick('asks', m.o, '{お手入れの方法を教えてください。,金属アレルギーでも使えますか。,汗をかいても変色しませんか。}')
               ELSE pg_temp.pick('asks', m.o, '{ギフト包装はできますか。,メッセージカードを付けられますか。,ギフト用の紙袋は付きますか。}') END
           WHEN 'customer_message' THEN pg_temp.pick('adds', m.o, '{よろしくお願いします。,写真を送ります。,ありがとうございます。急いでいます。}')
           WHEN 'reopened' THEN pg_temp.pick('again', m.o, '{まだ解決していません。,返信がありません。}') END
  FROM deed d JOIN matter m USING (i)
 WHERE d.at < '2026-10-31 23:50' ORDER BY d.at, d.i, d.place;
SELECT (SELECT count(*) FROM aurora.tickets) AS tickets, (SELECT count(*) FROM aurora.ticket_events) AS events \gset
\echo :tickets tickets, :events events

-- Some say how that was: happier who was answered soon, and who was not asked to wait.
INSERT INTO aurora.surveys (survey, title) VALUES ('after_ticket', 'お問い合わせ対応アンケート');
INSERT INTO aurora.survey_questions (survey, question, "position", kind, wording, scale_low, scale_high, higher_is_better) VALUES
    ('after_ticket', 'helped', 1, 'csat', '今回の対応にご満足いただけましたか。', 1, 5, true),
    ('after_ticket', 'effort', 2, 'ces', '解決までの手間はいかがでしたか。', 1, 5, false);
CREATE TEMP TABLE asked_after AS
SELECT t.customer_id, t.ticket_id, t.closed_at + make_interval(hours => 4 + pg_temp.dice('says after', m.o, 40)) AS at, m.o,
       m.luck + 8 * m.busy + CASE t.resolution WHEN 'お断り' THEN 60 ELSE 0 END AS trouble
  FROM matter m
  JOIN aurora.tickets t ON t.customer_id = m.customer_id AND t.ticket_id = 'T-' || lpad(m.i::text, 5, '0')
 WHERE t.closed_at < '2026-10-29 00:00+09' AND pg_temp.dice('says', m.o, 100) < 34;
INSERT INTO aurora.survey_responses (customer_id, response_id, survey, responded_at, channel, ticket_id)
SELECT customer_id, 'S-' || ticket_id, 'after_ticket', at, 'email', ticket_id FROM asked_after ORDER BY ticket_id;
INSERT INTO aurora.survey_answers (customer_id, response_id, survey, question, score)
SELECT customer_id, 'S-' || ticket_id, 'after_ticket', q,
       CASE q WHEN 'helped' THEN 5 - least(4, greatest(0, (trouble + pg_temp.dice('mood', o, 60)) / 45))
              ELSE 1 + least(4, greatest(0, (trouble + pg_temp.dice('patience', o, 60)) / 50)) END
  FROM asked_after CROSS JOIN unnest('{helped,effort}'::text[]) q ORDER BY ticket_id, q;
SELECT count(*) AS answers FROM asked_after \gset
\echo :answers answers about tickets

-- --------------------------------------------------------------------------
-- A care plan that some pay for by the month, and give up; who recommended whom; what
-- is spent to win customers
-- --------------------------------------------------------------------------
INSERT INTO aurora.subscriptions (customer_id, subscription_id, started_at, product_id)
SELECT 'A' || lpad(n::text, 5, '0'), 'care', (joined + interval '30 days') AT TIME ZONE 'Asia/Tokyo', 'care plan'
  FROM person WHERE kind IN ('regular', 'vip') AND joined < '2026-07-01' AND pg_temp.dice('subscribes', n, 100) < 12 ORDER BY n;
INSERT INTO aurora.cancellation_requests (customer_id, request_id, subscription_id, requested_at, reason, offer, outcome, decided_at)
SELECT u.customer_id, 'C', u.subscription_id, r.at, pg_temp.pick('gives up', n, '{料金,使わなくなった,引っ越し}'), o.offer,
       CASE WHEN r.at < '2026-10-29 00:00+09' THEN CASE WHEN pg_temp.dice('stays', n, 100) < CASE WHEN o.offer IS NULL THEN 12 ELSE 45 END THEN 'saved' ELSE 'cancelled' END END,
       CASE WHEN r.at < '2026-10-29 00:00+09' THEN r.at + interval '1 day' END
  FROM aurora.subscriptions u
 CROSS JOIN LATERAL (SELECT substr(u.customer_id, 2)::integer AS n) k
 CROSS JOIN LATERAL (SELECT timestamptz '2026-08-01 10:00+09' + pg_temp.dice('gives up on', n, 130000) * interval '1 minute' AS at) r
 CROSS JOIN LATERAL (SELECT CASE WHEN pg_temp.dice('offered', n, 2) = 0 THEN '3か月半額' END AS offer) o
 WHERE pg_temp.dice('wants out', n, 100) < 60 AND r.at > u.started_at AND r.at < '2026-10-31 23:50+09' ORDER BY 1;
UPDATE aurora.subscriptions u SET cancelled_at = r.decided_at
  FROM aurora.cancellation_requests r WHERE r.customer_id = u.customer_id AND r.outcome = 'cancelled';
INSERT INTO aurora.referrals (customer_id, referrer_id, referred_at)
SELECT 'A' || lpad(p.n::text, 5, '0'), 'A' || lpad(r.n::text, 5, '0'), p.joined AT TIME ZONE 'Asia/Tokyo'
  FROM person p
 CROSS JOIN LATERAL (SELECT 1 + pg_temp.dice('friend', p.n, p.n) AS n) f
  JOIN person r ON r.n = f.n
 WHERE p.n > 100 AND r.n <> p.n AND pg_temp.dice('comes by a friend', p.n, 100) < CASE r.kind WHEN 'vip' THEN 40 WHEN 'regular' THEN 14 ELSE 3 END ORDER BY p.n;
INSERT INTO aurora.marketing_costs (month, sales_channel, aim, amount)
SELECT m::date, c.channel, c.aim, c.amount * (80 + pg_temp.dice(c.channel || c.aim, EXTRACT(epoch FROM m)::bigint, 41)) / 100
  FROM generate_series(timestamp '2026-01-01', '2026-10-01', '1 month') m
 CROSS JOIN (VALUES ('web', 'acquisition', 4800000), ('instagram', 'acquisition', 2200000), ('line', 'acquisition', 900000), ('line', 'retention', 600000), ('any', 'retention', 400000)) c (channel, aim, amount)
 ORDER BY 1, 2, 3;
SELECT (SELECT count(*) FROM aurora.cancellation_requests) AS requests, (SELECT count(*) FROM aurora.referrals) AS referrals \gset
\echo :requests requests to give up a subscription, :referrals recommendations

-- --------------------------------------------------------------------------
-- What is said elsewhere, by customers and by who knows whom; and what is answered
-- once for all. Reports may show what customers wrote.
-- --------------------------------------------------------------------------
INSERT INTO aurora.posts (post_id, customer_id, network, author, published_at, product_id, body)
SELECT 'P-' || lpad(i::text, 4, '0'), CASE WHEN pg_temp.dice('known', i, 3) = 0 THEN s.customer_id END, pg_temp.pick('network', i, '{instagram,instagram,instagram,x}'), '@aurora_fan_' || i, x.at, p.product_id,
       pg_temp.pick('posts', i, '{オーロラのネックレス、輝きがきれい。,新作の指輪が可愛い。お気に入り！,ピアスが軽くて毎日つけてる。,イヤーカフが外れやすいのが残念。,贈り物にしたら喜ばれた。,再入荷を待っています。,ペアで揃えたい。石の色も選べたらいいのに。,Beautiful earrings. I love them!}')
  FROM (SELECT i, timestamptz '2026-02-01 12:00+09' + i * interval '18 hours 7 minutes' AS at FROM generate_series(1, 360) i) x
  JOIN sold s ON s.o = 1000 + 7 * i
  LEFT JOIN LATERAL (SELECT q.product_id FROM piece q WHERE q.o = s.o AND q.line = 1 AND pg_temp.dice('tagged', i, 2) = 0) p ON true
 WHERE x.at < '2026-10-31 23:50+09' ORDER BY i;
INSERT INTO aurora.faq (question, answer, language, themes, valid, last_reviewed_at) VALUES
    ('指輪のサイズを交換できますか。', '未使用の指輪は、お届けから14日以内なら一度まで無料で交換します。送料は当店が負担します。', 'ja', '{size,exchange and return}', '[2025-03-01 00:00+09,)', '2026-08-20 10:00+09'),
    ('返品の方法を教えてください。', 'お届けから14日以内にご連絡ください。返送用の伝票をお送りします。', 'ja', '{exchange and return}', '[2025-03-01 00:00+09,)', '2026-03-02 10:00+09'),
    ('ギフト包装はできますか。', 'はい。ご注文の画面で「ギフトラッピング」をお選びください。', 'ja', '{gift,packaging}', '[2025-03-01 00:00+09,)', '2026-09-10 10:00+09');
UPDATE aurora.settings SET keeps_quotes = true;
SELECT (SELECT count(*) FROM aurora.posts) AS posts, (SELECT count(*) FROM aurora.faq) AS faq \gset
\echo :posts posts, :faq answers to what is often asked

-- What was done about what they said, and about nothing that there was; and what goes on.
INSERT INTO aurora.improvements (problem, action, owner, expected_effect, theme, reason, product_id, measures, started, finished) VALUES
    ('配送が遅い', '新しい倉庫から翌日に発送', '森', 'NPSを10ポイント上げる', 'delivery', '配送状況', NULL, '{NPS,CSAT,ticket share}', '2026-05-01', '2026-05-01'),
    ('指輪のサイズ交換が多い', '商品ページのサイズ表を作り直し', '佐藤', 'サイズ交換を半分に', NULL, 'サイズ交換', 'R-101', '{ticket share,return rate}', '2026-02-16', '2026-02-22'),
    ('ギフトの問い合わせが多い', 'ギフト包装の案内ページを公開', '谷', NULL, NULL, 'ギフト', NULL, '{ticket share}', '2026-09-14', NULL);

-- --------------------------------------------------------------------------
-- Points, since July 2025: a point per 100 yen; some pay with them
-- --------------------------------------------------------------------------
INSERT INTO aurora.points_campaigns (title, multiplier, bonus, category, tier, valid) VALUES
    ('ポイント2倍', 2, NULL, NULL, NULL, '[2025-12-01 00:00+09,2025-12-26 00:00+09)'),
    ('ネックレス 3倍', 3, NULL, 'necklace', NULL, '[2026-05-01 00:00+09,2026-05-11 00:00+09)'),
    ('VIP 500ポイント', NULL, 500, NULL, 'VIP', '[2026-06-01 00:00+09,2026-07-01 00:00+09)');
DO $$
DECLARE
    o record;
    has bigint;
BEGIN
    FOR o IN
        SELECT s.customer_id, s.order_id, s.o, s.goods, s.at AT TIME ZONE 'Asia/Tokyo' AS at
          FROM sold s
         WHERE s.at >= '2025-07-01' AND s.cancelled IS NULL
         ORDER BY s.o
    LOOP
        IF pg_temp.dice('pays with points', o.o, 100) < 40 THEN
            SELECT b.available / 100 * 100 INTO has FROM aurora.points_balance(o.customer_id, o.at) b;
            IF has > 0 THEN
                PERFORM aurora.redeem_points(o.customer_id, least(has, o.goods::bigint), 'pays for ' || o.order_id, o.order_id, o.at);
            END IF;
        END IF;
        PERFORM aurora.earn_points(o.customer_id, o.order_id, o.at);
    END LOOP;
    PERFORM aurora.expire_points('2026-10-31 23:59+09');
END
$$;
SELECT count(*) AS postings FROM aurora.point_postings \gset
\echo :postings postings of points

-- --------------------------------------------------------------------------
-- Hearings: ten calls in October, and what came of the first
-- --------------------------------------------------------------------------
SELECT FROM aurora.pick_phone_hearings('2026-10-01 10:00+09');
UPDATE aurora.hearings
   SET (result, called_at, agent_id, score, note) = (h.result, h.called_at, h.agent_id, h.score, h.note)
  FROM (VALUES
    (1, 'heard', timestamptz '2026-10-05 14:00+09', 'mori', 9, 'ペアで揃えたいので、同じ石のイヤリングがほしい。'),
    (2, 'heard', '2026-10-06 11:20+09', 'tani', 8, '配送は早くなった。箱をもう少し小さくしてほしい。'),
    (3, 'not_reached', '2026-10-06 15:30+09', 'mori', NULL, NULL),
    (4, 'heard', '2026-10-08 10:40+09', 'sato', 10, '母への贈り物も選びたい。相談できる窓口がありがたい。')
  ) h (place, result, called_at, agent_id, score, note)
 WHERE hearings.hearing_id = h.place;
SELECT FROM aurora.pick_phone_hearings('2026-10-09 10:00+09');
SELECT count(*) AS hearings FROM aurora.hearings \gset
\echo :hearings customers picked to be called

COMMIT;

SELECT format('ANALYZE %s', oid::regclass)
  FROM pg_class
 WHERE relnamespace = 'aurora'::regnamespace AND relkind = 'r'
 ORDER BY oid \gexec
SELECT aurora.refresh_rfm_cuts('2026-10-31 23:59+09') AS scored \gset
\echo :scored customers scored
SELECT count(aurora.refresh_outlook(m)) AS models
  FROM (SELECT generate_series(timestamp '2026-01-01 00:00', '2026-10-01 00:00', '1 month') AT TIME ZONE 'Asia/Tokyo' UNION ALL VALUES (timestamptz '2026-10-31 23:59+09')) m (m) \gset
\echo :models models of who comes back
SELECT aurora.match_voices() AS texts \gset
ANALYZE aurora.voice_matches;
\echo :texts texts of customers matched
INSERT INTO aurora.withheld_products (product_id, reason) VALUES ('G-001', 'a service');
SELECT aurora.refresh_related_products('2026-10-31 23:59+09') AS pairs \gset
\echo :pairs pairs of related products

-- What was sent since the middle of August, every day at four; some mailboxes are gone.
-- (Committed as it goes, as a mailer does: rows that one transaction claims and puts
-- aside a thousand times are passed over again each time.)
BEGIN;
INSERT INTO aurora.consents (customer_id, channel, purpose, at, given)
SELECT customer_id, 'email', 'marketing', joined_at + interval '1 day', false
  FROM aurora.customers WHERE pg_temp.dice('wants no mail', substr(customer_id, 2)::integer, 100) < 4;
INSERT INTO aurora.shipments (customer_id, order_id, carrier, tracking, expected_on)
SELECT customer_id, order_id, 'ヤマト運輸', 'Y' || translate(order_id, '-', ''), (shipped_at + interval '2 days')::date
  FROM aurora.orders WHERE shipped_at >= '2026-08-01 00:00+09';
UPDATE aurora.journeys SET content_values = '{"shop": "オーロラ", "coupon": "AURORA10"}';
COMMIT;
DO $$
DECLARE
    moment timestamptz;
    reported bigint;
BEGIN
    FOR moment IN SELECT generate_series(timestamptz '2026-08-15 16:00+09', '2026-10-31 16:00+09', '24 hours') LOOP
        LOOP
            SELECT count(aurora.complete_followup(c.followup_id,
                             CASE WHEN pg_temp.dice('mailbox', substr(c.customer_id, 2)::integer, 200) = 0 THEN 'undeliverable' ELSE 'sent' END,
                             c.claim_key, NULL, moment + interval '1 minute'))
              INTO reported
              FROM aurora.claim_followups(NULL, 500, 'mailer', '5 minutes', moment) c;
            COMMIT;
            EXIT WHEN reported = 0;
        END LOOP;
    END LOOP;
END
$$;
SELECT count(*) FILTER (WHERE outcome = 'sent') AS sent, count(*) FILTER (WHERE outcome = 'dropped') AS dropped FROM aurora.followups \gset
\echo :sent follow-ups sent, :dropped dropped

-- (as autovacuum leaves a shop)
SELECT format('VACUUM ANALYZE %s', oid::regclass)
  FROM pg_class
 WHERE relnamespace = 'aurora'::regnamespace AND relkind = 'r'
 ORDER BY oid \gexec
