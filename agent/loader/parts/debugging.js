// Who asks for the debugger: `ringlet_debug=1` in the address, which stays for the tab until
// `ringlet_debug=0`, or `ringlet('debug', callback)`.

const SWITCH = /[?&]ringlet_debug=([01])/;

/** Loads the debugger (large/debug.js) by `loadDebugger` for whoever asks. */
export function offerDebugging(agent, loadDebugger) {
  const { quietly, verbs } = agent;
  const ask = (act) => {
    loadDebugger().then(
      (module) => quietly(() => act(module)),
      () => 0,
    );
  };
  verbs.debug = (act) =>
    ask((module) => module.explained(agent).then((report) => quietly(() => act(report))));
  const wish = SWITCH.exec(location.search)?.[1];
  const isKept = () => {
    if (wish === '0') delete sessionStorage.ringlet_debug;
    if (wish === '1') sessionStorage.ringlet_debug = 1;
    return sessionStorage.ringlet_debug;
  };
  if (quietly(isKept) || wish === '1') ask((module) => module.open(agent));
}
