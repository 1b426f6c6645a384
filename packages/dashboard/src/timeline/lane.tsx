/** One environment: a line for its life, bars for what it was at. */
import type { ScaleTime } from "d3-scale";
import type { JSX } from "preact";
import { isFailed } from "../model/figures.ts";
import { durationText } from "../model/format.ts";
import type { Lane, Span } from "../model/model.ts";
import { known, selected } from "../page/state.ts";
import { now } from "./view.ts";

export type TimeScale = ScaleTime<number, number>;

export const laneHeight = 30;
const barHeight = 18;
const barTop = (laneHeight - barHeight) / 2;
/** What took no time at all is seen all the same. */
const narrowest = 3;
/** Roughly the width of a letter. */
const letter = 6.2;

interface Props {
  readonly lane: Lane;
  readonly scale: TimeScale;
  readonly top: number;
  readonly gutter: number;
}

export function LaneRow({ lane, scale, top, gutter }: Props): JSX.Element {
  const [from = 0, to = 0] = scale.domain().map(Number);
  const right = scale.range()[1] ?? 0;
  const end = lane.to ?? Math.max(now.value, known.value.model.time);
  const spans = lane.spans
    .filter((span) => span.from <= to && (span.to ?? end) >= from)
    // A failed invocation and the shutdown it leads to overlap: what can be opened lies above.
    .sort((a, b) => Number(a.kind === "invoke") - Number(b.kind === "invoke") || a.from - b.from);
  return (
    <g transform={`translate(0,${top})`} class="lane">
      <text x="14" y={laneHeight / 2 + 4} class="label">
        {cut(lane.function, 13)}
        <tspan class="dim"> #{lane.number}</tspan>
      </text>
      <svg x={gutter} width={right} height={laneHeight}>
        <line
          class="life"
          x1={Math.max(0, scale(lane.from))}
          x2={Math.min(right, Math.max(0, scale(end)))}
          y1={laneHeight / 2}
          y2={laneHeight / 2}
        />
        {spans.map((span) => (
          <Bar
            key={`${span.kind}${span.from}${span.requestId ?? ""}`}
            span={span}
            end={end}
            scale={scale}
            lane={lane}
          />
        ))}
      </svg>
    </g>
  );
}

function Bar({
  span,
  end,
  scale,
  lane,
}: {
  span: Span;
  end: number;
  scale: TimeScale;
  lane: Lane;
}): JSX.Element {
  const right = scale.range()[1] ?? 0;
  const to = span.to ?? (span.kind === "shutdown" ? Math.min(span.from + 40, end) : end);
  const left = Math.max(-10, scale(span.from));
  const width = Math.max(narrowest, Math.min(right + 10, scale(to)) - left);
  const textLeft = Math.max(0, left) + 6;
  const { kind, requestId } = span;
  const took = durationText(Math.max(0, to - span.from));
  const invocation = requestId === undefined ? undefined : known.value.model.invocations.get(requestId);
  const failed = span.failed || (invocation !== undefined && isFailed(invocation));
  const name = kind === "invoke" ? (invocation?.title ?? "invocation") : kind;
  const said = `${name}, ${failed ? "failed" : span.to === undefined && kind !== "shutdown" ? "goes on" : took}, ${lane.function} #${lane.number}`;
  const chosen = requestId !== undefined && requestId === selected.value;
  const shape = (
    <>
      <rect
        class={`span ${kind} ${failed ? "bad" : ""}`}
        x={left}
        y={barTop}
        width={width}
        height={barHeight}
        rx="4"
      />
      <title>{said}</title>
      {width > 10 + letter * Math.min(name.length, 6) && (
        // Said in full by the label. Cut off by its box and not by dots: who speaks to the page says what is seen.
        <svg
          aria-hidden="true"
          x={textLeft}
          width={Math.max(0, left + width - 4 - textLeft)}
          height={laneHeight}
        >
          <text class={`in ${kind}`} y={laneHeight / 2 + 4}>
            {name}
          </text>
        </svg>
      )}
    </>
  );
  if (invocation === undefined || requestId === undefined) return <g>{shape}</g>;
  const open = (): void => {
    selected.value = requestId;
  };
  return (
    <g
      role="button"
      // In SVG the name of the attribute is written in small letters.
      tabindex={chosen || (selected.value === undefined && span === lane.spans.at(-1)) ? 0 : -1}
      aria-label={said}
      aria-pressed={chosen}
      class={chosen ? "chosen" : ""}
      onClick={open}
      onKeyDown={(event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        open();
      }}
    >
      {shape}
    </g>
  );
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, Math.max(1, most - 1))}…`;
}
