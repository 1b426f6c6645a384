/**
 * Vessels that stand ready, so that a copy has only its processes to wait for.
 *
 *  (1) At most so many for an image, made when nothing has been asked for a while: never beside a restore.
 *  (2) They keep nobody alive, and end with this process.
 *  (3) After `forget` none is left of that image, and none is made.
 *  (4) One that has ended is not given out.
 */
import type { Image } from "./image.ts";
import { type Vessel, type VesselOptions, discardVessel, isUnprivileged, vesselFor } from "./vessel.ts";

export interface VesselsOptions extends VesselOptions {
  /** Per image. */
  readonly size: number;
  /** How long nothing is asked for before one is made, ms. */
  readonly calmMs: number;
}

interface Berth {
  readonly image: Image;
  readonly ready: Set<Vessel>;
  timer: NodeJS.Timeout | undefined;
  making: Promise<void>;
  isForgotten: boolean;
}

export class Vessels {
  readonly #berths = new Map<string, Berth>();
  readonly #options: VesselsOptions;

  constructor(options: VesselsOptions) {
    this.#options = options;
  }

  /** Copies of this image will be wanted. */
  expect(image: Image): void {
    // The clocks of a vessel would run while it waits: without root they are set when it is made.
    if (isUnprivileged() || this.#options.size === 0) return;
    const berth = this.#berths.get(image.directory) ?? newBerth(image);
    this.#berths.set(image.directory, berth);
    this.#wait(berth);
  }

  /** One that stands ready, if any does. */
  take(image: Image): Vessel | undefined {
    const berth = this.#berths.get(image.directory);
    if (berth === undefined) return undefined;
    this.#wait(berth);
    const [vessel] = berth.ready;
    if (vessel === undefined) return undefined;
    berth.ready.delete(vessel);
    vessel.box.ref();
    return vessel;
  }

  /** Invariant 3. */
  async forget(directory: string): Promise<void> {
    const berth = this.#berths.get(directory);
    if (berth === undefined) return;
    this.#berths.delete(directory);
    berth.isForgotten = true;
    clearTimeout(berth.timer);
    await berth.making;
    await Promise.all([...berth.ready].map(discardVessel));
  }

  /** Invariant 1. */
  #wait(berth: Berth): void {
    clearTimeout(berth.timer);
    const timer = setTimeout(() => {
      // One that was begun before the last request may still be on its way.
      berth.making = berth.making.then(() => this.#fill(berth, timer));
    }, this.#options.calmMs).unref();
    berth.timer = timer;
  }

  async #fill(berth: Berth, timer: NodeJS.Timeout): Promise<void> {
    // One that is taken meanwhile starts the wait anew.
    while (berth.ready.size < this.#options.size && !berth.isForgotten && berth.timer === timer) {
      try {
        const vessel = await vesselFor(berth.image, this.#options);
        vessel.box.unref();
        berth.ready.add(vessel);
        void vessel.box.ended.then(() => lost(berth, vessel));
      } catch {
        // Whoever wants one makes it, and hears why that does not work.
        return;
      }
    }
  }
}

/** Invariant 4. */
async function lost({ ready }: Berth, vessel: Vessel): Promise<void> {
  if (ready.delete(vessel)) await discardVessel(vessel);
}

function newBerth(image: Image): Berth {
  return { image, ready: new Set(), timer: undefined, making: Promise.resolve(), isForgotten: false };
}
