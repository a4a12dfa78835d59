// Requests to the server that this page came from; papers/server.md says which there are. Paths are relative: the server may
// stand behind another one, below a folder.
import {bodyChunks, serverSentEvents} from "./sse.js";

const KEY = "tritium.key";
let askKey = async () => undefined;

/** Who asks the person for the key of a server with --api-key. */
export function whenKeyIsNeeded(ask) {
  askKey = ask;
}

export class ApiError extends Error {
  constructor(message, {status = 0, code = null, param = null} = {}) {
    super(message);
    Object.assign(this, {status, code, param});
  }
}

export async function request(path, {method, body, signal, headers = {}} = {}) {
  for (let attempt = 0;; ++attempt) {
    const key = sessionStorage.getItem(KEY);
    const used = {...headers, ...(key && {Authorization: `Bearer ${key}`}), ...(body && {"Content-Type": "application/json"})};
    let response;
    try {
      response = await fetch(path, {method: method ?? (body ? "POST" : "GET"), headers: used, signal, cache: "no-store",
                                    body: body && JSON.stringify(body)});
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new ApiError("The server does not answer. Is `tritium serve` still running?");
    }
    if (response.ok) return response;
    const said = await response.json().then((answer) => answer.error, () => undefined);
    if (response.status === 401 && attempt < 3) {
      const given = await askKey(said?.message);
      if (given) {
        sessionStorage.setItem(KEY, given);
        continue;
      }
    }
    throw new ApiError(said?.message ?? `The server answered ${response.status} to ${path}`, {status: response.status, ...said});
  }
}

export const getJson = async (path, options) => (await request(path, options)).json();

/** Objects of a stream's data lines, to [DONE]. An error inside of the stream is thrown. */
export async function* streamed(path, options) {
  const response = await request(path, options);
  for await (const {data, id} of serverSentEvents(bodyChunks(response))) {
    if (data === "[DONE]") return;
    const value = JSON.parse(data);
    if (value.error && !value.object) throw new ApiError(value.error.message, value.error);
    yield {value, id};
  }
  throw new ApiError("The connection ended before the answer did.");
}
