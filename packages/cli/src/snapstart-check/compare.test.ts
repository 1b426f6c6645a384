import { randomUUID } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Observation, type Witness, compare } from "./compare.ts";

const answered = (body: string, more: Partial<Observation> = {}): Observation => ({
  request: "GET /",
  status: 200,
  headers: [["content-type", "text/plain"]],
  body,
  ...more,
});

function witness(bodies: readonly string[], more: Partial<Witness> = {}): Witness {
  return { observations: bodies.map((body) => answered(body)), log: [], files: [], ...more };
}

const own = (): Witness => witness([randomUUID(), randomUUID()]);

describe("compare", () => {
  it("finds nothing in what is constant, and nothing in what differs each time", () => {
    const body = fc.constantFrom("constant deadbeef01 0.12345678901", "random", "both deadbeef01 random", "");
    fc.assert(
      fc.property(fc.array(body, { minLength: 1, maxLength: 4 }), (bodies) => {
        const one = (): Witness =>
          witness(bodies.map((text) => text.replaceAll("random", () => randomUUID())));
        expect(compare({ boots: [one(), one()], copies: [one(), one()] })).toEqual([]);
      }),
    );
  });

  it("tells a sequence that both copies continue from one state", () => {
    const drawn = [randomUUID(), randomUUID()];
    const findings = compare({ boots: [own(), own()], copies: [witness(drawn), witness(drawn)] });
    expect(findings.map(({ kind, grade }) => [kind, grade])).toEqual([["repeated-sequence", "fault"]]);
    expect(findings[0]).toMatchObject({
      where: "GET /, body",
      what: expect.stringMatching(new RegExp(`^${drawn[0]}.* \\(and 1 more\\)$`)),
    });
  });

  it("tells an identity that was made before the snapshot, once", () => {
    const id = randomUUID();
    const findings = compare({ boots: [own(), own()], copies: [witness([id, id]), witness([id, id])] });
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({ kind: "repeated-identity", grade: "fault" });
  });

  it("looks at headers, the log and /tmp too, but not at headers that every answer has", () => {
    const [cookie, line, file, date] = [
      randomUUID(),
      randomUUID(),
      randomUUID(),
      "Thu, 26 Nov 2026 20:00:01 GMT",
    ];
    const copy = (): Witness => ({
      observations: [
        answered("", {
          headers: [
            ["set-cookie", `session=${cookie}`],
            ["date", date],
            ["x-amzn-requestid", "3b241101-e2bb-4255-8caf-4136c566a962"],
          ],
        }),
      ],
      log: [`worker ${line}`],
      files: [`upload-${file}`],
    });
    const boot = (): Witness => ({ observations: [answered("")], log: [], files: [] });
    const findings = compare({ boots: [boot(), boot()], copies: [copy(), copy()] });
    expect(findings.map(({ where }) => where).toSorted()).toEqual([
      "/tmp",
      "GET /, header set-cookie",
      "the log",
    ]);
  });

  it("does not call a time of start a fault", () => {
    const at = (time: string): Witness => witness([`up since ${time}`]);
    const boots = [at("2026-11-26T19:00:00Z"), at("2026-11-26T19:00:05Z")] as const;
    const copies = [at("2026-11-26T20:00:00Z"), at("2026-11-26T20:00:00Z")] as const;
    expect(compare({ boots, copies })).toMatchObject([{ kind: "frozen-time", grade: "look" }]);
  });

  it("tells an answer that is sound after a boot and broken after a restore", () => {
    const expired = { observations: [answered("token expired", { status: 401 })], log: [], files: [] };
    const dead = {
      observations: [answered("", { status: 0, failure: "socket hang up" })],
      log: [],
      files: [],
    };
    for (const copy of [expired, dead]) {
      const findings = compare({ boots: [witness(["ok"]), witness(["ok"])], copies: [copy, copy] });
      expect(findings).toMatchObject([{ kind: "answer-changed", grade: "fault", where: "GET /" }]);
    }
    // What fails after a boot as well is not the snapshot's doing.
    expect(compare({ boots: [expired, expired], copies: [expired, expired] })).toEqual([]);
  });
});
