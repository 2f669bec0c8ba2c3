/**
 * First words of the paths that every site answers itself; whatever lies beneath them is the site's too. Pages that people make in
 * a site (Web Page, Web Form, blog, shop) are not known here.
 */
const words = [
  // This platform's nginx, after frappe_docker's (resources/core/nginx/nginx-template.conf).
  "assets files private protected socket.io",
  // frappe/app.py: what is answered before any page is looked for.
  "backups .well-known",
  // frappe/www: pages of the framework, those of earlier versions that still redirect among them.
  "404 _test about app apps attribution billing complete_signup confirm_workflow_action contact desk desktop edit-profile error",
  "feedback home index list login logout manifest.json me message modified_doc_alert openapi portal print printpreview printview",
  "profile qrcode recorder robots.txt rss search search_docs setup-wizard sitemap.xml third_party_apps unsubscribe unsubscribed",
  "update-password update-profile user verify_otp website_script.js website_theme.css",
  // frappe/hooks.py, website_route_rules and website_redirects.
  "blog kb newsletters profile webpage",
  // erpnext/hooks.py, website_route_rules and standard_portal_menu_items; erpnext/www.
  "addresses admissions all-products banking bom boms book_appointment cart fees invoices issue issues jobs lms material-requests",
  "order orders project projects purchase-invoices purchase-orders quotations request-for-quotations rfq shipments shop-by-category",
  "supplier-quotations support task-info tasks timesheets",
];

export const sitePaths: ReadonlySet<string> = new Set(words.flatMap((line) => line.split(" ")));

/** frappe/api/__init__.py: what stands behind /api of Frappe itself; versions are `v` and a number. */
export const siteApiPaths = /^(?:method|resource|document|doctype|discovery|v\d+)$/;
