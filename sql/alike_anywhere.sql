-- How alike two texts are is the same whatever the locale, which pg_trgm's answer is not.
SET client_min_messages = warning;
SELECT current_database() AS here \gset
CREATE DATABASE regress_alike_c TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE 'C';
CREATE DATABASE regress_alike_utf8 TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE 'C.UTF-8';
\set asked 'SELECT round(loyalcs.bigram_similarity(a, b)::numeric, 4) AS alike FROM (VALUES (''指輪のサイズを交換できますか'', ''指輪のサイズ交換はできますか''), (''まだ届いていません。'', ''商品がまだ届きません'')) v (a, b)'
\c regress_alike_c
SET client_min_messages = warning;
CREATE EXTENSION loyalcs;
:asked;
-- (where it is installed: of Japanese there is none in this locale)
SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_trgm') AS trgm \gset
\if :trgm
CREATE EXTENSION pg_trgm;
SELECT cardinality(show_trgm('指輪のサイズを交換できますか')) = 0 AS none \gset
\else
\set none t
\endif
\echo :none
\c regress_alike_utf8
SET client_min_messages = warning;
CREATE EXTENSION loyalcs;
:asked;
\c :here
DROP DATABASE regress_alike_c;
DROP DATABASE regress_alike_utf8;
