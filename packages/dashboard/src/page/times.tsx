/** What a boot takes and what a restore takes, as bars on one scale. */
import { scaleLinear } from "d3-scale";
import type { JSX } from "preact";
import { durationText } from "../model/format.ts";
import type { CheckReport } from "../protocol.ts";
import { restoreOnAwsMs } from "../protocol.ts";

interface Bar {
  readonly name: string;
  readonly tone: "init" | "restore" | "frozen";
  readonly ms: number;
  readonly about?: string;
}

export function Times({ report }: { report: CheckReport }): JSX.Element {
  const { engine, bootMs, restoreMs } = report;
  const bars: Bar[] = [
    { name: "Boot", tone: "init", ms: bootMs },
    // A replayed restore is a boot.
    ...(engine === "replay" ? [] : [{ name: "Restore here", tone: "restore", ms: restoreMs } as const]),
    { name: "Restore on AWS", tone: "frozen", ms: restoreOnAwsMs, about: "about, whatever the app" },
  ];
  const scale = scaleLinear()
    .domain([0, Math.max(...bars.map(({ ms }) => ms))])
    .range([0, 100]);
  return (
    <dl class="times">
      {bars.map(({ name, tone, ms, about }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <svg width="100%" height="14" aria-hidden="true">
              <rect class={`span ${tone}`} width={`${Math.max(0.6, scale(ms))}%`} height="14" rx="3" />
            </svg>
            <b>{durationText(ms)}</b>
            {about !== undefined && <span class="dim">{about}</span>}
          </dd>
        </div>
      ))}
    </dl>
  );
}
