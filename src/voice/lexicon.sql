-- lexicon.sql
--
-- The type lexicon: themes, and the words that speak of them.
-- Needs: nothing before it.

CREATE TYPE loyalcs.lexicon;

CREATE FUNCTION loyalcs.lexicon_in(cstring) RETURNS loyalcs.lexicon
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1000
    AS 'MODULE_PATHNAME', 'lexicon_in';
COMMENT ON FUNCTION loyalcs.lexicon_in(cstring) IS
    'input of lexicon';
CREATE FUNCTION loyalcs.lexicon_out(loyalcs.lexicon) RETURNS cstring
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 30
    AS 'MODULE_PATHNAME', 'lexicon_out';
COMMENT ON FUNCTION loyalcs.lexicon_out(loyalcs.lexicon) IS
    'output of lexicon';
CREATE FUNCTION loyalcs.lexicon_recv(internal) RETURNS loyalcs.lexicon
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1000
    AS 'MODULE_PATHNAME', 'lexicon_recv';
COMMENT ON FUNCTION loyalcs.lexicon_recv(internal) IS
    'binary input of lexicon';
CREATE FUNCTION loyalcs.lexicon_send(loyalcs.lexicon) RETURNS bytea
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 30
    AS 'MODULE_PATHNAME', 'lexicon_send';
COMMENT ON FUNCTION loyalcs.lexicon_send(loyalcs.lexicon) IS
    'binary output of lexicon';

CREATE TYPE loyalcs.lexicon (
    INPUT = loyalcs.lexicon_in,
    OUTPUT = loyalcs.lexicon_out,
    RECEIVE = loyalcs.lexicon_recv,
    SEND = loyalcs.lexicon_send,
    INTERNALLENGTH = variable,
    ALIGNMENT = int4,
    STORAGE = extended
);
COMMENT ON TYPE loyalcs.lexicon IS
    'themes and the words that speak of them; text form weight: heavy, too light; clasp -1: comes off, where a number from -1 (bad) to 1 (good) is the polarity of a theme, and names with one of , ; : in them stand in double quotes; up to a thousand themes and a megabyte of text';

-- Order and equality

--@ comparison lexicon: the same themes, polarities and words in the same order
