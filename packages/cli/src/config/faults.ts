/** What is wrong in a configuration file, in words: file, line, column, key, what is allowed, what was probably meant. */
import type * as z from "zod";
import { type UserFailure, userFailure } from "../user-failure.ts";
import type { Path, YamlFile } from "./document.ts";
import { nearest } from "./nearest.ts";

type Issue = z.core.$ZodIssue;

/** All of them in one failure; the first is its sentence. */
export function configFailure(yaml: YamlFile, schema: z.ZodType, issues: readonly Issue[]): UserFailure {
  const faults = issues
    .flatMap((issue) => faultsOf(issue, schema, yaml.value))
    .map(({ path, key, message, hint }) => {
      const place = yaml.place(path, key);
      return { hint, place, text: `${yaml.file}:${place.line}:${place.column}: ${message}` };
    });
  const [first, ...others] = faults;
  if (first === undefined) return userFailure(`${yaml.file} is not understood`);
  const hint = faults.find((fault) => fault.hint !== undefined)?.hint;
  const lines = [...yaml.excerpt(first.place), ...others.map(({ text }) => text)];
  return userFailure(first.text, hint ?? "docs/dev.md has every key.", { lines });
}

interface Fault {
  readonly path: Path;
  readonly key?: string;
  readonly message: string;
  readonly hint?: string;
}

function faultsOf(issue: Issue, schema: z.ZodType, value: unknown): Fault[] {
  const path = issue.path.filter((step) => typeof step !== "symbol");
  const name = path.length === 0 ? "the file" : path.join(".");
  switch (issue.code) {
    case "unrecognized_keys": {
      const known = keysAt(schema, path);
      return issue.keys.map((key) => {
        const meant = nearest(key, known);
        const message = `${[...path, key].join(".")} is no key that is known here`;
        const there = known.length === 0 ? undefined : `There are: ${known.join(", ")}.`;
        return {
          path,
          key,
          message,
          hint: meant === undefined ? (there ?? "") : `Did you mean ${meant}? ${there}`,
        };
      });
    }
    case "invalid_value": {
      const allowed = issue.values.map(String);
      const given = valueAt(value, path);
      const meant = typeof given === "string" ? nearest(given, allowed) : undefined;
      const what = given === undefined ? "is missing" : `is ${JSON.stringify(given)}`;
      const message = `${name} ${what}, and must be one of ${allowed.join(", ")}`;
      return [{ path, message, ...(meant !== undefined && { hint: `Did you mean ${meant}?` }) }];
    }
    case "invalid_type": {
      const given = valueAt(value, path);
      if (given === undefined) return [{ path, message: `${name} is missing` }];
      return [
        {
          path,
          message: `${name} is ${kindOf(given)}, and must be ${kinds[issue.expected] ?? issue.expected}`,
        },
      ];
    }
    case "too_small":
    case "too_big": {
      const bound = issue.code === "too_small" ? `at least ${issue.minimum}` : `at most ${issue.maximum}`;
      const what = issue.origin === "array" ? "have " : "be ";
      const unit = issue.origin === "array" ? " entries" : "";
      return [
        {
          path,
          message: `${name} is ${JSON.stringify(valueAt(value, path))}, and must ${what}${bound}${unit}`,
        },
      ];
    }
    case "invalid_key":
      return [
        {
          path,
          message: `${name} is no name that is allowed here`,
          hint: path.includes("env")
            ? "Lambda's names of variables are two characters or more: a letter, then letters, digits and _."
            : "Names have letters, digits, - and _, 64 at most.",
        },
      ];
    case "invalid_union":
      return unionFaults(issue, schema, value, path);
    case "invalid_format":
      return [
        {
          path,
          message: `${name} is ${JSON.stringify(valueAt(value, path))}, and has not the form it must have`,
        },
      ];
    default:
      return [{ path, message: `${name}: ${issue.message}` }];
  }
}

/** Of the alternatives, the one that got farthest says what is wrong. */
function unionFaults(
  issue: z.core.$ZodIssueInvalidUnion,
  schema: z.ZodType,
  value: unknown,
  path: Path,
): Fault[] {
  const deep = issue.errors.find((issues) =>
    issues.some((one) => one.path.length > 0 || one.code === "unrecognized_keys"),
  );
  const chosen = deep ?? issue.errors.find((issues) => issues.some(({ code }) => code === "invalid_value"));
  if (chosen === undefined) {
    const allowed = issue.errors
      .flat()
      .map((one) => ("expected" in one ? (kinds[one.expected] ?? one.expected) : one.message));
    return [
      {
        path,
        message: `${path.join(".")} is ${kindOf(valueAt(value, path))}, and must be ${allowed.join(" or ")}`,
      },
    ];
  }
  return chosen.flatMap((one) => faultsOf({ ...one, path: [...path, ...one.path] }, schema, value));
}

const kinds: Readonly<Record<string, string>> = {
  string: "text",
  int: "a whole number",
  number: "a number",
  boolean: "true or false",
  object: "a mapping",
  record: "a mapping",
  array: "a list",
};

function kindOf(value: unknown): string {
  if (value === null) return "empty";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a mapping";
  return JSON.stringify(value);
}

function valueAt(value: unknown, path: Path): unknown {
  let found = value;
  for (const step of path) {
    if (typeof found !== "object" || found === null) return undefined;
    found = (found as Record<string | number, unknown>)[step];
  }
  return found;
}

/** Keys that a schema knows at a place. */
function keysAt(schema: z.ZodType, path: Path): readonly string[] {
  let at: readonly unknown[] = [schema.def];
  for (const step of path) at = at.flatMap((def) => below(def as Def, step));
  return at.flatMap((def) => Object.keys(unwrapped(def as Def).shape ?? {}));
}

/** As much of zod's own description as is needed here. */
interface Def {
  readonly innerType?: { readonly def: Def };
  readonly shape?: Readonly<Record<string, { readonly def: Def }>>;
  readonly valueType?: { readonly def: Def };
  readonly element?: { readonly def: Def };
  readonly options?: readonly { readonly def: Def }[];
}

function unwrapped(def: Def): Def {
  return def.innerType === undefined ? def : unwrapped(def.innerType.def);
}

function below(def: Def, step: string | number): Def[] {
  const { shape, valueType, element } = unwrapped(def);
  const next = typeof step === "number" ? element : (shape?.[step] ?? valueType);
  if (next === undefined) return [];
  const inner = unwrapped(next.def);
  return inner.options === undefined ? [inner] : inner.options.map((option) => unwrapped(option.def));
}
