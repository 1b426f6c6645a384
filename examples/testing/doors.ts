/**
 * What may differ between an app asked directly and the same app behind a front door other than a Function URL, each with
 * its reason: beside what `set-aside.ts` has for every door. A request that is set aside must differ, else it is none.
 */

import type { Adds } from "./set-aside.ts";

export interface Door extends Adds {
  /** As `anylambda dev --door` calls it. */
  readonly name: string;
  readonly cannotCarry: readonly SetAside[];
}

interface SetAside {
  readonly because: string;
  readonly requests: readonly string[];
  /** Only an app that tells an encoded path from a decoded one can notice. */
  readonly noticedBy?: "raw-path";
}

const mapOfQuery: SetAside = {
  because:
    "the query arrives as a map of decoded values: how it was written, and the order between keys, are lost",
  requests: [
    "GET a product with an encoded slash, repeated keys, plus and a flag",
    "GET a product with interleaved repeated keys",
    "GET a product with empty pairs",
    "GET a product with empty keys and values",
    "GET a product with a question mark in the query",
    "GET a product with commas in the query",
    "GET a product with percent signs in the query",
    "GET a product with brackets and braces in the query",
  ],
};

const undecodedMapOfQuery: SetAside = {
  because:
    "the query arrives as a map of values as they were sent: empty pairs, and the order between keys, are lost",
  requests: [
    "GET a product with an encoded slash, repeated keys, plus and a flag",
    "GET a product with interleaved repeated keys",
    "GET a product with empty pairs",
    "GET a product with empty keys and values",
  ],
};

const oneMegabyte: SetAside = {
  because: "a load balancer takes 1 MB for a function",
  requests: ["POST JSON of a million characters", "POST 1 MiB", "POST 2 MiB"],
};

const oneCookie: SetAside = {
  because: "the answer has one value a header, and cookies cannot be joined",
  requests: ["POST a name, two cookies back", "POST no name"],
};

const albServer = { server: "the load balancer names itself where the app does not" };

export const doors: readonly Door[] = [
  {
    name: "http-api",
    adds: { "apigw-requestid": "the API's id of the request" },
    defaultContentType: "text/plain; charset=utf-8",
    cannotCarry: [
      {
        because: "the path arrives decoded: an encoded slash is a slash, a broken escape a percent sign",
        requests: [
          "GET a product with an encoded slash, repeated keys, plus and a flag",
          "GET a product with lower-case escapes, plus and percent",
          "GET a product with a broken escape in its address",
          "GET a product with bytes that are not UTF-8 in its address",
          "GET a path with encoded dot segments",
          "PATCH a product",
        ],
        noticedBy: "raw-path",
      },
    ],
  },
  {
    name: "http-api-1",
    adds: { "apigw-requestid": "the API's id of the request" },
    defaultContentType: "text/plain; charset=utf-8",
    cannotCarry: [mapOfQuery],
  },
  {
    name: "rest",
    adds: {
      "x-amz-apigw-id": "the API's second id of the request",
      server: "the API would send the app's as x-amzn-Remapped-Server, so the adapter leaves it out",
    },
    defaultContentType: "application/json",
    cannotCarry: [
      {
        because: "unescaped braces and bars are refused with 400",
        requests: ["GET a product with brackets and braces in the query"],
      },
      mapOfQuery,
      {
        because: "slashes behind the stage are one",
        requests: ["GET a path that begins with two slashes"],
        noticedBy: "raw-path",
      },
    ],
  },
  {
    name: "alb",
    adds: albServer,
    defaultContentType: undefined,
    cannotCarry: [
      oneMegabyte,
      oneCookie,
      undecodedMapOfQuery,
      {
        because: "of repeated parameters and headers the last is left",
        requests: [
          "GET a product with commas in the query",
          "GET a product with brackets and braces in the query",
          "GET a repeated header",
        ],
      },
    ],
  },
  {
    name: "alb-multi",
    adds: albServer,
    defaultContentType: undefined,
    cannotCarry: [oneMegabyte, undecodedMapOfQuery],
  },
  { name: "lattice", adds: {}, defaultContentType: undefined, cannotCarry: [oneCookie] },
];
