-- Whose the schema loyalcs may be when the extension is made. (By a superuser; for
-- the rest, and for updates, see test/t/house.pl and trust.pl.)

\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE ROLE regress_schema_other;
DROP EXTENSION loyalcs;
DROP SCHEMA IF EXISTS loyalcs;

CREATE SCHEMA loyalcs AUTHORIZATION regress_schema_other;
CREATE EXTENSION loyalcs;
ALTER SCHEMA loyalcs OWNER TO CURRENT_USER;
GRANT CREATE ON SCHEMA loyalcs TO regress_schema_other;
CREATE EXTENSION loyalcs;
REVOKE CREATE ON SCHEMA loyalcs FROM regress_schema_other;
GRANT CREATE ON SCHEMA loyalcs TO PUBLIC;
CREATE EXTENSION loyalcs;
REVOKE CREATE ON SCHEMA loyalcs FROM PUBLIC;
CREATE FUNCTION loyalcs.mine() RETURNS int RETURN 1;
ALTER FUNCTION loyalcs.mine() OWNER TO regress_schema_other;
CREATE EXTENSION loyalcs;
-- What a superuser has put there is no way to become one.
ALTER FUNCTION loyalcs.mine() OWNER TO CURRENT_USER;
CREATE EXTENSION loyalcs;

DROP FUNCTION loyalcs.mine();
DROP ROLE regress_schema_other;
