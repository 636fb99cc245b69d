/** What the server has under a key that came again with other content: how it reads, and where it is. */
export interface Recorded {
  text: string;
  subject: { type: string; id: number } | null;
}

/** What the server says when it cannot (RFC 9457), or status 0 when it was not reached. */
export class Problem extends Error {
  readonly status: number;
  readonly field: string | null;
  readonly expected: string | null;
  /** Why, for a form that can do something about it; null where the server names no reason. */
  readonly code: string | null;
  /** What was lacking, of a refusal (403). */
  readonly permission: string | null;
  readonly facts: Readonly<Record<string, string>>;
  readonly recorded: Recorded | null;

  constructor(status: number, detail: string, field: string | null = null, expected: string | null = null, code: string | null = null, facts: Record<string, string> = {}, recorded: Recorded | null = null, permission: string | null = null) {
    super(detail);
    this.name = "Problem";
    this.status = status;
    this.field = field;
    this.expected = expected;
    this.code = code;
    this.facts = facts;
    this.recorded = recorded;
    this.permission = permission;
  }
}

interface Wire {
  title?: unknown;
  detail?: unknown;
  field?: unknown;
  expected?: unknown;
  code?: unknown;
  facts?: unknown;
  recorded?: unknown;
  permission?: unknown;
}

const text = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null);

function facts(value: unknown): Record<string, string> {
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(Object.entries(value).filter((one): one is [string, string] => typeof one[1] === "string"));
}

function recorded(value: unknown): Recorded | null {
  if (typeof value !== "object" || value === null) return null;
  const wire = value as { text?: unknown; subject?: { type?: unknown; id?: unknown } | null };
  const { type, id } = wire.subject ?? {};
  return { text: text(wire.text) ?? "", subject: typeof type === "string" && typeof id === "number" ? { type, id } : null };
}

export function readProblem(status: number, body: unknown): Problem {
  const wire: Wire = typeof body === "object" && body !== null ? body : {};
  return new Problem(status, text(wire.detail) ?? text(wire.title) ?? "", text(wire.field), text(wire.expected), text(wire.code), facts(wire.facts), recorded(wire.recorded), text(wire.permission));
}

/** Refused for a right this role has not, in the words a program reads: whoever sits before it is told in a person's. */
export function isNotTheirs({ status, permission, message }: Problem): boolean {
  return status === 403 && permission !== null && message.includes(permission);
}

export function asProblem(error: unknown): Problem {
  return error instanceof Problem ? error : new Problem(0, "");
}
