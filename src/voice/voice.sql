-- voice.sql
--
-- What a text speaks of, and whether it is pleased.
-- Needs: lexicon.sql.

CREATE FUNCTION loyalcs.themes(body text, lexicon loyalcs.lexicon) RETURNS text[]
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100
    AS 'MODULE_PATHNAME', 'themes';
COMMENT ON FUNCTION loyalcs.themes(body text, lexicon loyalcs.lexicon) IS
    'the themes that a text speaks of, each once, in the order of the lexicon; an empty array if it speaks of none. Upper and lower case, full and half width, hiragana and katakana are alike; Latin words are whole words; of words that overlap the first is taken, and of those that begin together the longest';

CREATE FUNCTION loyalcs.theme_hits(
    body text,
    lexicon loyalcs.lexicon,
    OUT theme text,
    OUT word text,
    OUT "position" integer,
    OUT length integer
) RETURNS SETOF record
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100 ROWS 3
    AS 'MODULE_PATHNAME', 'theme_hits';
COMMENT ON FUNCTION loyalcs.theme_hits(body text, lexicon loyalcs.lexicon) IS
    'the words of a lexicon that stand in a text, in their order: theme, word as the lexicon writes it, and which characters of the text it is, so that substr(body, "position", length) is what stands there; a word of two themes gives two rows';

CREATE FUNCTION loyalcs.sentiment(body text, lexicon loyalcs.lexicon) RETURNS double precision
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100
    AS 'MODULE_PATHNAME', 'sentiment';
COMMENT ON FUNCTION loyalcs.sentiment(body text, lexicon loyalcs.lexicon) IS
    'whether a text is pleased, from -1 to 1: the mean polarity of the words that stand in it, of those that have one, turned round where the word is denied (by ない, なかった, なく or ません within six hiragana after it, by not, no, never, without, cannot, nor or n''t within three words before it); NULL if there is no such word';

CREATE FUNCTION loyalcs.theme_counts_accum(bytea, text, loyalcs.lexicon) RETURNS bytea
    LANGUAGE c IMMUTABLE PARALLEL SAFE COST 100
    AS 'MODULE_PATHNAME', 'theme_counts_accum';
COMMENT ON FUNCTION loyalcs.theme_counts_accum(bytea, text, loyalcs.lexicon) IS
    'transition function: counts the themes of a text';
CREATE FUNCTION loyalcs.theme_counts_combine(bytea, bytea) RETURNS bytea
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10
    AS 'MODULE_PATHNAME', 'theme_counts_combine';
COMMENT ON FUNCTION loyalcs.theme_counts_combine(bytea, bytea) IS
    'combine function: adds up counts';
CREATE FUNCTION loyalcs.theme_counts_final(bytea) RETURNS jsonb
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100
    AS 'MODULE_PATHNAME', 'theme_counts_final';
COMMENT ON FUNCTION loyalcs.theme_counts_final(bytea) IS
    'final function: the counts by theme';
CREATE AGGREGATE loyalcs.theme_counts(body text, lexicon loyalcs.lexicon) (
    SFUNC = loyalcs.theme_counts_accum,
    STYPE = bytea,
    FINALFUNC = loyalcs.theme_counts_final,
    COMBINEFUNC = loyalcs.theme_counts_combine,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE loyalcs.theme_counts(body text, lexicon loyalcs.lexicon) IS
    'how many texts speak of each theme, as {"weight": 12, "clasp": 0}: every theme of the lexicon is there, and a text counts once for each; NULL texts are skipped; NULL if there is none; an error if rows have different lexicons';
