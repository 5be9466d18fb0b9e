-- shop/migrations.sql
--
-- What a shop remembers of itself: which parts of it have been made, and who
-- may do what in it.  create_shop() and grant_shop() alone write here; no level
-- may.  That a schema has the first of these tables is what makes it a shop.
-- Needs: nothing before it.

--@ table shop_migrations
--: memory
CREATE TABLE shop_migrations (
    part text PRIMARY KEY,
    version text NOT NULL,
    own boolean NOT NULL DEFAULT true,
    digest text,
    made text,
    identity text,
    columns text[],
    settings text[],
    comment text,
    applied_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE shop_migrations IS
    'the parts that the shop is made of, kept by create_shop: no part is applied twice';
COMMENT ON COLUMN shop_migrations.part IS
    'kind and name: table t, change t version, reference t other, function f, view v';
COMMENT ON COLUMN shop_migrations.version IS 'version of loyalcs that made it so';
COMMENT ON COLUMN shop_migrations.own IS
    'whether create_shop made it; false for a relation that was there before and serves as the table';
COMMENT ON COLUMN shop_migrations.digest IS 'digest of the text that it was made from, or compared with';
COMMENT ON COLUMN shop_migrations.made IS 'of a function: digest of what stood there when it was made; of a table: digest of the rows that it was made with';
COMMENT ON COLUMN shop_migrations.identity IS 'of a function: types of its arguments; of the shop: type of customer_id';
COMMENT ON COLUMN shop_migrations.columns IS 'of a table: the columns that are the shop''s, with their types';
COMMENT ON COLUMN shop_migrations.settings IS 'of a function: its settings as they were made; others are the brand''s';
COMMENT ON COLUMN shop_migrations.comment IS 'the comment as it was made; another is the brand''s';
COMMENT ON COLUMN shop_migrations.applied_at IS 'when it was made so';

--@ table shop_grants
--: memory
CREATE TABLE shop_grants (
    role text PRIMARY KEY,
    level text NOT NULL
        CONSTRAINT shop_grants_level_is_known CHECK (level IN ('report', 'service', 'admin')),
    granted_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE shop_grants IS
    'who may do what in the shop, kept by grant_shop: create_shop gives it again to what it makes';
COMMENT ON COLUMN shop_grants.role IS 'name of the role; a name, so that a dump can be restored where there is no such role';
COMMENT ON COLUMN shop_grants.level IS 'report, service or admin';
COMMENT ON COLUMN shop_grants.granted_at IS 'when it was given';
