-- words.sql
--
-- The words of a text that no theme catches, and how alike two texts are.
-- Needs: lexicon.sql.

CREATE FUNCTION loyalcs.unmatched_words(body text, lexicon loyalcs.lexicon) RETURNS text[]
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100
    AS 'MODULE_PATHNAME', 'unmatched_words';
COMMENT ON FUNCTION loyalcs.unmatched_words(body text, lexicon loyalcs.lexicon) IS
    'the words of a text that stand in no word of a lexicon, each once, as they are matched (case, width and kana folded): runs of two or more kanji, runs of two or more katakana, words of three or more Latin or other letters that are no numbers, none of more than 40; hiragana is none';

CREATE FUNCTION loyalcs.bigram_similarity(a text, b text) RETURNS double precision
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100
    AS 'MODULE_PATHNAME', 'bigram_similarity';
COMMENT ON FUNCTION loyalcs.bigram_similarity(a text, b text) IS
    'how alike two texts are, 0 to 1: pairs of letters side by side that stand in both, of those that stand in either (Jaccard). Case, width and kana are folded; what is no letter or digit parts them. The same on every server, of Japanese too, of which pg_trgm finds nothing where the locale knows no Japanese letters';
