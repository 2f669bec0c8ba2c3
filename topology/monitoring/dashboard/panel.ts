/** A panel of the overview as plain data, and Grafana's own model of it. */
import {
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  TooltipDisplayMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from "@grafana/grafana-foundation-sdk/common";
import { ThresholdsConfigBuilder, ThresholdsMode } from "@grafana/grafana-foundation-sdk/dashboard";
import { DataqueryBuilder } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder as StatBuilder } from "@grafana/grafana-foundation-sdk/stat";
import { PanelBuilder as GraphBuilder } from "@grafana/grafana-foundation-sdk/timeseries";
import { datasource } from "../facts.ts";
import { runbook } from "../rules/rule.ts";

/** `number` says what is now, `graph` how it went. */
type Kind = "number" | "graph";

export interface PanelPlan {
  readonly title: string;
  readonly kind: Kind;
  /** What it shows, and what to do when it looks bad. */
  readonly description: string;
  /** Alerts that stand on the same series: their sections in the operators' guide are named below the description. */
  readonly alerts?: readonly string[];
  /** Grafana's name of the unit. */
  readonly unit: string;
  /** PromQL, and what a line of it is called. */
  readonly queries: readonly (readonly [expr: string, legend: string])[];
  /** Where green ends: what an alert fires at. */
  readonly red?: { readonly above: number } | { readonly below: number };
  /** Most that the scale shows, where there is one. */
  readonly max?: number;
  /** Word in place of a number where there is none, and that is well. */
  readonly none?: string;
  /** Whether a number is the name of its line, not its value. */
  readonly names?: boolean;
}

const describe = ({ description, alerts = [] }: PanelPlan): string =>
  [description, ...alerts.map((name) => `${name}: ${runbook(name)}`)].join("\n\n");

const thresholds = ({ red }: PanelPlan): ThresholdsConfigBuilder => {
  const step = (value: number | null, color: string) => ({ value, color });
  const steps =
    red === undefined
      ? [step(null, "blue")]
      : "above" in red
        ? [step(null, "green"), step(red.above, "red")]
        : [step(null, "red"), step(red.below, "green")];
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps);
};

function queriesOf({ queries, kind }: PanelPlan): DataqueryBuilder[] {
  return queries.map(([expr, legend], index) => {
    const query = new DataqueryBuilder()
      .refId(String.fromCharCode(65 + index))
      .datasource(datasource)
      .expr(expr)
      .legendFormat(legend);
    return kind === "number" ? query.instant() : query.range();
  });
}

/** What every kind of panel says alike. */
function shared<Builder extends StatBuilder | GraphBuilder>(builder: Builder, plan: PanelPlan): Builder {
  builder
    .title(plan.title)
    .description(describe(plan))
    .datasource(datasource)
    .targets(queriesOf(plan))
    .unit(plan.unit)
    .min(0)
    .thresholds(thresholds(plan))
    .noValue(plan.none ?? "no data");
  if (plan.max !== undefined) builder.max(plan.max);
  return builder;
}

const number = (plan: PanelPlan): StatBuilder =>
  shared(new StatBuilder(), plan)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(["lastNotNull"]).values(false))
    .graphMode(BigValueGraphMode.None)
    .colorMode(BigValueColorMode.Background)
    .textMode(plan.names === true ? BigValueTextMode.Name : BigValueTextMode.Auto);

const graph = (plan: PanelPlan): GraphBuilder =>
  shared(new GraphBuilder(), plan)
    .lineWidth(1)
    .fillOpacity(10)
    .thresholdsStyle(
      new GraphThresholdsStyleConfigBuilder().mode(
        plan.red === undefined ? GraphThresholdsStyleMode.Off : GraphThresholdsStyleMode.Dashed,
      ),
    )
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending));

/** @param id stays the panel's own as long as the order stays. */
export const buildPanel = (plan: PanelPlan, id: number, width: number, height: number): StatBuilder | GraphBuilder =>
  (plan.kind === "number" ? number(plan) : graph(plan)).id(id).span(width).height(height);
