// Visitors without a page: the requests a browser would make, sent by this page with the shop's
// address. They are real visits of the public interface; they only never move again, so their
// numbers come back.

import { addressOf, arrivals } from "../arrivals.js";

const SITE = "demo";

/** Begins one visit, as the tag does on a page with both numbers. Returns the answer's numbers. */
async function visit(arrival) {
  const address = new URL(addressOf(arrival), location.origin);
  for (const name of ["demo_new", "demo_referrer", "demo_region"])
    address.searchParams.delete(name);
  const answer = await fetch(`/v1/sites/${SITE}/visit`, {
    method: "POST",
    headers: { "content-type": "text/plain" },
    body: JSON.stringify({
      v: 1,
      agent: "demonstration",
      url: address.href,
      referrer: arrival.referrer,
      targets: ["city", "free", "petersburg"],
      consent: "granted",
      device: "desktop",
      key: crypto.randomUUID(),
    }),
  });
  if (!answer.ok) throw new Error(`${answer.status}`);
  return (await answer.json()).numbers ?? [];
}

/**
 * Brings `howMany` visitors, each from another advertisement.
 * @returns {Promise<number>} how many got a number of their own
 */
export async function bringVisitors(howMany) {
  let served = 0;
  for (let index = 0; index < howMany; index += 1) {
    const numbers = await visit(arrivals[index % arrivals.length]);
    if (numbers.some((number) => number.kind === "leased")) served += 1;
  }
  return served;
}
