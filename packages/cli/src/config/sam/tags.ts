/** CloudFormation's short forms (`!Ref x`) as their long ones (`{ Ref: x }`), so that there is one to resolve. */
import { type CollectionTag, Pair, Scalar, type ScalarTag, YAMLMap, type YAMLSeq } from "yaml";

const functions = [
  "Base64",
  "Cidr",
  "FindInMap",
  "GetAtt",
  "GetAZs",
  "If",
  "ImportValue",
  "Join",
  "Select",
  "Split",
  "Sub",
  "Transform",
  "And",
  "Equals",
  "Not",
  "Or",
] as const;

export const cloudFormationTags: readonly (ScalarTag | CollectionTag)[] = [
  scalar("Ref", "Ref"),
  scalar("Condition", "Condition"),
  ...functions.flatMap((name) => [
    scalar(name, `Fn::${name}`),
    collection(name, "seq"),
    collection(name, "map"),
  ]),
];

function scalar(tag: string, long: string): ScalarTag {
  return { tag: `!${tag}`, resolve: (text) => ({ [long]: text }) };
}

function collection(name: string, kind: "seq" | "map"): CollectionTag {
  return {
    tag: `!${name}`,
    collection: kind,
    resolve: (node: YAMLMap | YAMLSeq) => longForm(`Fn::${name}`, node),
  };
}

function longForm(name: string, value: unknown): YAMLMap {
  const map = new YAMLMap();
  map.items.push(new Pair(new Scalar(name), value));
  return map;
}
