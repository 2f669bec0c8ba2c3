/** PromQL, parsed by the grammar that Prometheus' own page uses. */
import { parser } from "@prometheus-io/lezer-promql";
import { distance } from "fastest-levenshtein";

type SyntaxNode = ReturnType<typeof parser.parse>["topNode"];

/** A vector selector as it stands in an expression. */
export interface Selected {
  readonly series: string;
  /** Matchers, by label: `=`, `!=`, `=~` or `!~`, and the value. */
  readonly matchers: Readonly<Record<string, { readonly operator: string; readonly value: string }>>;
}

/** What Grafana puts in for its variables, in a form that parses. */
const grafanaVariables: readonly (readonly [string, string])[] = [
  ["$__rate_interval", "5m"],
  ["$__range", "1h"],
];

function nodes(root: SyntaxNode, name: string): SyntaxNode[] {
  const found: SyntaxNode[] = [];
  root.cursor().iterate((node) => {
    if (node.name === name) found.push(node.node);
  });
  return found;
}

/** Every selector in the expression; throws where it is no PromQL. */
export function selectorsOf(expression: string): Selected[] {
  const text = grafanaVariables.reduce((rest, [variable, value]) => rest.replaceAll(variable, value), expression);
  const tree = parser.parse(text);
  const slice = ({ from, to }: { from: number; to: number }) => text.slice(from, to);
  const [mistake] = nodes(tree.topNode, "⚠");
  if (mistake !== undefined) {
    throw new Error(
      `no PromQL at character ${mistake.from} ("${text.slice(mistake.from, mistake.from + 20)}"): ${text}`,
    );
  }
  return nodes(tree.topNode, "VectorSelector").map((selector) => {
    const name = selector.getChild("Identifier");
    if (name === null) throw new Error(`a selector without the name of a series: ${slice(selector)}`);
    const matchers = nodes(selector, "UnquotedLabelMatcher").map((matcher) => {
      const [label, operator, value] = ["LabelName", "MatchOp", "StringLiteral"].map((part) => {
        const child = matcher.getChild(part);
        return child === null ? "" : slice(child);
      });
      return [label, { operator, value: JSON.parse(value ?? "") as string }] as const;
    });
    return { series: slice(name), matchers: Object.fromEntries(matchers) };
  });
}

/** The likeliest meant one among the names. */
export const nearest = (wrong: string, names: readonly string[]): string | undefined =>
  [...names].sort((left, right) => distance(wrong, left) - distance(wrong, right))[0];
