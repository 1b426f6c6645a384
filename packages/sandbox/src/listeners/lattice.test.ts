import { describe, expect, it } from "vitest";
import { doorRig } from "../testing/doors.ts";

describe("a VPC Lattice service", () => {
  it("gives V2 events, or V1 when told to (11)", async () => {
    await using door = await doorRig({ type: "lattice" });
    const headers = ["Host", "h", "X-A", "1", "x-a", "2"];
    expect(await door.eventOf("/p%20q?x=1&x=2", { headers })).toMatchObject({
      version: "2.0",
      path: "/p%20q?x=1&x=2",
      method: "GET",
      headers: { "x-a": ["1", "2"] },
      queryStringParameters: { x: ["1", "2"] },
      requestContext: { region: "eu-west-1", serviceArn: expect.stringContaining(":service/svc-") },
    });
    await using old = await doorRig({ type: "lattice", eventStructureVersion: "V1" });
    expect(await old.eventOf("/p?x=1", { headers })).toMatchObject({
      raw_path: "/p?x=1",
      headers: { "x-a": "1, 2" },
      is_base64_encoded: false,
    });
  });

  it("sends what the function answers, and a bare status for what is none (11)", async () => {
    await using door = await doorRig({ type: "lattice" });
    const reply = await door.told({ statusCode: 201, headers: { "X-A": "1" }, body: "x" }, "/");
    expect([reply.status, reply.body, reply.headers["x-a"]]).toEqual([201, "x", "1"]);
    expect((await door.told(null, "/")).status).toBe(500);
    expect((await door.ask("/", { headers: { "x-do": "error" } })).status).toBe(500);
    expect((await door.ask("/", { method: "POST", body: Buffer.alloc(6_291_457) })).status).toBe(413);
  });
});
