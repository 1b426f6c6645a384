import { describe, expect, it } from "vitest";
import { commonLogTime } from "./common-log-time.ts";

describe("commonLogTime", () => {
  it("writes two digits for everything but the year, in UTC", () => {
    expect(commonLogTime(Date.UTC(2026, 2, 5, 4, 7, 9, 999))).toBe("05/Mar/2026:04:07:09 +0000");
    expect(commonLogTime(0)).toBe("01/Jan/1970:00:00:00 +0000");
  });

  it("names the second, whatever the time zone", () => {
    for (let day = 0; day < 366; day += 1) {
      const time = Date.UTC(2024, 0, 1 + day, day % 24, day % 60, (7 * day) % 60, day);
      const readable = commonLogTime(time).replace(/^(\d+)\/(\w+)\/(\d+):/, "$1 $2 $3 ");
      expect(Date.parse(readable)).toBe(Math.floor(time / 1000) * 1000);
    }
  });
});
