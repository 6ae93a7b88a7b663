// JSON that no page can spoil: `JSON.stringify` asks every object for `toJSON`, and old libraries
// give one to arrays, which then come out as text.

/** `value` as JSON; members without a value are left out. */
export function write(value) {
  if (Object(value) !== value) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(write).join()}]`;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${write(member)}`).join()}}`;
}
