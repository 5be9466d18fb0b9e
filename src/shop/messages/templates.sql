-- shop/templates.sql
--
-- What is said to customers, in their language.
-- Needs: settings, lines.

--@ table templates
--: keeps placeholders, required
CREATE TABLE templates (
    key text NOT NULL,
    language text NOT NULL
        CONSTRAINT templates_language_is_a_tag CHECK (language ~ '^[a-z]{2,3}(-[A-Za-z0-9]+)*$'),
    format text NOT NULL DEFAULT 'text'
        CONSTRAINT templates_format_is_known CHECK (format IN ('text', 'html')),
    subject text NOT NULL DEFAULT '',
    body text NOT NULL,
    placeholders text[] NOT NULL DEFAULT '{}',
    required text[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (key, language)
);
COMMENT ON TABLE templates IS
    'what is said to customers, one row a language; {{name}} is filled in, and {{name|words}} says the words where there is no such value';
COMMENT ON COLUMN templates.subject IS 'subject of the message, always plain text; {{name}} is filled in';
COMMENT ON COLUMN templates.body IS 'text of the message; {{name}} is filled in';

--@ functions
CREATE OR REPLACE FUNCTION check_template() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path FROM CURRENT
AS $$
BEGIN
    NEW.placeholders := loyalcs.placeholders(NEW.subject, false);
    NEW.placeholders := NEW.placeholders
        OPERATOR(pg_catalog.||) ARRAY(SELECT p FROM pg_catalog.unnest(loyalcs.placeholders(NEW.body, false)) p WHERE p <> ALL (NEW.placeholders));
    NEW.required := loyalcs.placeholders(NEW.subject, true);
    NEW.required := NEW.required
        OPERATOR(pg_catalog.||) ARRAY(SELECT p FROM pg_catalog.unnest(loyalcs.placeholders(NEW.body, true)) p WHERE p <> ALL (NEW.required));
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION check_template() IS
    'trigger of templates: refuses one that cannot be filled in, and keeps the names of its places';

--@ reference templates templates
CREATE OR REPLACE TRIGGER check_template
    BEFORE INSERT OR UPDATE ON templates
    FOR EACH ROW EXECUTE FUNCTION check_template();

INSERT INTO templates (key, language, subject, body) VALUES
    ('order_confirmation', 'ja', 'ご注文ありがとうございます（{{order_id}}）',
     E'{{name|お客}}様\n\n{{shop|当店}}にご注文いただきありがとうございます。\nご注文番号：{{order_id}}\nご注文日：{{ordered_on}}\n合計：{{amount}} {{currency}}\n\n{{items|}}\n\n発送しましたらお知らせします。'),
    ('order_confirmation', 'en', 'Thank you for your order {{order_id}}',
     E'Dear {{name|customer}},\n\nthank you for your order {{order_id}} of {{ordered_on}} at {{shop|our shop}}.\nTotal: {{amount}} {{currency}}\n\n{{items|}}\n\nWe will write again when it leaves.'),
    ('shipping_notice', 'ja', '商品を発送しました（{{order_id}}）',
     E'{{name|お客}}様\n\nご注文 {{order_id}} を発送しました。\n配送会社：{{carrier|担当配送会社}}\nお問い合わせ番号：{{tracking|準備中}}\nお届け予定日：{{expected_on|数日以内}}'),
    ('shipping_notice', 'en', 'Your order {{order_id}} is on its way',
     E'Dear {{name|customer}},\n\nyour order {{order_id}} has left with {{carrier|the carrier}}.\nTracking number: {{tracking|to follow}}\nExpected arrival: {{expected_on|within a few days}}'),
    ('arrival_check', 'ja', '商品は無事に届きましたか',
     E'{{name|お客}}様\n\nご注文 {{order_id}} は無事に届きましたか。お気づきの点はこのメールにご返信ください。\n\nご使用方法：{{how_to_use|同封の説明書をご覧ください。}}\nお手入れ方法：{{how_to_care|同封の説明書をご覧ください。}}'),
    ('arrival_check', 'en', 'Did everything arrive well?',
     E'Dear {{name|customer}},\n\ndid your order {{order_id}} arrive well? If anything is not as it should be, just answer this mail.\n\nHow to use it: {{how_to_use|see the leaflet in the parcel.}}\nHow to care for it: {{how_to_care|see the leaflet in the parcel.}}'),
    ('purchase_survey', 'ja', 'お買い物はいかがでしたか（{{coupon_amount}}円クーポン進呈）',
     E'{{name|お客}}様\n\nご注文 {{order_id}} はいかがでしたか。1分ほどのアンケートにお答えいただいた方に、{{coupon_amount}}円クーポン（{{coupon}}）を差し上げます。\n{{survey_url|このメールにご返信ください。}}'),
    ('purchase_survey', 'en', 'How was it? {{coupon_amount}} yen for a minute of your time',
     E'Dear {{name|customer}},\n\nhow was your order {{order_id}}? Whoever answers our short survey gets a coupon of {{coupon_amount}} yen ({{coupon}}).\n{{survey_url|Just answer this mail.}}'),
    ('satisfaction_survey', 'ja', '満足度アンケートのお願い',
     E'{{name|お客}}様\n\n{{shop|当店}}を友人や同僚に薦める可能性はどのくらいありますか（0～10）。\n{{survey_url|このメールにご返信ください。}}'),
    ('satisfaction_survey', 'en', 'Would you recommend us?',
     E'Dear {{name|customer}},\n\nhow likely are you to recommend {{shop|us}} to a friend or colleague (0 to 10)?\n{{survey_url|Just answer this mail.}}'),
    ('phone_hearing', 'ja', 'お電話でのヒアリング',
     E'{{name|お客}}様（{{recipient}}）\nご注文 {{order_id}}、{{delivered_on}} お届け。使い心地、ご不満な点、次に欲しいものを伺う。'),
    ('phone_hearing', 'en', 'A call to listen',
     E'{{name|Customer}} ({{recipient}})\nOrder {{order_id}}, delivered {{delivered_on}}. Ask how it feels, what is missing, what comes next.'),
    ('review_request', 'ja', 'レビューをお聞かせください',
     E'{{name|お客}}様\n\nご注文 {{order_id}} の商品の感想をお聞かせください。\n{{review_url|このメールにご返信ください。}}'),
    ('review_request', 'en', 'Tell others what you think',
     E'Dear {{name|customer}},\n\nwould you review what you ordered ({{order_id}})?\n{{review_url|Just answer this mail.}}'),
    ('one_month', 'ja', 'その後いかがですか',
     E'{{name|お客}}様\n\nお届けから1か月になりました。使い心地はいかがですか。\n\nご一緒にいかがですか：{{related|新しい商品をご覧ください。}}\nクーポン：{{coupon|なし}}'),
    ('one_month', 'en', 'How is it going?',
     E'Dear {{name|customer}},\n\nit has been a month: is everything still as you wish?\n\nGoes well with it: {{related|have a look at what is new.}}\nCoupon: {{coupon|none}}'),
    ('seasonal', 'ja', '季節のおすすめ',
     E'{{name|お客}}様\n\n季節の商品をご紹介します。\n{{seasonal|新着商品をご覧ください。}}'),
    ('seasonal', 'en', 'For the season',
     E'Dear {{name|customer}},\n\nhere is what suits the season.\n{{seasonal|Have a look at what is new.}}'),
    ('birthday_coupon', 'ja', 'お誕生月クーポン',
     E'{{name|お客}}様\n\nお誕生月おめでとうございます。今月お使いいただけるクーポンです：{{coupon}}'),
    ('birthday_coupon', 'en', 'A present for your birthday month',
     E'Dear {{name|customer}},\n\nhappy birthday month! A coupon to use within it: {{coupon}}'),
    ('vip_programme', 'ja', 'VIPプログラムのご案内',
     E'{{name|お客}}様\n\nいつもありがとうございます。VIPプログラムをご案内します。\n{{vip_url|詳しくはこのメールにご返信ください。}}'),
    ('vip_programme', 'en', 'Our VIP programme',
     E'Dear {{name|customer}},\n\nthank you for coming back. You are invited to our VIP programme.\n{{vip_url|Answer this mail to hear more.}}');

--@ functions
CREATE OR REPLACE FUNCTION language_tag(language text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN nullif(lower(replace(btrim(language, ' '), '_', '-')), '');
COMMENT ON FUNCTION language_tag(text) IS
    'the tag of a language as it is compared: EN is en, and en_US is en-us; NULL of an empty one';

CREATE OR REPLACE FUNCTION template_for(key text, language text)
RETURNS TABLE (written_in text, format text, subject text, body text, placeholders text[], required text[])
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT t.language, t.format, t.subject, t.body, t.placeholders, t.required
      FROM templates t
     WHERE t.key = template_for.key
     ORDER BY language_tag(t.language) <> language_tag(template_for.language),
              NOT starts_with(language_tag(template_for.language), language_tag(t.language) || '-'),
              CASE WHEN starts_with(language_tag(template_for.language), language_tag(t.language) || '-') THEN -length(t.language) END,
              language_tag(t.language) <> (SELECT language_tag(s.language) FROM settings s),
              split_part(language_tag(t.language), '-', 1) <> (SELECT split_part(language_tag(s.language), '-', 1) FROM settings s),
              t.language <> 'en', t.language
     LIMIT 1;
END;
COMMENT ON FUNCTION template_for(text, text) IS
    'the template of that name in the language, however that is written (EN, en_US), else in the language without its region, else in the shop''s, else in English, else in any; no row if there is none of that name';

CREATE OR REPLACE FUNCTION render_template(
    key text,
    language text,
    "values" jsonb,
    OUT subject text,
    OUT body text,
    OUT format text,
    OUT written_in text
)
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path FROM CURRENT
AS $$
BEGIN
    SELECT one_line(loyalcs.render(t.subject, "values", false)),
           plain_lines(loyalcs.render(t.body, "values", t.format = 'html')),
           t.format, t.written_in
      INTO subject, body, format, written_in
      FROM template_for(key, language) t;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no template %', coalesce(quote_literal(key), 'NULL')
            USING ERRCODE = 'undefined_object', CONSTRAINT = 'template_exists',
                  HINT = 'SELECT DISTINCT key FROM templates lists them.';
    END IF;
END
$$;
COMMENT ON FUNCTION render_template(text, text, jsonb) IS
    'a template filled in with the values of a JSON object, as loyalcs.render() does; the subject is one line of plain text always, the body escapes values if its format is html. A language that it does not have gives way as in template_for(), and written_in says to which; a missing value is an error that names it';
