-- bench/shopify.sql: prints an export of orders as Shopify writes it, of 200,000 / scale
-- lines: two of three lines begin an order, and have what is said of all of it.
COPY (
    SELECT '#' || (1000 + o) AS "Name", 'Customer' || c || '@example.com' AS "Email",
           CASE WHEN first THEN CASE o % 50 WHEN 0 THEN 'partially_refunded' WHEN 1 THEN 'voided' ELSE 'paid' END END AS "Financial Status",
           CASE WHEN first THEN placed END AS "Paid at", CASE WHEN first THEN 'fulfilled' END AS "Fulfillment Status",
           CASE WHEN first THEN to_char(at + interval '1 day', 'YYYY-MM-DD HH24:MI:SS +0900') END AS "Fulfilled at",
           CASE WHEN first THEN CASE c % 3 WHEN 0 THEN 'yes' ELSE 'no' END END AS "Accepts Marketing", CASE WHEN first THEN 'JPY' END AS "Currency",
           CASE WHEN first THEN 9800 + o % 50 * 100 END AS "Subtotal", CASE WHEN first THEN 800 END AS "Shipping", CASE WHEN first THEN 960 END AS "Taxes",
           CASE WHEN first THEN 10600 + o % 50 * 100 END AS "Total", NULL AS "Discount Code", CASE WHEN first THEN o % 5 * 100 END AS "Discount Amount",
           CASE WHEN first THEN 'ヤマト運輸' END AS "Shipping Method", CASE WHEN first THEN placed END AS "Created at",
           1 + n % 2 AS "Lineitem quantity", 'ネックレス "波" ' || n % 300 AS "Lineitem name", 4900 + n % 7 * 100 AS "Lineitem price", NULL AS "Lineitem compare at price",
           'N-' || n % 300 AS "Lineitem sku", true AS "Lineitem requires shipping", true AS "Lineitem taxable", 'fulfilled' AS "Lineitem fulfillment status",
           CASE WHEN first THEN '山田 花子' || c END AS "Billing Name", CASE WHEN first THEN '神宮前 1-2-' || c % 99 END AS "Billing Street",
           CASE WHEN first THEN '神宮前 1-2-' || c % 99 END AS "Billing Address1", NULL AS "Billing Address2", NULL AS "Billing Company", CASE WHEN first THEN '渋谷区' END AS "Billing City",
           CASE WHEN first THEN '''150-0001' END AS "Billing Zip", CASE WHEN first THEN 'JP-13' END AS "Billing Province", CASE WHEN first THEN 'JP' END AS "Billing Country",
           CASE WHEN first THEN '''+8190' || to_char(10000000 + c, 'FM00000000') END AS "Billing Phone",
           CASE WHEN first THEN '山田 花子' || c END AS "Shipping Name", CASE WHEN first THEN '神宮前 1-2-' || c % 99 END AS "Shipping Street",
           CASE WHEN first THEN '神宮前 1-2-' || c % 99 END AS "Shipping Address1", NULL AS "Shipping Address2", NULL AS "Shipping Company", CASE WHEN first THEN '渋谷区' END AS "Shipping City",
           CASE WHEN first THEN '''150-0001' END AS "Shipping Zip", CASE WHEN first THEN 'JP-13' END AS "Shipping Province", CASE WHEN first THEN 'JP' END AS "Shipping Country",
           CASE WHEN first THEN '''+8190' || to_char(10000000 + c, 'FM00000000') END AS "Shipping Phone", NULL AS "Notes", NULL AS "Note Attributes",
           CASE WHEN first AND o % 50 = 1 THEN placed END AS "Cancelled at", CASE WHEN first THEN 'Shopify Payments' END AS "Payment Method",
           CASE WHEN first THEN 'c' || md5(o::text) || '.1' END AS "Payment Reference", CASE WHEN first THEN CASE o % 50 WHEN 0 THEN 4900 ELSE 0 END END AS "Refunded Amount",
           'Aurora' AS "Vendor", CASE WHEN first THEN 0 END AS "Outstanding Balance", NULL AS "Employee", NULL AS "Location", NULL AS "Device ID",
           CASE WHEN first THEN 5000000000000 + o END AS "Id", NULL AS "Tags", CASE WHEN first THEN 'Low' END AS "Risk Level", CASE WHEN first THEN 'web' END AS "Source",
           0 AS "Lineitem discount", CASE WHEN first THEN '消費税 10%' END AS "Tax 1 Name", CASE WHEN first THEN 960 END AS "Tax 1 Value", NULL AS "Tax 2 Name", NULL AS "Tax 2 Value",
           NULL AS "Tax 3 Name", NULL AS "Tax 3 Value", NULL AS "Tax 4 Name", NULL AS "Tax 4 Value", NULL AS "Tax 5 Name", NULL AS "Tax 5 Value", NULL AS "Phone", NULL AS "Receipt Number",
           NULL AS "Duties", CASE WHEN first THEN '東京都' END AS "Billing Province Name", CASE WHEN first THEN '東京都' END AS "Shipping Province Name",
           CASE WHEN first THEN md5(o::text) END AS "Payment ID", NULL AS "Payment Terms Name", NULL AS "Next Payment Due At", CASE WHEN first THEN 'c' || md5(o::text) || '.1' END AS "Payment References"
      FROM (SELECT n, (2 * n + 2) / 3 AS o, n % 3 <> 0 AS first, (hashint4((2 * n + 2) / 3) & 1048575) % (200000 / 3 / :scale) AS c,
                   timestamp '2024-01-01 09:00' + (2 * n + 2) / 3 * interval '7 minutes' AS at,
                   to_char(timestamp '2024-01-01 09:00' + (2 * n + 2) / 3 * interval '7 minutes', 'YYYY-MM-DD HH24:MI:SS +0900') AS placed
              FROM generate_series(1, 200000 / :scale) n) l
     ORDER BY n
) TO STDOUT (FORMAT csv, HEADER);
