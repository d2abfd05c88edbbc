import { printable } from '../../indicium/index.ts';

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * Text from outside, made harmless in HTML text and in quoted attributes, and on a terminal that the page is printed to: what
 * turns the direction of text would show one mailpiece id as another.
 */
export function escapeHtml(text: string): string {
  return printable(text).replace(/[&<>"']/g, (character) => ESCAPES[character] ?? '');
}
