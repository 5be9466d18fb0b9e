-- ledger.sql
--
-- What a shop's ledger of points is checked with, beside the functions of the shop.
-- Needs: nothing before it.

CREATE FUNCTION loyalcs.check_posting() RETURNS trigger
    AS 'MODULE_PATHNAME'
    LANGUAGE c COST 10;
COMMENT ON FUNCTION loyalcs.check_posting() IS
    'trigger of a shop''s point_postings and point_allocations, before an insert: lets pass an ordinary payment that comes behind what is in the books; about all else the shop''s own check_posting() decides';

CREATE FUNCTION loyalcs.check_posting_is_closed() RETURNS trigger
    AS 'MODULE_PATHNAME'
    LANGUAGE c COST 10;
COMMENT ON FUNCTION loyalcs.check_posting_is_closed() IS
    'trigger of a shop''s point_postings, at the end of the transaction: lets pass what the account has moved past; about all else the shop''s own check_posting_is_closed() decides';

CREATE FUNCTION loyalcs.check_lot() RETURNS trigger
    AS 'MODULE_PATHNAME'
    LANGUAGE c COST 10;
COMMENT ON FUNCTION loyalcs.check_lot() IS
    'trigger of a shop''s point_lots, before an insert or update: lets a lot have as much less as the posting that moves it took from it, and keeps is_open; about all else the shop''s own check_lot() decides';

CREATE FUNCTION loyalcs.check_account() RETURNS trigger
    AS 'MODULE_PATHNAME'
    LANGUAGE c COST 10;
COMMENT ON FUNCTION loyalcs.check_account() IS
    'trigger of a shop''s point_accounts, after an insert or update: lets an account move past one posting by which points went that are taken from lots; about all else the shop''s own check_account() decides';
