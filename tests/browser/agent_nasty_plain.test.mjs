// Markup that nobody planned, once more: where WebAssembly is forbidden the rules run as JavaScript
// made from the same module, and nothing else may differ.

process.env.RINGLET_TEST_RULES = "plain";
await import("./agent_nasty.test.mjs");
