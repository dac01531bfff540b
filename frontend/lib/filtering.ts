// What may come next in a filter of runs (MLflow's language), for the completion of its field.
export type Place = "key" | "operator" | "value" | "joiner";
export type Next = { place: Place; from: number; word: string; key: string };

const TOKEN = /\s+|(?:[\w./-]*[`][^`]*(?:[`]|$))|'[^']*(?:'|$)|"[^"]*(?:"|$)|!=|<>|<=|>=|[=<>]|[(),]|[^\s=<>!'"(),]+|./gy;
const TEXT_OPERATORS = ["=", "!=", "LIKE", "ILIKE", "IN"];
const NUMBER_OPERATORS = [">", ">=", "<", "<=", "=", "!="];
const NUMBERS = new Set(["attributes.start_time", "attributes.end_time", "attributes.experiment_id", "start_time", "end_time", "experiment_id"]);

/** Where in the grammar the caret stands, at the end of `text`; `word` is what was typed of the next part, from `from` on. */
export function next(text: string): Next {
  let place: Place = "key";
  let key = "";
  let from = text.length;
  let word = "";
  TOKEN.lastIndex = 0;
  let listed = false;
  for (let match = TOKEN.exec(text); match; match = TOKEN.exec(text)) {
    const token = match[0];
    if (!token.trim()) continue;
    const open = match.index + token.length === text.length;
    const unclosed = open && /^['"]/.test(token) && (token.length === 1 || token.at(-1) !== token[0]);
    if (open && (unclosed || !/^['"(),=<>!]/.test(token) || /^[=<>!]+$/.test(token))) {
      from = match.index;
      word = token;
      break;
    }
    if (place === "key") {
      key = token;
      place = "operator";
    } else if (place === "operator") {
      if (/^NULL$/i.test(token)) place = "joiner";
      else if (!/^(NOT|IS)$/i.test(token)) place = "value";
    } else if (place === "value") {
      if (token === "(") listed = true;
      else if (token === ")") [listed, place] = [false, "joiner"];
      else if (!listed) place = "joiner";
    } else if (/^AND$/i.test(token)) place = "key";
  }
  return { place, from, word, key };
}

/** The operators for a key. */
export function operators(key: string): string[] {
  return key.startsWith("metrics.") || NUMBERS.has(key) ? NUMBER_OPERATORS : TEXT_OPERATORS;
}

/** Whether a key's values are texts, which the server can tell. */
export function isText(key: string): boolean {
  return !key.startsWith("metrics.") && !NUMBERS.has(key);
}

/** A value as the language writes it; null where it can't. */
export function quoted(value: string): string | null {
  if (!value.includes("'")) return `'${value}'`;
  return value.includes('"') ? null : `"${value}"`;
}

/** The options that what was typed can become: those that begin with it first, then those that hold it. */
export function matching(options: string[], word: string, most: number): string[] {
  const typed = word.replace(/^['"`]/, "").toLowerCase();
  const bare = (option: string): string => option.replace(/^['"]/, "").toLowerCase();
  const starts = options.filter((option) => bare(option).startsWith(typed));
  const holds = options.filter((option) => !bare(option).startsWith(typed) && bare(option).includes(typed));
  return [...starts, ...holds].slice(0, most);
}
