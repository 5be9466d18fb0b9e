-- shop/lines.sql
--
-- Text that leaves in a format of lines, such as a mail's headers: what customers
-- wrote cannot begin a line there, and one recipient is one address.
-- Needs: nothing before it.

--@ functions
-- Of an encoding other than UTF-8 and Latin, bytes from 0x80 are no control
-- characters, or not known to be.
CREATE OR REPLACE FUNCTION control_characters() RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN getdatabaseencoding() = 'UTF8' THEN '\u0001-\u001f\u007f-\u009f\u2028\u2029'
            WHEN getdatabaseencoding()::text ~ '^(LATIN|ISO_8859)' THEN '\x01-\x1f\x7f-\x9f'
            ELSE '\x01-\x1f\x7f' END;
COMMENT ON FUNCTION control_characters() IS
    'the characters that end a line or that a terminal obeys, as a part of a regular expression''s brackets: those of ASCII, U+0080 to U+009F, and the separators U+2028 and U+2029';

CREATE OR REPLACE FUNCTION one_line(words text) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
RETURN loyalcs.one_line(words);
COMMENT ON FUNCTION one_line(text) IS
    'a text as one line without control characters, for a subject or a header: those that follow one another, with the blanks around them, are one blank';

CREATE OR REPLACE FUNCTION plain_lines(words text) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
RETURN loyalcs.plain_lines(words);
COMMENT ON FUNCTION plain_lines(text) IS
    'a text of lines that end with a newline each, without control characters but tabs, for a body: a carriage return ends a line too, others are a blank each';

-- (Nearly all are plain: they are looked at once, and not five times.)
CREATE OR REPLACE FUNCTION recipient_problem(channel text, recipient text) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE
    WHEN recipient_problem.channel = 'email' AND loyalcs.is_plain_email(recipient_problem.recipient) THEN NULL
    WHEN recipient_problem.recipient ~ ('[' || control_characters() || ']')
        THEN 'the recipient has a line break or another control character in it'
    WHEN length(recipient_problem.recipient) > 254
        THEN 'the recipient is longer than 254 characters'
    WHEN recipient_problem.recipient ~ '^-'
        THEN 'the recipient begins with a hyphen, as an option of a program does'
    WHEN recipient_problem.channel = 'phone'
        THEN CASE WHEN recipient_problem.recipient ~ '[@,;:<>"\\]' THEN 'the recipient is not one telephone number' END
    WHEN recipient_problem.recipient ~ ('[ ,;<>"\\' || CASE WHEN getdatabaseencoding() = 'UTF8'
            THEN '\u00a0\u1680\u2000-\u200f\u202a-\u202f\u205f-\u206f\u3000\ufeff' ELSE '' END || ']')
         OR recipient_problem.channel = 'email' AND NOT recipient_problem.recipient ~ '^[^@:()\[\]]+@[^@:()\[\]]+$'
        THEN CASE recipient_problem.channel WHEN 'email' THEN 'the recipient is not one e-mail address'
                                            ELSE 'the recipient is not one word' END
END;
COMMENT ON FUNCTION recipient_problem(text, text) IS
    'why something cannot be sent to a recipient, never with the recipient itself; NULL if it can. A recipient is one address: up to 254 characters, none of them a control character, and no hyphen before them. An e-mail address has one @ with something on both sides and no blank, comma, semicolon, colon, quote, backslash or bracket; a telephone number may have blanks and brackets, but no @, comma, semicolon, colon, quote, backslash or angle bracket; on other channels it is one word without comma, semicolon, quote, backslash or angle bracket';
