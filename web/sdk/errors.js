/**
 * A refusal of the service: RFC 9457's problem. Decide by `code`, which never changes.
 *
 * @see docs/protocol.md, "Errors"
 */
export class ApiError extends Error {
  /** @param {Partial<import("./types/api.js").Problem> & {status: number}} problem */
  constructor(problem) {
    super(problem.detail || problem.title || `The service answered ${problem.status}`);
    this.name = "ApiError";
    /** @type {string} the stable code, `bad_request` where the answer had none */
    this.code = problem.code ?? "bad_request";
    /** @type {number} the HTTP status */
    this.status = problem.status;
    /** @type {boolean} whether the same request may succeed later */
    this.retryable = problem.retryable ?? problem.status >= 500;
    /** @type {number | null} how many seconds to wait first */
    this.retryAfter = problem.retryAfter ?? null;
    /** @type {string | null} what to quote when reporting a fault */
    this.requestId = problem.requestId ?? null;
    /** @type {import("./types/api.js").FieldError[]} the fields at fault */
    this.errors = problem.errors ?? [];
  }
}

/** No answer came. What was asked for may have been done or not. */
export class ConnectionLost extends Error {
  /** @param {string} message @param {unknown} [cause] */
  constructor(message, cause) {
    super(message, { cause });
    this.name = "ConnectionLost";
    this.code = "connection_lost";
    this.retryable = true;
    /** @type {number | null} */
    this.retryAfter = null;
  }
}

/**
 * May the same be asked for again?
 *
 * @param {unknown} error
 * @returns {error is ApiError | ConnectionLost}
 */
export function isRetryable(error) {
  return (error instanceof ApiError || error instanceof ConnectionLost) && error.retryable;
}
