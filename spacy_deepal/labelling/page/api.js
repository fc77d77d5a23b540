// Speaks with the server. An answer that has not arrived yet is kept in the browser and sent again.

const address = new URL(location.href);
export const annotator = address.searchParams.get("as") || "me";
const PAUSE = 1000; // milliseconds before the next attempt

let run = null; // the id of the run that the page shows; another may come to be served here

async function request(path, body) {
  const query = new URLSearchParams(run === null ? { as: annotator } : { as: annotator, run });
  const options = body === undefined ? {} : {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  };
  const response = await fetch(`api/${path}?${query}`, options);
  const value = await response.json();
  if ([403, 409].includes(response.status)) throw new Locked(value.error);
  if (!response.ok) throw new Refused(value.error);
  run = value.run_id;
  return value;
}

// The server has answered, and said no.
export class Refused extends Error {}

// It has not let the page in, as when the command was started again with a new token, or it serves
// another run.
class Locked extends Refused {}

export const view = () => request("view");
export const undo = () => request("undo", {});
export const addLabel = (label) => request("labels", { label });

// Send an answer until the server has written it down. `waiting` is called while it does not answer.
export async function answer(given, waiting) {
  keep(given);
  for (;;) {
    try {
      const shown = await request("answer", given);
      keep(null);
      return shown;
    } catch (error) {
      if (error instanceof Locked) throw error; // the answer is kept until the page is let in
      if (error instanceof Refused) {
        keep(null);
        throw error;
      }
      waiting();
      await new Promise((done) => setTimeout(done, PAUSE));
    }
  }
}

// Where the answer to this run is kept. Another run has another place, also on the same port.
const place = () => `spacy-deepal:${run}:${annotator}`;

// The answer that was on its way when the browser was closed, if any.
export function kept() {
  const text = localStorage.getItem(place());
  return text === null ? null : JSON.parse(text);
}

function keep(given) {
  if (given === null) localStorage.removeItem(place());
  else localStorage.setItem(place(), JSON.stringify(given));
}

// A name for an answer that no other answer has.
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
