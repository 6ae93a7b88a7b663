// Answers held against the committed description of the API.
//
// The part of JSON Schema that the description uses, and no more: an unknown keyword is an error,
// so that nothing is taken for checked that is not.

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { root } from "./paths.mjs";

export const description = JSON.parse(readFileSync(resolve(root, "openapi.json"), "utf8"));

const TYPES = {
  object: (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  array: Array.isArray,
  string: (value) => typeof value === "string",
  integer: Number.isInteger,
  number: (value) => typeof value === "number",
  boolean: (value) => typeof value === "boolean",
  null: (value) => value === null,
};

const CHECKS = {
  $ref: (name, value, at) => check(description.components.schemas[name.split("/").pop()], value, at),
  type: (types, value) => [types].flat().some((type) => TYPES[type](value)) || `is no ${types}`,
  enum: (words, value) => words.includes(value) || `is none of ${words}`,
  pattern: (pattern, value) => typeof value !== "string" || new RegExp(pattern).test(value) || `is not like ${pattern}`,
  minimum: (least, value) => typeof value !== "number" || value >= least || `is less than ${least}`,
  maximum: (most, value) => typeof value !== "number" || value <= most || `is more than ${most}`,
  required: (names, value) => {
    const missing = TYPES.object(value) ? names.filter((name) => !(name in value)) : [];
    return missing.length === 0 || `lacks ${missing}`;
  },
  properties: (schemas, value, at) => {
    if (!TYPES.object(value)) return true;
    for (const [name, schema] of Object.entries(schemas)) {
      if (name in value) check(schema, value[name], `${at}/${name}`);
    }
    return true;
  },
  additionalProperties: (schema, value, at, whole) => {
    if (!TYPES.object(value)) return true;
    const others = Object.keys(value).filter((name) => !(name in (whole.properties ?? {})));
    if (schema === false) return others.length === 0 || `has ${others}`;
    for (const name of others) check(schema, value[name], `${at}/${name}`);
    return true;
  },
  minItems: (least, value) => !Array.isArray(value) || value.length >= least || `has fewer than ${least}`,
  maxItems: (most, value) => !Array.isArray(value) || value.length <= most || `has more than ${most}`,
  const: (wanted, value) => value === wanted || `is not ${wanted}`,
  items: (schema, value, at) => {
    if (Array.isArray(value)) value.forEach((item, index) => check(schema, item, `${at}/${index}`));
    return true;
  },
  oneOf: (schemas, value, at) => {
    const fits = schemas.filter((schema) => {
      try {
        check(schema, value, at);
        return true;
      } catch {
        return false;
      }
    });
    return fits.length === 1 || `fits ${fits.length} of ${schemas.length} schemas`;
  },
};

/** Throws where `value` is not as `schema` says. */
export function check(schema, value, at = "") {
  for (const [keyword, argument] of Object.entries(schema)) {
    const says = CHECKS[keyword];
    if (!says) throw new Error(`the keyword ${keyword} is not known here`);
    const said = says(argument, value, at, schema);
    if (typeof said === "string") throw new Error(`${at || "/"} ${said}: ${JSON.stringify(value)?.slice(0, 200)}`);
  }
}

/** The described path that `path` is an instance of. */
export function describedPath(path) {
  const parts = path.split("?")[0].split("/");
  return Object.keys(description.paths).find((pattern) => {
    const wanted = pattern.split("/");
    return wanted.length === parts.length && wanted.every((part, index) => part.startsWith("{") || part === parts[index]);
  });
}

/** Whether the description tells of this method on this path. */
export function described(method, path) {
  const pattern = describedPath(path);
  return Boolean(pattern && description.paths[pattern][method.toLowerCase()]);
}

/** Throws where an answer is not as the description says. Addresses that are not described are files. */
export function validate(method, path, status, contentType, body) {
  const pattern = describedPath(path);
  const operation = pattern && description.paths[pattern][method.toLowerCase()];
  if (!operation) return;
  const response = operation.responses[status];
  if (!response) throw new Error(`${method} ${pattern} answered ${status}, which is not described`);
  if (status === 304) return;
  const content = response.content?.[contentType.split(";")[0]];
  if (!content && status !== 204) throw new Error(`${method} ${pattern} ${status}: ${contentType} is not described`);
  if (content?.schema && /json$/.test(contentType)) check(content.schema, body, `${method} ${pattern} ${status} `);
}
