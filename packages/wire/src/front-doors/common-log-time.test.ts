import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { commonLogTime } from "./common-log-time.ts";

describe("commonLogTime", () => {
  it("writes two digits for everything but the year, in UTC", () => {
    expect(commonLogTime(Date.UTC(2026, 2, 5, 4, 7, 9, 999))).toBe("05/Mar/2026:04:07:09 +0000");
    expect(commonLogTime(0)).toBe("01/Jan/1970:00:00:00 +0000");
  });

  it("names the second, whatever the time zone", () => {
    const time = fc.date({ min: new Date(0), max: new Date("2999-12-31T23:59:59Z"), noInvalidDate: true });
    fc.assert(
      fc.property(time, (time) => {
        const written = commonLogTime(time.getTime());
        const readable = written.replace(/^(\d+)\/(\w+)\/(\d+):/, "$1 $2 $3 ");
        expect(Date.parse(readable)).toBe(Math.floor(time.getTime() / 1000) * 1000);
      }),
    );
  });
});
