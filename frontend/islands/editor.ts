// <rw-editor indent="…" tab-width="…">: an editor over its text area, which stays what is posted; without script the text area is used as it is.
import { closeBrackets, closeBracketsKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { HighlightStyle, bracketMatching, foldGutter, foldKeymap, indentOnInput, indentUnit, syntaxHighlighting, type LanguageSupport, StreamLanguage } from "@codemirror/language";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState, type Extension } from "@codemirror/state";
import { EditorView, drawSelection, highlightActiveLine, highlightActiveLineGutter, highlightSpecialChars, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { indentOf } from "../lib/indent.ts";

const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.controlKeyword], class: "cm-word" },
  { tag: [tags.string, tags.special(tags.string), tags.regexp], class: "cm-text" },
  { tag: [tags.comment, tags.meta], class: "cm-note" },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], class: "cm-value" },
  { tag: [tags.definition(tags.variableName), tags.function(tags.variableName), tags.propertyName, tags.typeName], class: "cm-name" },
  { tag: tags.heading, class: "cm-heading" },
  { tag: tags.strong, class: "cm-strong" },
  { tag: tags.emphasis, class: "cm-emphasis" },
]);

async function languageOf(path: string): Promise<LanguageSupport | StreamLanguage<unknown> | null> {
  const name = path.slice(path.lastIndexOf("/") + 1).toLowerCase();
  const kind = name === "dvc.lock" ? "yaml" : name.slice(name.lastIndexOf(".") + 1);
  if (["py", "pyi"].includes(kind)) return (await import("@codemirror/lang-python")).python();
  if (["yaml", "yml", "dvc"].includes(kind)) return (await import("@codemirror/lang-yaml")).yaml();
  if (["json", "geojson", "ipynb"].includes(kind)) return (await import("@codemirror/lang-json")).json();
  if (["md", "markdown", "mdown"].includes(kind)) return (await import("@codemirror/lang-markdown")).markdown();
  if (["js", "jsx", "mjs", "ts", "tsx"].includes(kind)) {
    return (await import("@codemirror/lang-javascript")).javascript({ typescript: kind.startsWith("ts"), jsx: kind.endsWith("x") });
  }
  if (kind === "sql") return (await import("@codemirror/lang-sql")).sql();
  if (kind === "toml") return StreamLanguage.define((await import("@codemirror/legacy-modes/mode/toml")).toml) as StreamLanguage<unknown>;
  if (["sh", "bash"].includes(kind)) return StreamLanguage.define((await import("@codemirror/legacy-modes/mode/shell")).shell) as StreamLanguage<unknown>;
  return null;
}

export class Editor extends HTMLElement {
  private language = new Compartment();
  private wrap = new Compartment();
  private changed = false;
  private sent = false;

  connectedCallback(): void {
    const area = this.querySelector("textarea");
    const form = area?.form;
    if (!area || !form) return;
    const label = form.querySelector(`label[for="${area.id}"]`);
    const follow = EditorView.updateListener.of((update) => {
      if (!update.docChanged) return;
      area.value = update.state.doc.toString();
      this.changed = true;
    });
    const view = new EditorView({ doc: area.value, extensions: [this.basics(form, area), follow] });
    area.hidden = true;
    this.changed = form.querySelector("[role=alert]") !== null; // a refused form holds what was typed
    document.getElementById("editor-keys")?.removeAttribute("hidden");
    this.append(view.dom);
    label?.addEventListener("click", () => view.focus());
    const path = form.querySelector<HTMLInputElement>("input[name=path]");
    const dress = (): Promise<void> => this.dress(view, path?.value ?? "");
    path?.addEventListener("change", () => void dress());
    void dress();
    form.addEventListener("submit", () => (this.sent = true));
    window.addEventListener("beforeunload", (event) => {
      if (this.changed && !this.sent) event.preventDefault();
    });
  }

  private async dress(view: EditorView, path: string): Promise<void> {
    const language = await languageOf(path);
    const prose = /\.(md|markdown|mdown|rst|txt)$/i.test(path);
    view.dispatch({ effects: [this.language.reconfigure(language ?? []), this.wrap.reconfigure(prose ? EditorView.lineWrapping : [])] });
  }

  private basics(form: HTMLFormElement, area: HTMLTextAreaElement): Extension {
    const commit = { key: "Mod-s", preventDefault: true, run: () => (form.querySelector<HTMLInputElement>("input[name=message]")?.focus(), true) };
    // What .editorconfig says counts more than what the file has.
    const unit = /^( {1,16}|\t)$/.exec(this.getAttribute("indent") ?? "")?.[0] ?? indentOf(area.value);
    const wide = Number(this.getAttribute("tab-width")) || (unit === "\t" ? 4 : unit.length);
    return [
      lineNumbers(), foldGutter(), highlightSpecialChars(), history(), drawSelection(), indentOnInput(), bracketMatching(), closeBrackets(),
      highlightActiveLine(), highlightActiveLineGutter(), highlightSelectionMatches(), search({ top: true }), syntaxHighlighting(colours),
      indentUnit.of(unit), EditorState.tabSize.of(wide),
      keymap.of([commit, ...closeBracketsKeymap, ...defaultKeymap, ...searchKeymap, ...historyKeymap, ...foldKeymap, indentWithTab]),
      // Escape, then Tab leaves the editor: said to everybody by the line below it.
      EditorView.contentAttributes.of({ "aria-label": "Content", "aria-describedby": "editor-keys", spellcheck: "false", tabindex: "0" }),
      this.language.of([]), this.wrap.of([]),
    ];
  }
}
customElements.define("rw-editor", Editor);
