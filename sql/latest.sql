-- The value of the latest instant.

-- The session is nobody's: no figure may depend on it.
SET client_min_messages = warning;
SET timezone = 'Pacific/Kiritimati';
SET datestyle = 'ISO, DMY';
SET intervalstyle = 'postgres';
\set SHOW_CONTEXT never
SET search_path = loyalcs, public;
SET timezone = 'Asia/Tokyo';

SELECT latest(v, at, tie)
  FROM (VALUES ('a', timestamptz '2026-03-02', 2), ('b', '2026-03-03', 1), ('c', '2026-03-03', 2), (NULL, '2026-03-04', 1), ('d', NULL, 1), ('e', '2026-03-03', NULL)) v (v, at, tie);
SELECT latest(NULL, now(), 1) IS NULL AS none;
SELECT latest_final(latest_combine(a, b)), latest_final(latest_combine(b, a)), latest_combine(a, NULL) IS NULL AS strict
  FROM (SELECT latest_accum(NULL, 'a', '2026-03-02', 1) AS a, latest_accum(NULL, 'b', '2026-03-03', 1) AS b) s;
SELECT latest_final('\x');
