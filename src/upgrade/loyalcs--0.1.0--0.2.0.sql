\echo Use "ALTER EXTENSION loyalcs UPDATE TO '0.2.0'" to load this file. \quit
SET LOCAL search_path = pg_catalog, pg_temp;

-- Templates: what cannot be rendered can be asked for.
COMMENT ON FUNCTION loyalcs.render(template text, "values" jsonb, html boolean) IS
    'a template with its places filled in: {{name}} takes the value of that name, a string, number or boolean of the JSON object `values`; {{name|words}} the words if there is none or it is null. As text, values are put in as they are; as HTML, & < > " and '' in them are escaped. What is put in is not looked at again. A missing value is an error that names it, as render_problem() says before';
CREATE FUNCTION loyalcs.render_problem(template text, "values" jsonb) RETURNS text
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'template_problem';
COMMENT ON FUNCTION loyalcs.render_problem(template text, "values" jsonb) IS
    'why render() would raise an error: a mistake in the template, a value that is missing, or one that is an object or an array; it names places and never shows a value; NULL if nothing is wrong';

-- quintiles(numeric) collects 8 bytes a value, as it says; its state was numeric[].
CREATE FUNCTION loyalcs.quintiles_accum(bigint[], numeric) RETURNS bigint[]
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'quintiles_numeric_accum';
COMMENT ON FUNCTION loyalcs.quintiles_accum(bigint[], numeric) IS
    'transition function: collects a value, in ten-thousandths where that is exact';
CREATE FUNCTION loyalcs.quintiles_combine(bigint[], bigint[]) RETURNS bigint[]
    LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE
    AS 'array_cat';
COMMENT ON FUNCTION loyalcs.quintiles_combine(bigint[], bigint[]) IS
    'combine function: the values of both';
CREATE FUNCTION loyalcs.quintiles_final(bigint[]) RETURNS numeric[]
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'quintiles_numeric_final';
COMMENT ON FUNCTION loyalcs.quintiles_final(bigint[]) IS
    'final function: selects the cut points';
CREATE OR REPLACE AGGREGATE loyalcs.quintiles(numeric) (
    SFUNC = loyalcs.quintiles_accum,
    STYPE = bigint[],
    FINALFUNC = loyalcs.quintiles_final,
    COMBINEFUNC = loyalcs.quintiles_combine,
    INITCOND = '{}',
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE loyalcs.quintiles(numeric) IS
    'the four cut points between fifths of the values: continuous percentiles at .2, .4, .6 and .8, exact; NULL is skipped; NULL for no values. Memory: 8 bytes a value of at most four decimals, 32 and more of another';
DROP FUNCTION loyalcs.quintiles_accum(numeric[], numeric);
DROP FUNCTION loyalcs.quintiles_combine(numeric[], numeric[]);
DROP FUNCTION loyalcs.quintiles_final(numeric[]);
