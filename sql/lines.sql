-- Text that leaves in a format of lines: one line, plain lines, a plain address.

SET client_min_messages = warning;
SET search_path = loyalcs;

SELECT one_line('  as it   stands ') = '  as it   stands ' AS untouched, one_line('') = '' AS empty, one_line(NULL) IS NULL AS nothing,
       one_line(E'Order 1\r\nBcc: all@example.com') AS header;
SELECT plain_lines(E'a\r\n.\r\nb\rc\n\n\td') = E'a\n.\nb\nc\n\n\td' AS lines, plain_lines('') = '' AS empty, plain_lines(NULL) IS NULL AS nothing;

-- They are what these expressions say, of any mixture.
WITH controls AS (
    SELECT '\u0001-\u001f\u007f-\u009f\u2028\u2029' AS c), mixed AS (
    SELECT i, (SELECT string_agg((ARRAY[' ', 'a', E'\n', E'\r', E'\t', U&'\2028', U&'\0085', 'é', '語', U&'\00a0'])[1 + get_byte(sha256(convert_to(i || ' ' || j, 'UTF8')), 0) % 10], '' ORDER BY j)
                 FROM generate_series(1, i % 12) j) AS t
      FROM generate_series(0, 5999) i)
SELECT count(DISTINCT t) > 4000 AS many,
       count(*) FILTER (WHERE one_line(t) IS DISTINCT FROM CASE WHEN t ~ ('[' || c || ']')
           THEN btrim(regexp_replace(t, ' *[' || c || '][ ' || c || ']*', ' ', 'g'), ' ') ELSE t END) AS other_lines,
       count(*) FILTER (WHERE plain_lines(t) IS DISTINCT FROM
           regexp_replace(regexp_replace(t, '\r\n?', E'\n', 'g'), '(?![\t\n])[' || c || ']', ' ', 'g')) AS other_bodies
  FROM mixed, controls;

-- What is plain is what this expression says.
WITH mixed AS (
    SELECT i, (SELECT string_agg((ARRAY['a', 'Z', '0', '.', '-', '_', '+', '@', ' ', 'é', E'\n'])[1 + get_byte(sha256(convert_to(i || ':' || j, 'UTF8')), 0) % CASE WHEN i % 2 = 0 THEN 8 ELSE 11 END], '' ORDER BY j)
                 FROM generate_series(1, i % 7) j) AS t
      FROM generate_series(0, 5999) i
    UNION ALL
    SELECT i, repeat('a', i) || '@x' FROM generate_series(251, 254) i)
SELECT count(*) FILTER (WHERE is_plain_email(t)) > 200 AS many,
       count(*) FILTER (WHERE is_plain_email(t) <> (length(t) <= 254 AND t ~ '^[A-Za-z0-9._+][A-Za-z0-9._+-]*@[A-Za-z0-9.-]+$')) AS others
  FROM mixed;
SELECT is_plain_email('花子@例え.jp') AS japanese, is_plain_email('') AS empty, is_plain_email(NULL) IS NULL AS nothing;
