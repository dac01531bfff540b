/** The names with one of them moved to another's place. */
export function moved(names: string[], name: string, target: string): string[] {
  const place = names.indexOf(target);
  const rest = names.filter((one) => one !== name);
  rest.splice(place, 0, name);
  return rest;
}

/** A table's address with these columns, on its first page. */
export function beside(href: string, names: string[]): string {
  const address = new URL(href);
  for (const gone of ["column", "page"]) address.searchParams.delete(gone);
  for (const name of names) address.searchParams.append("column", name);
  return address.href;
}
