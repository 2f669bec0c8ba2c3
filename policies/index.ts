/** The policy pack, as engine/policy-pack.mjs starts it. Constructing it starts a server, so the rules stand in rules.ts. */
import { PolicyPack } from "@pulumi/policy";
import { policies } from "./rules.ts";

new PolicyPack("frappe-platform", { enforcementLevel: "mandatory", policies: policies() });
