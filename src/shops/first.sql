-- first.sql
--
-- What a shop of 0.1.0 is, which kept no record of its parts: create_shop makes
-- that record when it meets such a shop.  Nothing is ever added here.
-- Needs: records, tables.

-- @key_type@ is the type of customer_id; the digest of its comment tells a
-- comment of ours from one of the brand's.
CREATE FUNCTION loyalcs.shop_first_functions(OUT name text, OUT identity text, OUT comment_digest text)
RETURNS SETOF record
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $first$
    VALUES
    ('adjust_points', '@key_type@, bigint, text, text, timestamp with time zone, timestamp with time zone', '0f1aa57f8b31cc0c7f49780d85b8f4ec'),
    ('asked_between', '@key_type@, timestamp with time zone, timestamp with time zone', '24f2c8726900827949c123e94326b77c'),
    ('birthday_anchors', 'text, date, date', 'd89b440b7b9065907e57314fa38bf619'),
    ('check_answer', '', 'f11f24176199fc58da91abb169dc65d0'),
    ('check_breakdown', 'text', 'c7700a8c9b55f3e417ac11f4ded6b76f'),
    ('check_claim', 'text, text, integer, interval', '63c4247eacda541c4977cc8a8739d86e'),
    ('check_consent', '', '65318c105a3e793bac1a74ac787a1be5'),
    ('check_contact_rule', '', 'b305b6e3143a5ab71f2c1ae3fd268a7e'),
    ('check_hours', '', '6aabdec716127963fdf0d58042cb3a9f'),
    ('check_ledger_is_kept', '', '5652d3403282c2f298a5cee27b9bd2db'),
    ('check_log_is_kept', '', 'a609a55506d39bde844df73514e58dfc'),
    ('check_merge', '', '43412c7477d2e5418ad708099090ac19'),
    ('check_offer_limits', 'timestamp with time zone, integer, integer, interval', '1868e1371e16638de93738300be5ab01'),
    ('check_points', 'bigint', '243f1387ee8a2e6861881a1a18e38c49'),
    ('check_points_campaign', '', '1a44b587f34c862ab2e18cd71773cc21'),
    ('check_points_rule', '', 'bb230f4eb2bbd45f3a78cbd929747819'),
    ('check_policy_set', 'text', '92607cbd7ec5377956346625058769a9'),
    ('check_posting_key', 'text, text', '0bae7def1b5f624bc5aada35040047d6'),
    ('check_question', '', '800d6b142e286547396bbdb5266131f7'),
    ('check_read_committed', 'text', '70b2fba7a1671ef99de7ef64476835ef'),
    ('check_response', '', '230b61d3726b5dd6fb939a50f5d3eb4d'),
    ('check_reversible', '@key_type@, bigint, bigint', '0e8e589e8bf56f22929b390ac4e8ea39'),
    ('check_sla_breakdown', 'text', '73d8b9e84da288c9829427d746c426a4'),
    ('check_sla_policy', '', '23146752ea0b9643b89e181362342930'),
    ('check_template', '', 'e74febb9eeba76f129290ae2914a0c74'),
    ('check_tier_rule', '', 'f9a9a80faf7e324442b7157299597683'),
    ('claim_followups', 'text, integer, text, interval, timestamp with time zone', '2bf90c7f2f4bf12503b2dfb3f537b847'),
    ('claim_sla_warnings', 'text, integer, text, interval, timestamp with time zone', 'b1fe09a39f03d1806423d70ecfdb3fa4'),
    ('complete_followup', 'bigint, text, text, text, timestamp with time zone', '9e102e8f97499dd18887e94877169c43'),
    ('complete_sla_warning', 'bigint, text, text, text, timestamp with time zone', '56d5fb1703a1c685566cafa692b0d8d6'),
    ('counted_orders_at', 'timestamp with time zone', '4d885df6e7a02247fcf5604c448582d4'),
    ('customer_benefits', '@key_type@, timestamp with time zone', '886f3f37e7f084d5d05590931e9502d7'),
    ('customer_breakdown', 'text, timestamp with time zone', '25ecf9128827f7a74be05a5323d716a8'),
    ('customer_breakdowns', '', '3f061e0033fe5528f7aa588b5cc19647'),
    ('customer_purchases_at', 'timestamp with time zone', '561c44b3b90acdb3877411b244fa81cc'),
    ('customer_retention_at', 'timestamp with time zone', 'f2f9dfdc1207a8bcbe318a7520465d78'),
    ('customer_retention_by', 'text, timestamp with time zone', '123569d11d727f64897dbbd13a68687b'),
    ('customer_rfm', '@key_type@, timestamp with time zone', '4d30c963a802ae344b30a8652285691f'),
    ('customer_tier', '@key_type@, timestamp with time zone', '2a438dd1246cda66a55a8499ddeb8c02'),
    ('customer_value_at', 'timestamp with time zone', '543bdb521c26acb5fb03ab429af25d10'),
    ('delay_in_words', 'interval', '1a0a29f48c7cf2a9f925478b4f6beca3'),
    ('draw_survey_wave', 'text, double precision, bigint, interval, timestamp with time zone, text, interval', 'e175b0bb6538aad56a943428962d18d0'),
    ('earn_points', '@key_type@, text, timestamp with time zone', '5671510c0d0c5df81a88a99d9c037ca5'),
    ('evaluate_tiers', 'timestamp with time zone, boolean', '228f0247bf8e57984521cf27e5754187'),
    ('expire_lapsed_points', '@key_type@[], timestamp with time zone', 'c92e37184374eb8c3b3892d1c300c3c4'),
    ('expire_points', 'timestamp with time zone', '989f4c5715f7836f5579cd95347775bc'),
    ('fill_tier', '', 'b2b42bb5a3233f17822332eb530aa9e9'),
    ('first_reply_overdue_at', 'timestamp with time zone', 'f1ec28b96ac69374ba7f292082c2e3e5'),
    ('followup_effect_at', 'timestamp with time zone', '0ce32f3de3655049fd6082fd7d536823'),
    ('followup_hindrance', '@key_type@, text, boolean, timestamp with time zone, text, text, text, boolean, boolean, timestamp with time zone, loyalcs.business_hours, timestamp with time zone', '6d2cb59f4e98078b6483b87492b422a9'),
    ('followups_considered', 'timestamp with time zone, interval', '777794a0a89b0a3171e7347e48e60607'),
    ('followups_due_at', 'timestamp with time zone', '12fabe6df08d656e67477c304743614f'),
    ('followups_failed_at', 'timestamp with time zone', '58c0123c220078166a3d13a802e8a980'),
    ('followups_suppressed_at', 'timestamp with time zone', 'e1539d1c45862200d0a0c265fa7d4647'),
    ('give_points_back', '@key_type@, bigint, bigint, text, timestamp with time zone', 'ede5e8ac8a1ac1bca7534bf682c2d3a5'),
    ('keep_closed_at', '', '23ad714454812d35a0cb18cf8b697a08'),
    ('keep_refunded', '', 'a9d554b79b785965d5c8344473835f38'),
    ('keep_tier_cuts', 'timestamp with time zone', '0a9326f22192dd9c33899baae203e9d3'),
    ('lapsing_customers_at', 'timestamp with time zone', '9342c540163415ef5046e2a9ac176447'),
    ('large_baskets', 'timestamp with time zone, integer', '04d5760bd8f884c448769a63d9e39a6c'),
    ('lock_points', '@key_type@, text, text, bigint, text, timestamp with time zone', 'ed3797eb587ef4fe133698515ad768d5'),
    ('move_points', '@key_type@, bigint, timestamp with time zone, boolean', '981142efa5852b02d848f7af79d864cf'),
    ('next_deadline', '@key_type@, text, timestamp with time zone', 'b1605cf2acc80e5dfe5d1ef45944f58b'),
    ('next_followup_at', 'text, timestamp with time zone', 'a0748169c80ffea2d74037e9001f6eaa'),
    ('next_offers', '@key_type@, integer, timestamp with time zone', '3897aeb69661a69e15e4dbdc85ad3c56'),
    ('next_sla_warning_at', 'text, timestamp with time zone', '0acb87dff4066a3da03266b72ff0a07f'),
    ('notify_followups', '', '29e0379912459ee4890d134f1c214d71'),
    ('numbered_orders_at', 'timestamp with time zone', 'ca05fedac24057634a5970cc012ee71d'),
    ('numbered_orders_by', 'text, timestamp with time zone', '0abfb079375b0b15d3b86be5efaccb04'),
    ('offers_in_words', '@key_type@, timestamp with time zone', '874cd0b5d5a9aaa8c65230ecd7b9ec3a'),
    ('open_point_lots_at', 'timestamp with time zone', '6948a675b504e0aa5d8fd931b22fbb6c'),
    ('order_kept', '@key_type@, text', '2cab8d7784a063e5dbb2ecffe1cb4f4b'),
    ('order_ladder_at', 'timestamp with time zone', 'a6e30dffe76c63070fe97124ff8ab1af'),
    ('order_ladder_by', 'text, timestamp with time zone', 'e4d9cafdbb54dd9f1f807f0724844449'),
    ('pay_points', '@key_type@, text, bigint, text, text, text, timestamp with time zone', 'ba4000cb59b7505696888ab9efced5ca'),
    ('phone_hearing_candidates', 'timestamp with time zone', 'e9115481c77414c0048819b781f983df'),
    ('phone_hearings_at', 'timestamp with time zone', '64420576b457d215fa47502666f7819c'),
    ('pick_phone_hearings', 'timestamp with time zone, integer', 'a7a1e3dd2c84d6e50dc0376cf817c17f'),
    ('points_audit', '@key_type@', 'ea3a73920ec8ccce847b74a70dd937ec'),
    ('points_balance', '@key_type@, timestamp with time zone', 'aa913afefe22877d4fd17e7816e32266'),
    ('points_expiring_at', 'timestamp with time zone', '8086658865fede8e589afc2d62e6fce2'),
    ('points_for_order', '@key_type@, text', 'd388305623df9e14723e31b0190a71e7'),
    ('points_last_until', 'timestamp with time zone, interval, text', '2d8345521fc316fd08de3563e710c894'),
    ('points_left_of', 'bigint, numeric, numeric, timestamp with time zone', '5158d8d3ef405a451b5d8ca5eb849528'),
    ('points_liability_at', 'timestamp with time zone', 'a579967cc45c7ec3b4765525ac7dba23'),
    ('points_reversible', '@key_type@, bigint', '7a42971050c9ced1b5d751efcde11205'),
    ('points_statement_at', 'timestamp with time zone', '2cbf63612b76c266ed04397842c8e07d'),
    ('points_usable_from', 'timestamp with time zone, interval, text', 'b5a0600afd0cb3109d8cacbaad9fefaa'),
    ('queue_followups', 'timestamp with time zone', '08f98b1949bbd81ec9ca9d4e1a9fcadc'),
    ('queue_sla_warnings', 'timestamp with time zone', 'ff382df23ffecb25c9204cfa5751a027'),
    ('queue_tiers', '', 'bddd65e89d20753aff480331b47d6f9d'),
    ('record_ticket_event', '@key_type@, text, text, timestamp with time zone, text, text, text', 'cb5eaf821aa4295e520ee157f044be86'),
    ('redeem_points', '@key_type@, bigint, text, text, timestamp with time zone', '0a20656579c234347bcb1296e703c283'),
    ('refresh_closed_at', '@key_type@, text', '87b0f547d282bfd3bc74646f418d313e'),
    ('refresh_related_products', 'timestamp with time zone, integer, integer, interval', '44a8231712f61f7105e6044bad05bfe2'),
    ('refresh_rfm_cuts', 'timestamp with time zone', 'da976782ba82f412accbe895323aad38'),
    ('release_followup', 'bigint, text, timestamp with time zone', '4a5f51662222b9093d080e3ff782203a'),
    ('release_sla_warning', 'bigint, text, timestamp with time zone', '8792767cf469f0f610806ab5730c88f4'),
    ('render_template', 'text, text, jsonb', 'a8d43b83e67de614034550a1afbf615c'),
    ('repeat_rate_at', 'timestamp with time zone', '8f59bce60617df241387cb82bd7279db'),
    ('repeat_rate_by', 'text, timestamp with time zone', 'd911490b785f47ebb90caf6bec0d927f'),
    ('reported_attempt', 'text, bigint, integer, text, text', '6a4d50466e2296527d33fd97236a44d5'),
    ('retention_cohorts_at', 'timestamp with time zone', '94e44fe8b59a890bb6d9c9cb1aa34138'),
    ('retention_cohorts_by', 'text, timestamp with time zone', '59bb330fc9bdfbbcbca953debdf28572'),
    ('retry_followup', 'bigint, timestamp with time zone', 'c471f41ac80f8ba2d59849a30fc0fd01'),
    ('revenue_mix_at', 'timestamp with time zone', 'c7749b2f61ee10a6049fbc40988ef33b'),
    ('revenue_mix_by', 'text, timestamp with time zone', 'ef02b05ce9a837cc85b53b3d196cfe31'),
    ('reverse_order_points', '@key_type@, text, timestamp with time zone', '0d29d4720532590031d6d22f5cb8dd2d'),
    ('reverse_points', '@key_type@, bigint, bigint, text, timestamp with time zone', 'd9d440b8139d8e4a9caaaa6d41b9ddd9'),
    ('rfm_at', 'timestamp with time zone', 'e613b0a013f63ca9713cd97b19017d7d'),
    ('rfm_segments_at', 'timestamp with time zone', 'd86b8d9c06fcfacbc0498d7b69a7b802'),
    ('sample_place', 'text, text', '86810cc3907a3ccd3e4658664a299ec3'),
    ('sla_attainment_at', 'timestamp with time zone', '7e83710a52d9e027295e2eef1fb9c489'),
    ('sla_attainment_by', 'text, timestamp with time zone', '30588fdc83b5fbd90b9ebf3de4cc8161'),
    ('sla_attainment_of', 'text, text, timestamp with time zone', '403213093a56fda8c32ecbac13ae08ec'),
    ('sla_attainment_under', 'text, timestamp with time zone', '868d3febd5ac88afcd0636f3eab2d50a'),
    ('sla_board_at', 'timestamp with time zone', '6e50a15eabfcb3fc17f93c7e564ad6b1'),
    ('sla_breaches_at', 'timestamp with time zone', '52c5f05b515f698687134225f85464d0'),
    ('sla_status_at', 'timestamp with time zone', '4fdd24b0f12cafc973c8d3c95aab1c1d'),
    ('sla_status_of', 'text, boolean, timestamp with time zone', 'b64b2095ec879ad0d02674a5900c250e'),
    ('sla_warnings_due_at', 'timestamp with time zone', '8d9e43c196b0039cfd06fca23e658fc2'),
    ('survey_hindrance', '@key_type@, text, timestamp with time zone, timestamp with time zone, boolean, timestamp with time zone', '453fe156ad941cd8278547f02bfd4f2d'),
    ('survey_scores_at', 'timestamp with time zone', 'ea39e7fe6bf42983df6e65fafc218539'),
    ('survey_scores_by', 'text, timestamp with time zone', '6237349871fd4043dfc70f6c4250beb6'),
    ('take_points', '@key_type@, bigint, bigint, bigint, timestamp with time zone', '9ab15a57471711dd65b2b08922c5fb24'),
    ('take_points_back', '@key_type@, bigint, bigint, text, timestamp with time zone', 'e1f060798630cea14930efca4d5ea69e'),
    ('template_for', 'text, text', '5b1162000995e295a3d41da3bb98961d'),
    ('ticket_clocks_at', 'timestamp with time zone', 'fc9e25a4d3aef6f702571058fedee8a7'),
    ('ticket_clocks_of', 'boolean, timestamp with time zone', '3b385fb3ba8b4f22b5d5fcdc874aafdf'),
    ('tier_basis', 'timestamp with time zone', '2f28d3369cb310fea5f296bfcee9ddc6'),
    ('tier_entries_of', 'timestamp with time zone', '8bf5c14787066dea9c0689d1ac4a7dcb'),
    ('tier_message', 'text, text, text, numeric, bigint, timestamp with time zone, text, text', '35e5d291e7ef7c38b69d1e19faa28aa7'),
    ('tier_message_ja', 'text, text, text, numeric, bigint, timestamp with time zone, text, text', '1f4c6af61f882a84eba20de4b3f7a50c'),
    ('tier_money', 'numeric, text, boolean', '189fa5b625bb61320c2662943dd90051'),
    ('tier_movements_at', 'timestamp with time zone', 'bb06471d7c2ef50a848ada994d660aa9'),
    ('tier_progress_at', 'timestamp with time zone', '18a402aaa691fde623ab96cf92752951'),
    ('tier_rule_set', 'timestamp with time zone', '808b5c5c29f52f42d90eab440ba8d525'),
    ('tier_spans_of', 'timestamp with time zone', '10c6fbc7fd26fd611c9bd78a64e0e905'),
    ('tier_summary_at', 'timestamp with time zone', '7e2ed2ef5fc4729b01b9b9be24ec49bd'),
    ('tiers_are_queued', '', 'dcdc20f24af0b51f3dfa8cf1df78d4e9'),
    ('top_customers_share_at', 'timestamp with time zone', 'dfc365c7e56df7b9457a5d24f0ec554d'),
    ('write_tiers', '@key_type@[], timestamp with time zone', '1a1d443be4d305cde98c6e3ddcb2f59e'),
    ('years_as_customer', 'timestamp with time zone, timestamp with time zone', 'd9fef329ba7c57d3eda76b5099a4d603')
$first$;
COMMENT ON FUNCTION loyalcs.shop_first_functions() IS
    'the functions of a shop as loyalcs 0.1.0 made it: name, types of the arguments, digest of the comment';

-- By these, and by its comment if a dump has kept it, such a shop is known.
CREATE FUNCTION loyalcs.shop_first_settings() RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $first$
    SELECT '{singleton boolean,
          time_zone text,
          currency text,
          language text,
          significance double precision,
          lapsing_after double precision,
          lost_after double precision,
          own_tables text[],
          created_at timestamp with time zone}'::text[]
$first$;
COMMENT ON FUNCTION loyalcs.shop_first_settings() IS
    'the columns of the table settings of a shop of loyalcs 0.1.0, with their types';

CREATE FUNCTION loyalcs.shop_record_first(shop text, key_type text, time_zone text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    schema constant oid := quote_ident(shop)::regnamespace;
    own text[];
    item record;
    made record;
BEGIN
    EXECUTE format('SELECT s.own_tables FROM ONLY %I.settings s', shop) INTO own;

    -- The list could be written by anybody of level admin: what it calls the
    -- shop's own has to look like it.
    FOR item IN
        SELECT p.name, p.relation, c.oid,
               replace(replace(p.script, '@key_type@', key_type), '@time_zone@', quote_literal(time_zone)) AS script
          FROM loyalcs.shop_parts() p
          JOIN pg_class c ON c.relnamespace = schema AND c.relname = p.relation::name AND c.relkind = 'r'
         WHERE p.kind = 'table' AND p.relation = ANY (own)
         ORDER BY p.part
    LOOP
        made := loyalcs.shop_table_columns(shop, item.relation, ARRAY[item.script]);
        IF made.constraints <@ ARRAY(SELECT k.conname::text FROM pg_constraint k WHERE k.conrelid = item.oid) THEN
            PERFORM loyalcs.shop_record(shop, item.name, true, NULL::text, NULL::text,
                                        made.columns, NULL::text, NULL::text[], NULL::text);
        ELSE
            own := array_remove(own, item.relation);
        END IF;
    END LOOP;

    FOR item IN
        SELECT p.name FROM loyalcs.shop_parts() p
         WHERE p.kind = 'reference' AND p.name !~ ' [0-9]+\.[0-9.]+( [0-9]+)?$'
           AND p.relation = ANY (own) AND p.other = ANY (own)
    LOOP
        PERFORM loyalcs.shop_record(shop, item.name, true, NULL::text, NULL::text,
                                    NULL::text[], NULL::text, NULL::text[], NULL::text);
    END LOOP;

    FOR item IN
        SELECT concat('function ', f.name) AS part, replace(f.identity, '@key_type@', key_type) AS identity,
               obj_description(p.oid, 'pg_proc') AS comment, f.comment_digest, p.proconfig
          FROM loyalcs.shop_first_functions() f
          JOIN pg_proc p ON p.oid = loyalcs.shop_function(schema, f.name, replace(f.identity, '@key_type@', key_type))
    LOOP
        PERFORM loyalcs.shop_record(shop, item.part, true, NULL::text, item.identity,
                                    NULL::text[], NULL::text,
            -- all that 0.1.0 set anywhere
            ARRAY(SELECT s FROM unnest(item.proconfig) s
                   WHERE split_part(s, '=', 1) IN ('search_path', 'plan_cache_mode', 'TimeZone', 'DateStyle')),
            CASE WHEN md5(item.comment) = item.comment_digest THEN item.comment END);
    END LOOP;

    FOR item IN
        SELECT concat('view ', left(f.name, -3)) AS part,
               CASE WHEN md5(v.comment) = f.comment_digest THEN v.comment END AS comment
          FROM loyalcs.shop_first_functions() f
          JOIN pg_class c ON c.relnamespace = schema AND c.relname = left(f.name, -3)::name AND c.relkind IN ('v', 'm')
         CROSS JOIN LATERAL (SELECT obj_description(c.oid, 'pg_class') AS comment) v
         WHERE f.name LIKE '%\_at'
    LOOP
        PERFORM loyalcs.shop_record(shop, item.part, true, NULL::text, NULL::text,
                                    NULL::text[], NULL::text, NULL::text[], item.comment);
    END LOOP;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_record_first(text, text, text) IS
    'writes the record of the parts that a shop of 0.1.0 has';

-- 0.1.0 did not write down who has which level; the privileges tell.
CREATE FUNCTION loyalcs.shop_record_first_grants(shop text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    schema constant oid := quote_ident(shop)::regnamespace;
    own text[];
    found_levels text;
BEGIN
    EXECUTE format('SELECT s.own_tables FROM ONLY %I.settings s', shop) INTO own;
    EXECUTE format($query$
        WITH levels AS (
            INSERT INTO %I.shop_grants (role, level)
            SELECT pg_get_userbyid(u.grantee)::text,
                   CASE WHEN 'DELETE' = ANY (t.privileges) THEN 'admin'
                        WHEN 'INSERT' = ANY (t.privileges) THEN 'service'
                        ELSE 'report' END
              FROM pg_namespace n
             CROSS JOIN LATERAL aclexplode(n.nspacl) u
             CROSS JOIN LATERAL (
                       SELECT array_agg(a.privilege_type) AS privileges,
                              bool_or(c.relname = 'settings' AND a.privilege_type = 'SELECT') AS reads
                         FROM pg_class c
                        CROSS JOIN LATERAL aclexplode(c.relacl) a
                        WHERE c.relnamespace = n.oid AND c.relname::text = ANY ($2) AND a.grantee = u.grantee) t
             WHERE n.oid = $1 AND u.grantee NOT IN (0, n.nspowner) AND u.privilege_type = 'USAGE' AND t.reads
            RETURNING role, level
        )
        SELECT string_agg(format('%%I %%s', l.role, l.level), ', ' ORDER BY l.role) FROM levels l
        $query$, shop)
       INTO found_levels
      USING schema, own;
    IF found_levels IS NOT NULL THEN
        RAISE NOTICE 'roles of shop %, by what 0.1.0 gave them: %', quote_ident(shop), found_levels
            USING HINT = 'Call grant_shop for whoever is to have another level.';
    END IF;
END
$$;
COMMENT ON FUNCTION loyalcs.shop_record_first_grants(text) IS
    'writes down which role has which level in a shop of 0.1.0, going by its privileges';
