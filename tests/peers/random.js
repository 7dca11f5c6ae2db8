// Numbers that are the same everywhere: a linear congruential generator (Numerical Recipes, section 7.1).
export function generator(seed) {
  let state = seed >>> 0;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}
