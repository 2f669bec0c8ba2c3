/** A dashboard's file, read as Grafana reads it. */
import type { Dashboard, Panel } from "@grafana/grafana-foundation-sdk/dashboard";

export interface Query {
  readonly refId: string;
  readonly expr: string;
  readonly datasource: { readonly uid: string };
}

export const read = (text: string) => JSON.parse(text) as Dashboard;
export const everything = ({ panels = [] }: Dashboard) => panels as Panel[];
export const panelsOf = (dashboard: Dashboard) => everything(dashboard).filter(({ type }) => type !== "row");
export const titleOf = ({ title = "" }: Panel) => title;
export const queriesOf = ({ targets = [] }: Panel) => targets as unknown as Query[];
