/** The HTTP API, typed by the server's own document. Errors arrive as `Problem`, with a sentence for a person. */
import createClient from "openapi-fetch";
import type { components, paths } from "../api/generated/http";
import { NotLoadable } from "../live";

export type Schemas = components["schemas"];

export const api = createClient<paths>({ baseUrl: location.origin, headers: { accept: "application/json" } });

/** An answer that is an error. `status` 0: there was no answer. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
    readonly body: Record<string, unknown> = {},
    readonly etag: string | null = null,
  ) {
    super(detail);
  }
}

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** What an API call answered. Raises Problem. */
export async function ask<T>(call: Promise<Answer<T>>): Promise<T> {
  return (await askWithHeaders(call)).data;
}

/** The same, with the answer's ETag. */
export async function askWithHeaders<T>(call: Promise<Answer<T>>): Promise<{ data: T; etag: string | null }> {
  let answer: Answer<T>;
  try {
    answer = await call;
  } catch {
    throw new Problem(0, "unreachable", "");
  }
  const etag = answer.response.headers.get("etag");
  if (answer.response.ok) return { data: answer.data as T, etag };
  throw problemOf(answer.response.status, answer.error, etag);
}

function problemOf(status: number, error: unknown, etag: string | null): Problem {
  const body = (typeof error === "object" && error !== null ? error : {}) as Record<string, unknown>;
  const text = (name: string) => (typeof body[name] === "string" ? body[name] : "");
  return new Problem(status, text("code") || `status_${status}`, text("detail"), body, etag);
}

/** For the `load` of a Resource: what asking again cannot mend is final. */
export async function loadable<T>(loading: Promise<T>): Promise<T> {
  try {
    return await loading;
  } catch (error) {
    const final = error instanceof Problem && [401, 403, 404, 422].includes(error.status);
    throw final ? new NotLoadable(error.message, { cause: error }) : error;
  }
}

/** A key that makes a repeated call the same call. */
export function idempotencyKey(): string {
  return crypto.randomUUID();
}
