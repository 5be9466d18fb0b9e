-- shop/health.sql
--
-- Is the shop itself well: what should have been done and was not, and what to do
-- about it.
-- Needs: settings, job_runs, own_breakdowns, customer_changes, orders, rfm, outlook, tiers, points_ledger, journeys, followups,
-- sla_warnings, escalations, voice_matches, imports.
--
-- What is found is found by health_checks(), in figures; what is said of it stands in
-- shop_health_in(), in words. A line is always there, so that a dashboard has its
-- place for it: where nothing is to be done it is fine, and says nothing to do.
--
-- Nightly work is late after a day and a half, so that a night that is longer by an
-- hour, or a run that is, is none; what is sent is late after an hour, what somebody is
-- to be told of after a quarter of an hour, and what a person does after a day.

--@ functions
-- (What waits in a queue waits now: it is gone from there when somebody has looked at it.)
CREATE OR REPLACE FUNCTION health_checks(as_of timestamptz)
RETURNS TABLE (place integer, area text, component text, severity text, cases bigint, since timestamptz, said text)
    LANGUAGE sql STABLE PARALLEL SAFE
    SET jit = off
BEGIN ATOMIC
    WITH shop AS MATERIALIZED (
        SELECT health_checks.as_of - interval '36 hours' AS a_night_ago, health_checks.as_of - interval '7 days' AS a_week_ago,
               EXISTS (SELECT FROM orders o WHERE o.ordered_at <= health_checks.as_of) AS has_orders
    ), jobs AS MATERIALIZED (
        SELECT j.place, j.job, r.ran_at
          FROM (VALUES (1, 'expire_points'), (2, 'refresh_kept_figures'), (3, 'refresh_rfm_cuts'), (4, 'refresh_outlook'), (5, 'match_voices'),
                       (6, 'refresh_kept_tickets'), (7, 'evaluate_tiers'), (8, 'settle_points'), (9, 'refresh_related_products')) j (place, job)
         CROSS JOIN LATERAL (SELECT max(r.started_at) AS ran_at
                               FROM job_runs r
                              WHERE r.job = j.job AND r.started_at <= health_checks.as_of) r
    )
    SELECT j.place, 'nightly job'::text, j.job,
           CASE WHEN j.ran_at < h.a_week_ago THEN 'alarm'
                WHEN j.ran_at >= h.a_night_ago THEN 'fine'
                WHEN j.ran_at IS NULL AND NOT h.has_orders THEN 'hint'
                ELSE 'warning' END,
           NULL::bigint, j.ran_at,
           CASE WHEN j.ran_at IS NULL THEN 'never' ELSE 'ran' END
      FROM jobs j
     CROSS JOIN shop h
    UNION ALL
    SELECT 10, 'follow-ups', NULL, CASE WHEN d.cases = 0::bigint THEN 'fine' WHEN d.since <= health_checks.as_of - interval '24 hours' THEN 'alarm' ELSE 'warning' END,
           d.cases, d.since, 'waiting'
      FROM (SELECT count(*) AS cases, min(d.due_at) AS since
              FROM followups_due_at(health_checks.as_of) d
             WHERE d.due_at <= health_checks.as_of - CASE WHEN EXISTS (SELECT FROM journey_steps s WHERE s.step = d.step AND s.kind = 'person')
                                                          THEN interval '24 hours' ELSE interval '1 hour' END) d
    UNION ALL
    SELECT 11, 'SLA warnings', NULL, CASE WHEN d.cases = 0::bigint THEN 'fine' ELSE 'warning' END, d.cases, d.since, 'waiting'
      FROM (SELECT count(*) AS cases, min(coalesce(w.queued_at, d.due_at)) AS since
              FROM sla_warnings_due_at(health_checks.as_of) d
              LEFT JOIN sla_warnings w
                ON w.customer_id = d.customer_id AND w.ticket_id = d.ticket_id AND w.metric = d.metric AND w.cycle = d.cycle AND w.state = d.state
               AND w.queued_at <= health_checks.as_of AND w.finished_at IS NULL
             WHERE CASE WHEN w.queued_at IS NOT NULL THEN w.claimable_at ELSE d.due_at END <= health_checks.as_of - interval '15 minutes') d
    UNION ALL
    SELECT 12, 'escalations', NULL, CASE WHEN d.cases = 0::bigint THEN 'fine' ELSE 'warning' END, d.cases, d.since, 'waiting'
      FROM (SELECT count(*) AS cases, min(d.due_at) AS since
              FROM escalations_due_at(health_checks.as_of) d
             WHERE d.due_at <= health_checks.as_of - interval '15 minutes') d
    UNION ALL
    SELECT 20, 'dispatchers', 'follow-ups', CASE WHEN l.cases = 0::bigint THEN 'fine' ELSE 'alarm' END, l.cases, l.since, 'run out'
      FROM (SELECT count(*) AS cases, min(f.lease_until) AS since
              FROM followups f
             WHERE f.finished_at IS NULL AND f.reported IS NULL AND f.lease_until <= health_checks.as_of - interval '15 minutes') l
    UNION ALL
    SELECT 21, 'dispatchers', 'warnings', CASE WHEN l.cases = 0::bigint THEN 'fine' ELSE 'alarm' END, l.cases, l.since, 'run out'
      FROM (SELECT count(*) AS cases, min(w.lease_until) AS since
              FROM sla_warnings w
             WHERE w.finished_at IS NULL AND w.reported IS NULL AND w.lease_until <= health_checks.as_of - interval '15 minutes') l
    UNION ALL
    SELECT 30, 'customer changes', r.reader, CASE WHEN c.cases = 0::bigint OR r.read_at > h.a_night_ago THEN 'fine' ELSE 'warning' END, c.cases,
           CASE WHEN c.cases > 0::bigint THEN r.read_at END,
           CASE WHEN r.reader IN ('followups', 'tiers', 'points', 'histories') THEN r.reader ELSE 'another' END
      FROM customer_change_readers r
     CROSS JOIN shop h
     CROSS JOIN LATERAL (SELECT (SELECT count(*) FROM unread_changes u WHERE u.reader = r.reader)
                                + (SELECT count(*) FROM customer_changes) AS cases) c
     WHERE r.read_at IS NOT NULL
    UNION ALL
    SELECT 31, 'voices', NULL, CASE WHEN v.cases = 0::bigint OR j.ran_at >= h.a_night_ago THEN 'fine' ELSE 'warning' END, v.cases,
           CASE WHEN v.cases > 0::bigint THEN j.ran_at END, 'waiting'
      FROM (SELECT count(*) AS cases FROM voice_changes) v
      JOIN jobs j ON j.job = 'match_voices'
     CROSS JOIN shop h
    UNION ALL
    SELECT 32, 'points to lapse', NULL, CASE WHEN l.cases = 0::bigint THEN 'fine' ELSE 'warning' END, l.cases, l.since, 'waiting'
      FROM shop h
     CROSS JOIN LATERAL (SELECT count(*) AS cases, min(l.expires_at) AS since
                           FROM point_lots l
                          WHERE l.is_open AND l.remaining > 0 AND l.expires_at <= h.a_night_ago) l
    UNION ALL
    SELECT 40, 'imports', NULL, 'fine', 0::bigint, NULL, 'none'
     WHERE NOT EXISTS (SELECT FROM import_rejects x)
    UNION ALL
    SELECT 40, 'imports', i.import_id::text, 'warning', x.cases, i.finished_at, 'rejects'
      FROM imports i
     CROSS JOIN LATERAL (SELECT pg_catalog.count(DISTINCT x.line) AS cases FROM import_rejects x WHERE x.import_id = i.import_id) x
     WHERE x.cases > 0::bigint AND i.finished_at <= health_checks.as_of
    UNION ALL
    SELECT 50, 'tiers', NULL,
           CASE WHEN NOT h.has_orders OR t.evaluated_at IS NOT NULL AND q.cases = 0::bigint THEN 'fine' ELSE 'warning' END,
           CASE WHEN t.evaluated_at IS NULL AND h.has_orders THEN (SELECT count(*) FROM customers c) ELSE q.cases END,
           q.since,
           CASE WHEN t.evaluated_at IS NULL THEN 'never' ELSE 'waiting' END
      FROM shop h
      LEFT JOIN tier_state t ON t.evaluated_at <= health_checks.as_of
     CROSS JOIN LATERAL (SELECT count(*) AS cases, min(q.review_at) AS since
                           FROM (SELECT q.review_at FROM tier_queue q WHERE q.review_at <= h.a_night_ago AND isfinite(q.review_at)
                                 UNION ALL
                                 SELECT t.review_at FROM tier_history t WHERE t.review_at <= h.a_night_ago) q) q
    UNION ALL
    SELECT 51, 'RFM cut points', NULL,
           CASE WHEN NOT h.has_orders OR k.as_of >= h.a_week_ago THEN 'fine' ELSE 'warning' END,
           k.customers, k.as_of,
           CASE WHEN k.as_of IS NULL THEN 'never' ELSE 'old' END
      FROM shop h
      LEFT JOIN LATERAL (SELECT k.as_of, k.customers
                           FROM rfm_cuts k
                          WHERE k.as_of <= health_checks.as_of
                          ORDER BY k.as_of DESC
                          LIMIT 1) k ON true
    UNION ALL
    SELECT 52, 'own breakdowns', NULL, CASE WHEN b.cases = 0::bigint THEN 'fine' ELSE 'warning' END, b.cases, NULL, 'problem'
      FROM (SELECT count(*) AS cases FROM own_breakdowns b WHERE b.problem IS NOT NULL) b
    UNION ALL
    SELECT 53, 'outlook', NULL,
           CASE WHEN NOT h.has_orders OR m.as_of >= h.a_week_ago AND m.problem IS NULL THEN 'fine'
                WHEN m.as_of >= h.a_week_ago AND (m.problem = 'too_few_repeat_buyers' OR m.expected_orders IS NOT NULL) THEN 'hint'
                ELSE 'warning' END,
           CASE WHEN m.problem = 'too_few_repeat_buyers' THEN m.repeat_buyers ELSE m.customers END, m.as_of,
           CASE WHEN m.as_of IS NULL THEN 'never'
                WHEN m.as_of < h.a_week_ago OR m.problem IS NULL THEN 'old'
                WHEN m.expected_orders IS NOT NULL THEN 'no money'
                WHEN m.problem = 'too_few_repeat_buyers' THEN 'too few'
                ELSE 'not found' END
      FROM shop h
      LEFT JOIN LATERAL (SELECT m.as_of, m.customers, m.repeat_buyers, m.problem, m.expected_orders
                           FROM outlook_models m
                          WHERE m.as_of <= health_checks.as_of
                          ORDER BY m.as_of DESC
                          LIMIT 1) m ON true
    UNION ALL
    SELECT 54, 'segments', NULL, CASE WHEN s.cases = 0::bigint THEN 'fine' ELSE 'hint' END, s.cases, NULL, 'not given'
      FROM (SELECT count(*) AS cases
              FROM own_rfm_cuts(health_checks.as_of) o
             CROSS JOIN journey_steps s
              JOIN journeys j ON j.journey = s.journey
             WHERE s.segments IS NOT NULL AND NOT pg_catalog.isempty(s.valid)
               AND coalesce(pg_catalog.upper(s.valid) > health_checks.as_of, true) AND coalesce(j.ended_at > health_checks.as_of, true)
               AND NOT s.segments OPERATOR(pg_catalog.<@) coalesce(o.segments, ARRAY(
                       SELECT loyalcs.rfm_segment(r, v, v) FROM generate_series(1, 5) r CROSS JOIN generate_series(1, 5) v))) s
    UNION ALL
    SELECT 60, 'journeys', NULL, CASE WHEN j.cases = 0::bigint THEN 'fine' ELSE 'hint' END, j.cases, NULL, 'not started'
      FROM (SELECT count(*) AS cases
              FROM journeys j
             WHERE (j.started_at IS NULL OR j.started_at > health_checks.as_of)
               AND EXISTS (SELECT FROM journey_steps s WHERE s.journey = j.journey AND NOT pg_catalog.isempty(s.valid))) j;
END;
COMMENT ON FUNCTION health_checks(timestamptz) IS
    'for shop_health: what was looked at, how bad it is, how many cases there are since when, and what is to be said of it';

CREATE OR REPLACE FUNCTION shop_health_in(lang text, as_of timestamptz)
RETURNS TABLE (
    severity text,
    area text,
    component text,
    finding text,
    to_do text,
    affected bigint,
    affected_since timestamptz
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT c.severity, c.area, c.component,
           pg_catalog.format(CASE WHEN n.ja THEN w.ja ELSE w.en END, n.shop, n.named, c.component, c.cases, t.since),
           CASE WHEN c.severity <> 'fine' THEN pg_catalog.format(CASE WHEN n.ja THEN w.do_ja ELSE w.do_en END, n.shop, n.named, c.component, c.cases, t.since) END,
           c.cases, c.since
      FROM (SELECT quote_ident(p.nspname::text) AS shop, quote_literal(p.nspname::text) AS named, s.time_zone,
                   coalesce(shop_health_in.lang = 'ja', false) AS ja
              FROM pg_catalog.pg_class c
              JOIN pg_catalog.pg_namespace p ON p.oid = c.relnamespace
             CROSS JOIN settings s
             WHERE c.oid = 'settings'::regclass::oid) n
     CROSS JOIN health_checks(shop_health_in.as_of) c
     CROSS JOIN LATERAL (SELECT CASE WHEN isfinite(c.since) THEN to_char(c.since AT TIME ZONE n.time_zone, 'YYYY-MM-DD HH24:MI') ELSE '-' END AS since) t
      -- %1$s the shop, %2$s its name as a literal, %3$s the component, %4$s cases, %5$s since
      JOIN (VALUES
        ('nightly job', 'never',
         'no run of it is known', '実行の記録がありません',
         'run it: SELECT %1$s.%3$s(); and have it run every night: SELECT * FROM loyalcs.schedule_shop(%2$s);',
         '実行してください: SELECT %1$s.%3$s(); 毎晩の実行は: SELECT * FROM loyalcs.schedule_shop(%2$s);'),
        ('nightly job', 'ran',
         'it last ran at %5$s', '最終実行 %5$s',
         'run it: SELECT %1$s.%3$s(); then see why nobody does every night: SELECT * FROM loyalcs.schedule_shop(%2$s); says what is to be scheduled',
         '実行してください: SELECT %1$s.%3$s(); 毎晩実行されない原因も確認してください。予定は SELECT * FROM loyalcs.schedule_shop(%2$s); でわかります'),
        ('follow-ups', 'waiting',
         'follow-ups that should have gone and have not: %4$s', '配信されるはずのフォロー %4$s件が残っています',
         'see that a dispatcher runs for each channel of SELECT channel, count(*) FROM %1$s.followups_due GROUP BY channel; loyalcs-dispatch --shop %1$s --dry-run shows what it would send',
         'チャネルごとにディスパッチャーが動いているか確認してください: SELECT channel, count(*) FROM %1$s.followups_due GROUP BY channel; 送られる内容は loyalcs-dispatch --shop %1$s --dry-run'),
        ('SLA warnings', 'waiting',
         'warnings that should have gone and have not: %4$s', '通知されるはずの期限警告 %4$s件が残っています',
         'see that loyalcs-dispatch --shop %1$s --sla runs; until then: SELECT * FROM %1$s.sla_warnings_due;',
         'loyalcs-dispatch --shop %1$s --sla が動いているか確認してください。内容は SELECT * FROM %1$s.sla_warnings_due;'),
        ('escalations', 'waiting',
         'escalations that should have gone and have not: %4$s', '通知されるはずの上申 %4$s件が残っています',
         'see that loyalcs-dispatch --shop %1$s --escalations runs; until then: SELECT * FROM %1$s.escalations_due;',
         'loyalcs-dispatch --shop %1$s --escalations が動いているか確認してください。内容は SELECT * FROM %1$s.escalations_due;'),
        ('dispatchers', 'run out',
         '%3$s held by workers whose time has run out: %4$s', '期限切れのまま担当ディスパッチャーに握られている配信が %4$s件あります',
         'start the dispatcher again that is gone; another one takes over what it held. Which one: SELECT worker, count(*) FROM %1$s.followups WHERE finished_at IS NULL AND lease_until < now() GROUP BY worker; or of %1$s.sla_warnings',
         '止まったディスパッチャーを再起動してください(残りは別のものが引き継ぎます)。どれかは: SELECT worker, count(*) FROM %1$s.followups WHERE finished_at IS NULL AND lease_until < now() GROUP BY worker; または %1$s.sla_warnings'),
        ('customer changes', 'followups',
         'changes of customers that are waiting: %4$s', '顧客の変更 %4$s件が未処理です',
         'see that a dispatcher runs: loyalcs-dispatch --shop %1$s; or say SELECT %1$s.queue_followups();',
         'ディスパッチャーが動いているか確認してください: loyalcs-dispatch --shop %1$s または SELECT %1$s.queue_followups();'),
        ('customer changes', 'tiers',
         'changes of customers that are waiting: %4$s', '顧客の変更 %4$s件が未処理です',
         'SELECT * FROM %1$s.evaluate_tiers();', 'SELECT * FROM %1$s.evaluate_tiers();'),
        ('customer changes', 'points',
         'changes of customers that are waiting: %4$s', '顧客の変更 %4$s件が未処理です',
         'SELECT * FROM %1$s.settle_points(); what it cannot settle it warns of, and keeps',
         'SELECT * FROM %1$s.settle_points(); 処理できないものは警告として表示され、残ります'),
        ('customer changes', 'histories',
         'changes of customers that are waiting: %4$s', '顧客の変更 %4$s件が未処理です',
         'SELECT %1$s.refresh_kept_figures(); figures are right without it, and slower',
         'SELECT %1$s.refresh_kept_figures(); 実行しなくても数字は正しく、遅くなるだけです'),
        ('customer changes', 'another',
         'changes of customers that are waiting: %4$s', '顧客の変更 %4$s件が未処理です',
         'see that whoever takes changes as this reader does so: %1$s.take_customer_changes(); after 30 days it begins anew with everyone',
         'この名前で変更を受け取る処理が動いているか確認してください: %1$s.take_customer_changes() 30日を過ぎると全員分からやり直しになります'),
        ('voices', 'waiting',
         'texts that nobody has looked at yet: %4$s', 'お客様の声 %4$s件が未分類です',
         'SELECT %1$s.match_voices();', 'SELECT %1$s.match_voices();'),
        ('points to lapse', 'waiting',
         'lots of points that have lapsed and are not in the books yet: %4$s', '失効済みで未計上のポイントが %4$s口あります',
         'SELECT * FROM %1$s.expire_points();', 'SELECT * FROM %1$s.expire_points();'),
        ('imports', 'none',
         'nothing is left that could not be taken', '取り込めなかった行はありません', NULL, NULL),
        ('imports', 'rejects',
         'lines of import %3$s that could not be taken: %4$s', '取り込み %3$s で取り込めなかった行が %4$s行あります',
         'mend these lines of the file, and give it again: SELECT line, column_name, value, problem FROM %1$s.import_rejects WHERE import_id = %3$s ORDER BY line;',
         'ファイルの該当行を直し、もう一度取り込んでください: SELECT line, column_name, value, problem FROM %1$s.import_rejects WHERE import_id = %3$s ORDER BY line;'),
        ('tiers', 'never',
         'tiers have never been evaluated', '会員ランクはまだ判定されていません',
         'SELECT * FROM %1$s.evaluate_tiers();', 'SELECT * FROM %1$s.evaluate_tiers();'),
        ('tiers', 'waiting',
         'customers to be looked at again: %4$s', '再判定を待つお客様 %4$s人',
         'SELECT * FROM %1$s.evaluate_tiers();', 'SELECT * FROM %1$s.evaluate_tiers();'),
        ('RFM cut points', 'never',
         'none are kept: every score reads all orders', '区切りが保存されていません(毎回すべての注文を読みます)',
         'SELECT %1$s.refresh_rfm_cuts();', 'SELECT %1$s.refresh_rfm_cuts();'),
        ('RFM cut points', 'old',
         'they are of %5$s', '区切りは %5$s 時点のものです',
         'SELECT %1$s.refresh_rfm_cuts();', 'SELECT %1$s.refresh_rfm_cuts();'),
        ('own breakdowns', 'problem',
         'breakdowns of the shop''s own that cannot be read: %4$s', '読み取れない独自の切り口 %4$s件',
         'see why: SELECT breakdown, problem FROM %1$s.own_breakdowns WHERE problem IS NOT NULL; mend what they read, then SELECT %1$s.refresh_breakdowns();',
         '原因を確認してください: SELECT breakdown, problem FROM %1$s.own_breakdowns WHERE problem IS NOT NULL; 直したら SELECT %1$s.refresh_breakdowns();'),
        ('outlook', 'never',
         'no model is kept: nothing is forecast', 'モデルが保存されていません(予測は出ません)',
         'SELECT %1$s.refresh_outlook();', 'SELECT %1$s.refresh_outlook();'),
        ('outlook', 'old',
         'the model is of %5$s', 'モデルは %5$s 時点のものです',
         'SELECT %1$s.refresh_outlook();', 'SELECT %1$s.refresh_outlook();'),
        ('outlook', 'too few',
         'nothing is forecast: fewer than 30 customers have bought again: %4$s', '予測は出ません: 再購入されたお客様がまだ30人未満です(%4$s人)',
         'wait; it comes by itself with SELECT %1$s.refresh_outlook(); of every night',
         'お待ちください。人数が足りれば毎晩の SELECT %1$s.refresh_outlook(); で予測が出ます'),
        ('outlook', 'no money',
         'orders are forecast, and no money: what followed first orders tells too little', '注文数だけ予測し、金額は予測できません(2回目以降の注文が少なすぎるか、金額の違いが小さすぎます)',
         'if orders after the first mostly come to nothing, that is all; else wait, or UPDATE %1$s.settings SET outlook_penalty = 1; then SELECT %1$s.refresh_outlook();',
         '2回目以降の注文がほとんど0円なら、このままで構いません。そうでなければお待ちいただくか、UPDATE %1$s.settings SET outlook_penalty = 1; のあと SELECT %1$s.refresh_outlook();'),
        ('outlook', 'not found',
         'the model of %5$s could not be fitted: customers are too much alike', '%5$s 時点のモデルを求められませんでした(お客様の違いが小さすぎます)',
         'a larger penalty finds one: UPDATE %1$s.settings SET outlook_penalty = 1; then SELECT %1$s.refresh_outlook();',
         '罰則を大きくすると求められます: UPDATE %1$s.settings SET outlook_penalty = 1; そのあと SELECT %1$s.refresh_outlook();'),
        ('segments', 'not given',
         'steps that name a segment which no customer can be in: %4$s', 'どのお客様にも付かないセグメントを指定したステップ %4$s件',
         'compare the names: SELECT step, segments FROM %1$s.journey_steps WHERE segments IS NOT NULL; with SELECT DISTINCT segment FROM %1$s.rfm_segment_rules WHERE valid @> now(); and those of loyalcs.rfm_segment()',
         '名前を見比べてください: SELECT step, segments FROM %1$s.journey_steps WHERE segments IS NOT NULL; と SELECT DISTINCT segment FROM %1$s.rfm_segment_rules WHERE valid @> now(); および loyalcs.rfm_segment() の名前'),
        ('journeys', 'not started',
         'journeys that are not started, and send nothing: %4$s', '開始していない配信シナリオ %4$s件(何も送られません)',
         'see what would begin: SELECT journey, step, anchor, delay FROM %1$s.journey_steps; then SELECT * FROM %1$s.start_journeys();',
         '内容を確認してから始めてください: SELECT journey, step, anchor, delay FROM %1$s.journey_steps; 開始は SELECT * FROM %1$s.start_journeys();')
      ) w (area, said, en, ja, do_en, do_ja) ON w.area = c.area AND w.said = c.said
     ORDER BY pg_catalog.array_position('{alarm,warning,hint,fine}'::text[], c.severity), c.place, c.component;
END;
COMMENT ON FUNCTION shop_health_in(text, timestamptz) IS
    'shop_health in a language: ja, or else English';

CREATE OR REPLACE FUNCTION shop_health_at(as_of timestamptz)
RETURNS TABLE (
    severity text,
    area text,
    component text,
    finding text,
    to_do text,
    affected bigint,
    affected_since timestamptz
)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT h.severity, h.area, h.component, h.finding, h.to_do, h.affected, h.affected_since
      FROM shop_health_in((SELECT s.language FROM settings s), shop_health_at.as_of) h;
END;
COMMENT ON FUNCTION shop_health_at(timestamptz) IS
    'whether the shop itself is well, worst first, in its language (settings.language): when each nightly job last ran, follow-ups, warnings and escalations that should have gone and have not, workers that are gone, what waits in queues, imports with rejects, tiers not evaluated, cut points and models of the outlook older than a week or not there, breakdowns of the shop''s own that cannot be read, steps for segments that nobody can be in, journeys not started; each with what to do, and fine where nothing is to be done. What waits in a queue is as it is now, whatever as_of';
