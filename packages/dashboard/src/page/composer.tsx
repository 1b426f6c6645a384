/** A dialog to write an event and send it: a new one, a sample, or one that was there before, edited. */
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { masked } from "../protocol.ts";
import { sampleText, send } from "./server.ts";
import { type Draft, draft, hello } from "./state.ts";

export function Composer(): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const open = draft.value;
  useEffect(() => {
    if (open !== undefined) dialog.current?.showModal();
    else dialog.current?.close();
  }, [open]);
  return (
    <dialog
      ref={dialog}
      aria-labelledby="composer-title"
      class="composer"
      onClose={() => (draft.value = undefined)}
    >
      {open !== undefined && <Form begun={open} />}
    </dialog>
  );
}

function Form({ begun }: { begun: Draft }): JSX.Element {
  const [name, setName] = useState(begun.function);
  const [event, setEvent] = useState(begun.event);
  const [fault, setFault] = useState<string | undefined>();
  const { functions = [], samples = [] } = hello.value ?? {};
  const wrong = faultOf(event);
  const go = async (): Promise<void> => {
    const original = begun.original === undefined ? {} : { original: begun.original };
    const refused = wrong ?? (await send({ function: name, event, ...original }));
    setFault(refused);
    if (refused === undefined) draft.value = undefined;
  };
  return (
    <form
      onSubmit={(submitted) => {
        submitted.preventDefault();
        void go();
      }}
    >
      <h2 id="composer-title">{begun.original === undefined ? "Send an event" : "Edit and send"}</h2>
      <div class="fields">
        <label>
          Function
          <select value={name} onChange={({ currentTarget }) => setName(currentTarget.value)}>
            {functions.map((one) => (
              <option key={one.name} value={one.name}>
                {one.name}
              </option>
            ))}
          </select>
        </label>
        <label>
          Sample
          <select
            value=""
            onChange={({ currentTarget }) => {
              if (currentTarget.value !== "") void sampleText(currentTarget.value).then(setEvent);
            }}
          >
            <option value="">Choose a sample …</option>
            {samples.map((one) => (
              <option key={one.name} value={one.name}>
                {one.name}: {one.about}
              </option>
            ))}
          </select>
        </label>
      </div>
      <label class="event">
        Event
        <textarea
          // The dialog gives it the focus.
          autofocus
          spellcheck={false}
          value={event}
          aria-invalid={wrong !== undefined}
          aria-describedby="composer-fault"
          onInput={({ currentTarget }) => setEvent(currentTarget.value)}
          onKeyDown={(key) => {
            if (key.key === "Enter" && (key.ctrlKey || key.metaKey)) void go();
          }}
        />
      </label>
      <p id="composer-fault" class={(fault ?? wrong) === undefined ? "dim" : "fault"} role="status">
        {fault ??
          wrong ??
          (event.includes(masked) ? `${masked} stands for the secret of the original.` : "Valid JSON")}
      </p>
      <footer>
        <button type="button" onClick={() => (draft.value = undefined)}>
          Cancel
        </button>
        <button type="submit" class="primary" disabled={wrong !== undefined}>
          Send <kbd>Ctrl ↵</kbd>
        </button>
      </footer>
    </form>
  );
}

function faultOf(text: string): string | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
