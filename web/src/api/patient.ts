/** What may be sent twice without being done twice (RFC 9110 §9.2.2). A POST that was not taken is shown, and a person sends it again. */
const IDEMPOTENT = new Set(["GET", "HEAD", "PUT", "DELETE"]);
const LONGEST_S = 5;

/** Asks once more where the server says that it was busy and when to come again (503 with Retry-After). */
export async function patient(request: Request, ask: (request: Request) => Promise<Response> = fetch): Promise<Response> {
  if (!IDEMPOTENT.has(request.method)) return ask(request);
  const again = request.clone();
  const answer = await ask(request);
  const after = Number(answer.headers.get("Retry-After") ?? NaN);
  if (answer.status !== 503 || !(after >= 0 && after <= LONGEST_S)) return answer;
  await new Promise((resolve) => setTimeout(resolve, after * 1000));
  return ask(again);
}
