import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { keys } from "./keys.ts";
import { helpIsOpen } from "./state.ts";

const names: Readonly<Record<string, string>> = { ArrowLeft: "←", ArrowRight: "→", Escape: "Esc" };

export function Help(): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const open = helpIsOpen.value;
  useEffect(() => {
    if (open) dialog.current?.showModal();
    else dialog.current?.close();
  }, [open]);
  return (
    <dialog ref={dialog} aria-labelledby="help-title" class="help" onClose={() => (helpIsOpen.value = false)}>
      <h2 id="help-title">Keys</h2>
      <dl>
        {keys.map(({ key, about }) => (
          <div key={key}>
            <dt>
              <kbd>{names[key] ?? key}</kbd>
            </dt>
            <dd>{about}</dd>
          </div>
        ))}
      </dl>
      <footer>
        <button type="button" onClick={() => (helpIsOpen.value = false)}>
          Close
        </button>
      </footer>
    </dialog>
  );
}
