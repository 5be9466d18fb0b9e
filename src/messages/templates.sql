-- templates.sql
--
-- Texts with places to fill in.
-- Needs: nothing before it.

CREATE FUNCTION loyalcs.render(template text, "values" jsonb, html boolean DEFAULT false) RETURNS text
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10
    AS 'MODULE_PATHNAME', 'template_render';
COMMENT ON FUNCTION loyalcs.render(template text, "values" jsonb, html boolean) IS
    'a template with its places filled in: {{name}} takes the value of that name, a string, number or boolean of the JSON object `values`; {{name|words}} the words if there is none or it is null. As text, values are put in as they are; as HTML, & < > " and '' in them are escaped. What is put in is not looked at again. A missing value is an error that names it, as render_problem() says before';
CREATE FUNCTION loyalcs.render_problem(template text, "values" jsonb) RETURNS text
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10
    AS 'MODULE_PATHNAME', 'template_problem';
COMMENT ON FUNCTION loyalcs.render_problem(template text, "values" jsonb) IS
    'why render() would raise an error: a mistake in the template, a value that is missing, or one that is an object or an array; it names places and never shows a value; NULL if nothing is wrong';
CREATE FUNCTION loyalcs.placeholders(template text, required_only boolean DEFAULT false) RETURNS text[]
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10
    AS 'MODULE_PATHNAME', 'template_placeholders';
COMMENT ON FUNCTION loyalcs.placeholders(template text, required_only boolean) IS
    'the names of a template''s places in the order of the text, each once; only those that have no words of their own if `required_only`; an error says where a template is wrong';
CREATE FUNCTION loyalcs.put_texts("values" jsonb, names text[], texts text[]) RETURNS jsonb
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10
    AS 'MODULE_PATHNAME', 'template_put_texts';
COMMENT ON FUNCTION loyalcs.put_texts("values" jsonb, names text[], texts text[]) IS
    'the JSON object `values` with each of the texts put into it under its name, in the place of a value that it has there; texts that are NULL are left out. An error if there are not as many names as texts, or a name is NULL';
CREATE FUNCTION loyalcs.message(
    subject text,
    body text,
    html boolean,
    "values" jsonb,
    names text[],
    texts text[],
    about text[],
    about_texts text[]
) RETURNS jsonb
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 50
    AS 'MODULE_PATHNAME', 'template_message';
COMMENT ON FUNCTION loyalcs.message(subject text, body text, html boolean, "values" jsonb, names text[], texts text[], about text[], about_texts text[]) IS
    'a message at once: a JSON object of `values`, with texts put into them as put_texts() does, of subject and body, templates that are filled in by those as render() does, the one as one_line() and the other as plain_lines() has it, and of the texts about it. NULL if a template cannot be filled in: render_problem() says why';
