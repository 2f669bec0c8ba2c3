/** Sites among each other, their apps, their settings. */
import { field, found, gone, type HostileCase } from "./case.ts";

const site = (name: string, more = {}) => ({ name, apps: ["frappe"], ...more });
const twin = "expected a host that leads to one site";

export const sites: readonly HostileCase[] = [
  found("a site twice", { "sites[3]": site("erp.example.com") }, "sites[3].name", twin),
  found(
    "a site three times",
    { "sites[3]": site("erp.example.com"), "sites[4]": site("erp.example.com") },
    "sites[4].name",
    twin,
  ),
  found("a twin in capitals", { "sites[3]": site("ERP.example.com") }, "sites[3].name", "write it in lower case"),
  found(
    "a twin with a trailing dot",
    { "sites[3]": site("erp.example.com.") },
    "sites[3].name",
    "leave out the trailing dot",
  ),
  found("a twin in Cyrillic", { "sites[3]": site("еrр.example.com") }, "sites[3].name", "in its ASCII form"),
  found(
    "a twin with a space",
    { "sites[3]": site("erp.example.com ") },
    "sites[3].name",
    "letters, digits, inner dashes",
  ),
  found(
    "two spellings of one internationalised name",
    { "sites[3]": site("xn--bcher-kva.example.com"), "sites[4]": site("bücher.example.com") },
    "sites[4].name",
    "in its ASCII form",
  ),
  found("an archived twin", { "sites[3]": site("erp.example.com", { state: "archived" }) }, "sites[3].name", twin),
  found(
    "a domain that is the site's own name",
    { "sites[0].domains": ["erp.example.com"] },
    "sites[0].domains[0]",
    twin,
  ),
  found(
    "a domain twice at one site",
    { "sites[0].domains": ["a.example.com", "a.example.com"] },
    "sites[0].domains[1]",
    twin,
  ),
  found(
    "a domain at two sites",
    { "sites[1].domains": ["www.erp.example.com"] },
    "sites[1].domains[0]",
    "which frappe:sites[0].domains[0] has already",
  ),
  found("a domain that is another site's name", { "sites[0].domains": ["shop.example.org"] }, "sites[1].name", twin),
  found("a name that is another site's domain", { "sites[3]": site("www.erp.example.com") }, "sites[3].name", twin),
  found(
    "a domain of an archived site",
    { "sites[3]": site("old.example.com", { state: "archived", domains: ["shop.example.org"] }) },
    "sites[3].domains[0]",
    twin,
  ),
  found(
    "21 domains",
    { "sites[0].domains": Array.from({ length: 21 }, (_, i) => `d${i}.example.com`) },
    "sites[0].domains",
    "at most 20 domains",
  ),
  found(
    "2,001 sites",
    { sites: Array.from({ length: 2001 }, (_, i) => site(`s${i}.example.com`)) },
    "sites",
    "at most 2000",
  ),
  found(
    "more hosts than one object holds",
    {
      sites: Array.from({ length: 2000 }, (_, i) =>
        site(`s${i}.example.com`, { domains: Array.from({ length: 10 }, (_, j) => `d${j}.s${i}.example.com`) }),
      ),
    },
    "sites",
    "fit one object of 1 MiB",
  ),
  found("no site", { sites: [] }, "sites", "expected at least one site"),
  found("sites left out", { sites: gone }, "sites", "missing: expected a list"),
  found(
    "archived sites alone",
    { "sites[0].state": "archived", "sites[1].state": "archived", "sites[2].state": "archived" },
    "sites",
    "expected at least one active site",
  ),
  ...field("sites[1].state", "expected active or archived", {
    deleted: "deleted",
    "a capital": "Active",
    true: true,
    null: null,
    empty: "",
  }),
  found(
    "an app that the image lacks",
    { "sites[0].apps[2]": "hrms" },
    "sites[0].apps[2]",
    "expected an app that the image holds, got hrms",
  ),
  found("an app that is spelt wrong", { "sites[0].apps[1]": "erpnxt" }, "sites[0].apps[1]", "did you mean erpnext?"),
  found(
    "an app that objects have by nature",
    { "sites[0].apps[1]": "constructor" },
    "sites[0].apps[1]",
    "it holds frappe, erpnext",
  ),
  found("an app twice", { "sites[0].apps[2]": "erpnext" }, "sites[0].apps", "expected each app once"),
  found("no app", { "sites[0].apps": [] }, "sites[0].apps", "expected at least the app frappe"),
  found(
    "erpnext without frappe",
    { "sites[0].apps": ["erpnext"] },
    "sites[0].apps",
    "expected frappe as the first app",
  ),
  found(
    "frappe as the second app",
    { "sites[0].apps": ["erpnext", "frappe"] },
    "sites[0].apps",
    "expected frappe as the first app",
  ),
  found("apps left out", { "sites[0].apps": gone }, "sites[0].apps", "missing: expected a list"),
  found("an image without frappe", { "image.apps": { erpnext: "16.33.0" } }, "image.apps", "with the app frappe"),
  ...field("sites[2].settings.sessionExpiry", "expected hours and minutes such as", {
    "a number, as YAML reads 8:00 without quotes": 480,
    hours: "8h",
    "one digit": "8:00",
    seconds: "08:00:00",
    "61 minutes": "08:61",
    "a leading zero too many": "008:00",
    negative: "-8:00",
    empty: "",
  }),
  ...field("sites[2].settings.sessionExpiry", 'expected from "00:05" to "720:00"', {
    never: "00:00",
    "four minutes": "00:04",
    "more than 720 hours": "720:01",
    "a year": "999:00",
  }),
  ...field("sites[2].settings.denyMultipleSessions", "expected true or false", {
    yes: "yes",
    "a one": 1,
    "in quotes": "true",
    null: null,
  }),
];
