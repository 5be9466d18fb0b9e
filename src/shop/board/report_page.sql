-- shop/report_page.sql
--
-- The monthly report as a page that people read.
-- Needs: monthly_report.
--
-- The page follows from the report alone: loyalcs.report_page() lays it out.

--@ functions
CREATE OR REPLACE FUNCTION monthly_report_html_at(month date, as_of timestamptz, lang text DEFAULT 'ja') RETURNS text
    LANGUAGE sql STABLE
RETURN loyalcs.report_page(monthly_report_at(month, as_of), lang);
COMMENT ON FUNCTION monthly_report_html_at(date, timestamptz, text) IS
    'monthly_report_at(month, as_of) as one self-contained page of HTML in UTF-8, in Japanese (ja) or English (en): no script, nothing is requested from anywhere, light and dark, for telephones and for A4. Its errors are those of monthly_report_at()';

CREATE OR REPLACE FUNCTION monthly_report_html(month date, lang text DEFAULT 'ja') RETURNS text
    LANGUAGE sql STABLE
RETURN monthly_report_html_at(month, now(), lang);
COMMENT ON FUNCTION monthly_report_html(date, text) IS
    'monthly_report_html_at(month, now(), lang)';
