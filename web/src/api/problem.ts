/** What the server says when it cannot (RFC 9457), or status 0 when it was not reached. */
export class Problem extends Error {
  readonly status: number;
  readonly field: string | null;
  readonly expected: string | null;

  constructor(status: number, detail: string, field: string | null = null, expected: string | null = null) {
    super(detail);
    this.name = "Problem";
    this.status = status;
    this.field = field;
    this.expected = expected;
  }
}

interface Wire {
  title?: unknown;
  detail?: unknown;
  field?: unknown;
  expected?: unknown;
}

const text = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null);

export function readProblem(status: number, body: unknown): Problem {
  const wire: Wire = typeof body === "object" && body !== null ? body : {};
  return new Problem(status, text(wire.detail) ?? text(wire.title) ?? "", text(wire.field), text(wire.expected));
}

export function asProblem(error: unknown): Problem {
  return error instanceof Problem ? error : new Problem(0, "");
}
