/** The door to the clock: a rule about a date has to know today's. A rule takes it as a parameter, so that a test can say when it is. */

/** Milliseconds since 1970, by the machine that judges. */
export type Clock = () => number;

export const machineClock: Clock = () => Date.now();
