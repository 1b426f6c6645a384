/** Light or dark: as the system has it, until somebody chooses. */
import { type Signal, signal } from "@preact/signals";

export type Theme = "light" | "dark";

const key = "anylambda-theme";

function chosen(): Theme {
  const kept = localStorage.getItem(key);
  if (kept === "light" || kept === "dark") return kept;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

export const theme: Signal<Theme> = signal<Theme>(chosen());

export function applyTheme(): void {
  document.documentElement.dataset["theme"] = theme.value;
}

export function switchTheme(): void {
  theme.value = theme.value === "dark" ? "light" : "dark";
  localStorage.setItem(key, theme.value);
  applyTheme();
}
