/** The answer: the body as a client sees it, and the answer as Lambda got it. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { sizeText } from "../model/format.ts";
import type { Invocation } from "../model/model.ts";
import { bodyOf } from "../model/body.ts";
import type { Detail } from "../protocol.ts";
import { JsonView } from "./json-view.tsx";

export function AnswerTab({
  invocation,
  detail,
}: {
  invocation: Invocation;
  detail: Detail | undefined;
}): JSX.Element {
  const [raw, setRaw] = useState(false);
  const answer = detail?.answer;
  if (answer === undefined) {
    const waiting = invocation.ended === undefined && invocation.answered === undefined;
    return <p class="none">{waiting ? "No answer yet." : "It is kept no more."}</p>;
  }
  const body = bodyOf(answer.text, invocation.streamed);
  return (
    <>
      {body !== undefined && (
        <div class="choice" role="group" aria-label="Form of the answer">
          <button type="button" aria-pressed={!raw} onClick={() => setRaw(false)}>
            Body
          </button>
          <button type="button" aria-pressed={raw} onClick={() => setRaw(true)}>
            As Lambda got it
          </button>
          {body.contentType !== undefined && <span class="dim">{body.contentType}</span>}
        </div>
      )}
      {!answer.whole && <p class="dim">The first part of {sizeText(answer.length)}.</p>}
      {body === undefined || raw ? (
        <JsonView text={answer.text} label="Answer" />
      ) : body.image === undefined ? (
        <JsonView text={body.text} label="Body of the answer" />
      ) : (
        <img src={body.image} alt="Body of the answer" />
      )}
    </>
  );
}
