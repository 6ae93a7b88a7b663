// The administration's token and its requests. The token comes in the address' fragment (which is
// never sent to a server), is kept for this tab only, and goes out in the Authorization header
// alone.

import { say } from "./dom.js";

const KEY = "ringlet-admin-token";

/** Takes `#token=…` out of the address; returns whether a token is known. */
export function takeToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given) {
    keepToken(given);
    history.replaceState(history.state, "", location.pathname + location.search);
  }
  return token() !== null;
}

/** Keeps a token for this tab. */
export const keepToken = (token) => sessionStorage.setItem(KEY, token.trim());

/** Forgets it. */
export const dropToken = () => sessionStorage.removeItem(KEY);

/** The token, or null. */
export const token = () => sessionStorage.getItem(KEY);

/** What an answer other than 2xx said, in a form fit for the page. */
export class ApiError extends Error {
  constructor(status, problem) {
    super(
      problem?.detail ||
        problem?.title ||
        say(`the server answered ${status}`, `сервер ответил ${status}`),
    );
    this.status = status;
    this.problem = problem;
  }
}

/**
 * One request to the administration's interface.
 * @param {string} path below /api/v1
 * @param {{method?: string, body?: unknown}} options `body` is sent as JSON
 * @returns {Promise<any>} the answer's JSON
 * @throws {ApiError} for an answer other than 2xx
 */
export async function api(path, { method = "GET", body } = {}) {
  const headers = { authorization: `Bearer ${token()}` };
  if (body !== undefined) headers["content-type"] = "application/json";
  const answer = await fetch(`/api/v1${path}`, {
    method,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
    cache: "no-store",
  });
  const text = await answer.text();
  let content = null;
  try {
    content = text ? JSON.parse(text) : null;
  } catch {
    // Not JSON: the status alone must do.
  }
  if (!answer.ok) throw new ApiError(answer.status, content);
  return content;
}
