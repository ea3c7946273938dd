/** Names come from files and scripts: characters that no name should have. */

/** Control characters but for tab and line ends, what turns a text's direction, and what no XML file may hold. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNPRINTABLE = /[\p{Surrogate}\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff]/gu;

/**
 * A text without them: each is shown as what stands for a character that cannot be.
 * @param {string} text
 */
export const printable = (text) => text.replace(UNPRINTABLE, "\ufffd");
