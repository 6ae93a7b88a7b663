// JSON that no page can spoil: `JSON.stringify` asks every object for `toJSON`, and old libraries
// give one to arrays, which then come out as text.

/** `value` as JSON; members without a value are left out. */
export const write = (value) => {
  if (Object(value) !== value) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(write)}]`;
  const names = Object.keys(value).filter((name) => value[name] !== undefined);
  return `{${names.map((name) => `${write(name)}:${write(value[name])}`)}}`;
};
