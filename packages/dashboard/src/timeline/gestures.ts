/** Wheel, drag and pinch on the time line, by d3-zoom. */
import { type ScaleTime, scaleTime } from "d3-scale";
import { select } from "d3-selection";
import { type D3ZoomEvent, zoom, zoomIdentity } from "d3-zoom";
import { domainOf, now, show, view } from "./view.ts";

/** `width` is asked for at each gesture. Returns what ends it. */
export function watchGestures(svg: SVGSVGElement, width: () => number): () => void {
  let before: ScaleTime<number, number> = scaleTime();
  const behaviour = zoom<SVGSVGElement, unknown>()
    .filter((event: MouseEvent) => event.button === 0 || event.type === "wheel")
    .on("start", () => {
      before = scaleTime([...domainOf(view.value, now.value)], [0, width()]);
    })
    .on("zoom", ({ transform, sourceEvent }: D3ZoomEvent<SVGSVGElement, unknown>) => {
      const [from, to] = transform.rescaleX(before).domain().map(Number);
      if (from === undefined || to === undefined) return;
      // While it follows, the wheel changes how much is seen, and it goes on following.
      const wheel = sourceEvent instanceof WheelEvent;
      if (wheel && view.value.to === undefined)
        view.value = { span: Math.min(24 * 3600e3, Math.max(20, to - from)) };
      else show(from, to);
    })
    .on("end", () => {
      // The next gesture begins from what is seen then.
      select(svg).property("__zoom", zoomIdentity);
    });
  select(svg).call(behaviour).on("dblclick.zoom", null);
  return () => void select(svg).on(".zoom", null);
}
