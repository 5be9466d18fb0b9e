-- lines.sql
--
-- Text that leaves in a format of lines.
-- Needs: nothing before it.

CREATE FUNCTION loyalcs.one_line(words text) RETURNS text
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'one_line';
COMMENT ON FUNCTION loyalcs.one_line(words text) IS
    'a text as one line, for a subject or a header: control characters (U+0001 to U+001F, U+007F to U+009F, U+2028 and U+2029) that follow one another, with the blanks around them, are one blank, and none at the ends; a text without any stays as it is. Of an encoding other than UTF-8 and Latin, bytes from 0x80 are none';
CREATE FUNCTION loyalcs.plain_lines(words text) RETURNS text
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'plain_lines';
COMMENT ON FUNCTION loyalcs.plain_lines(words text) IS
    'a text of lines that end with a newline each, for a body: a carriage return ends a line too, with or without a newline; other control characters but tabs are a blank each. What they are, one_line() says';
CREATE FUNCTION loyalcs.is_plain_email(address text) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'is_plain_email';
COMMENT ON FUNCTION loyalcs.is_plain_email(address text) IS
    'whether a text is an e-mail address of the plain kind that nearly all are: ASCII letters, digits and . _ + - before the @, no hyphen first; letters, digits, dots and hyphens behind it; at most 254 characters. False of one that is not, though it may be an address all the same';
