// What the page asks of the server: TensorFlow Serving's REST, and the list of models that only kgan's server has.

export async function ask(path, body) {
  let response;
  try {
    response = await fetch(path, body && { method: "POST", body: JSON.stringify(body) });
  } catch {
    throw new Error("the server does not answer; is kgan serve still running?");
  }
  const text = await response.text();
  let reply;
  try {
    reply = JSON.parse(text);
  } catch {
    throw new Error(`the server answered ${response.status} without JSON: ${text.slice(0, 200)}`);
  }
  if (!response.ok) throw new Error(reply.error);
  return reply;
}

export function pathOf(name, which = "") {
  return `v1/models/${encodeURIComponent(name)}${which}`;
}

// Columnar, as inputs of several columns are shorter so. A single output comes bare.
export async function predict(name, which, signature, inputs) {
  const body = { signature_name: signature, inputs };
  return (await ask(`${pathOf(name, which)}:predict`, body)).outputs;
}

// Runs one request at a time, and of those that come meanwhile the last: a slider asks for more than can be drawn.
export function latestOnly(request) {
  let running = false;
  let waiting = null;
  return async function run(...given) {
    if (running) {
      waiting = given;
      return;
    }
    running = true;
    try {
      await request(...given);
    } finally {
      running = false;
      if (waiting) {
        const next = waiting;
        waiting = null;
        run(...next);
      }
    }
  };
}
