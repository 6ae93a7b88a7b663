// What a page may ask of the agent: `ringlet('number', callback)` and so on.

/** Adds the verbs. */
export function addVerbs({ load, verbs, whenAnswered }) {
  Object.assign(verbs, {
    ready: (act) => whenAnswered(() => act(verbs)),
    visit: (act) => whenAnswered(() => act(load().visit)),
    number: (...given) => {
      const act = given.pop();
      const wanted = given[0]?.scenario;
      whenAnswered(() => {
        const numbers = load().numbers.filter(({ scenario }) => !wanted || scenario === wanted);
        act(numbers[0]?.number || null, numbers);
      });
    },
  });
}
