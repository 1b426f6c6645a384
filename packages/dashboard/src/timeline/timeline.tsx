/** Environments as lanes on a time line. Bars of invocations are buttons: arrows go from one to the next, Enter opens. */
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { scaleTime } from "d3-scale";
import { inOrder } from "../model/figures.ts";
import { clockText } from "../model/format.ts";
import type { Lane } from "../model/model.ts";
import { filter, known } from "../page/state.ts";
import { LaneRow, type TimeScale, laneHeight } from "./lane.tsx";
import { watchGestures } from "./gestures.ts";
import { domainOf, fit, follow, now, view, zoomBy } from "./view.ts";

const gutter = 132;
const axis = 26;

export function Timeline(): JSX.Element {
  const [width, setWidth] = useState(800);
  const box = useRef<HTMLDivElement>(null);
  const svg = useRef<SVGSVGElement>(null);
  const measured = useRef(800);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => {
      if (entry === undefined) return;
      measured.current = entry.contentRect.width;
      setWidth(entry.contentRect.width);
    });
    if (box.current !== null) observer.observe(box.current);
    const end =
      svg.current === null ? undefined : watchGestures(svg.current, () => measured.current - gutter);
    return () => {
      observer.disconnect();
      end?.();
    };
  }, []);
  useClock();
  const [from, to] = domainOf(view.value, now.value);
  const scale = scaleTime([from, to], [0, Math.max(10, width - gutter)]);
  const lanes = inOrder(known.value.model.lanes.values()).filter((lane) => isSeen(lane, from, to));
  const height = axis + Math.max(1, lanes.length) * laneHeight + 6;
  return (
    <section class="timeline" aria-label="Time line of environments">
      <Bar />
      <div class="lanes" ref={box} tabIndex={-1}>
        <svg ref={svg} width={width} height={height} role="group" aria-label="Environments" onKeyDown={walk}>
          <Patterns />
          <Axis scale={scale} height={height} />
          {lanes.map((lane, at) => (
            <LaneRow
              key={lane.environment}
              lane={lane}
              scale={scale}
              top={axis + at * laneHeight}
              gutter={gutter}
            />
          ))}
          {lanes.length === 0 && (
            <text x={gutter + 8} y={axis + 22} class="label dim">
              No environment in this time
            </text>
          )}
        </svg>
      </div>
    </section>
  );
}

function isSeen(lane: Lane, from: number, to: number): boolean {
  const name = filter.value.function;
  return (name === "" || lane.function === name) && lane.from <= to && (lane.to ?? Infinity) + 2000 >= from;
}

/** Ten times a second, while somebody looks and the view moves. */
function useClock(): void {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  useEffect(() => {
    const timer = setInterval(
      () => {
        if (!document.hidden && view.value.to === undefined) now.value = Date.now();
      },
      still ? 1000 : 100,
    );
    return () => clearInterval(timer);
  }, [still]);
}

/** Left and right: along the bars as they stand in the document, lane by lane. */
function walk(event: KeyboardEvent): void {
  const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
  const here = event.target;
  if (step === 0 || !(here instanceof SVGElement) || !here.matches("[role=button]")) return;
  event.preventDefault();
  event.stopPropagation();
  const bars = [...(here.ownerSVGElement?.querySelectorAll<SVGElement>("[role=button]") ?? [])];
  bars[bars.indexOf(here) + step]?.focus();
}

function Bar(): JSX.Element {
  const following = view.value.to === undefined;
  return (
    <div class="bar">
      <h2>Environments</h2>
      <ul class="legend" aria-label="Legend">
        {["init", "restore", "invoke", "failed", "frozen", "shutdown"].map((kind) => (
          <li key={kind}>
            <i class={`swatch ${kind}`} aria-hidden="true" />
            {kind}
          </li>
        ))}
      </ul>
      <div class="grow" />
      <button type="button" aria-pressed={following} class="live" onClick={follow}>
        Follow
      </button>
      <button type="button" onClick={fit}>
        All
      </button>
      <button type="button" class="icon" aria-label="Farther" onClick={() => zoomBy(0.5)}>
        −
      </button>
      <button type="button" class="icon" aria-label="Closer" onClick={() => zoomBy(2)}>
        +
      </button>
    </div>
  );
}

function Axis({ scale, height }: { scale: TimeScale; height: number }): JSX.Element {
  const ticks = scale.ticks(Math.max(2, Math.floor((scale.range()[1] ?? 0) / 110)));
  const fine = (view.value.span / (scale.range()[1] ?? 1)) * 110 < 1000;
  return (
    <g class="axis" transform={`translate(${gutter},0)`} aria-hidden="true">
      {ticks.map((tick) => (
        <g key={Number(tick)} transform={`translate(${scale(tick)},0)`}>
          <line y1={axis - 6} y2={height} />
          <text y={axis - 11}>{fine ? clockText(Number(tick)) : clockText(Number(tick)).slice(0, 8)}</text>
        </g>
      ))}
    </g>
  );
}

/** Beside colour, what is frozen and what failed have a pattern: not everybody sees all colours. */
function Patterns(): JSX.Element {
  return (
    <defs>
      <pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
        <rect width="6" height="6" class="hatch-back" />
        <line x1="0" y1="0" x2="0" y2="6" class="hatch-line" />
      </pattern>
      <pattern id="failed" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)">
        <rect width="6" height="6" class="failed-back" />
        <line x1="0" y1="0" x2="0" y2="6" class="failed-line" />
      </pattern>
    </defs>
  );
}
