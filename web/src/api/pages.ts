/** The rows of all pages fetched. A row that rose while they were fetched stands in two of them: shown once, where it is first. */
export function onceEach<Row extends { id: number }>(pages: readonly { items: Row[] }[] | undefined): Row[] {
  const seen = new Map<number, Row>();
  for (const page of pages ?? []) for (const row of page.items) if (!seen.has(row.id)) seen.set(row.id, row);
  return [...seen.values()];
}
