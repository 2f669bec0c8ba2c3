/** A canary: which share of the requests tries the new set, for how long, and what it is judged by. */
import { z } from "zod";
import { wholeNumber } from "./primitives.ts";

const number = (least: number, most: number) => {
  const error = `expected a number from ${least} to ${most}`;
  return z.number({ error }).min(least, { error }).max(most, { error });
};

const stage = z.strictObject({
  weight: wholeNumber(1, 90, " percent").describe("Percent of all requests that the new set gets."),
  minutes: wholeNumber(1, 1440, " minutes").describe("How long, before it is judged."),
});

const isRising = (stages: readonly z.output<typeof stage>[]) =>
  stages.every(({ weight }, i) => weight > (stages[i - 1]?.weight ?? 0));

export const canary = z
  .strictObject({
    stages: z
      .array(stage)
      .min(1, { error: "expected at least one stage" })
      .max(10, { error: "expected at most 10 stages" })
      .refine(isRising, { error: "expected each stage's weight above that of the one before it" })
      .default([
        { weight: 10, minutes: 5 },
        { weight: 25, minutes: 15 },
        { weight: 50, minutes: 60 },
      ])
      .describe("Shares of the requests, one after the other. All requests follow when the last one was found well."),
    maxErrorShare: number(0, 50)
      .default(1)
      .describe(
        "Percentage points that the share of 5xx answers may lie above that of the set that stands, in the same time; fewer than 3 errors more than that set's share are no measure.",
      ),
    maxSlowdown: number(1, 10)
      .default(1.5)
      .describe(
        "Times that the 95th percentile of response times may be that of the set that stands; 1.5 is half more. Judged from 100 requests of each set in a stage; fewer are judged by their errors alone.",
      ),
    minRequests: wholeNumber(1, 1_000_000)
      .default(20)
      .describe("Requests that each set needs in a stage to be judged by; fewer count as a failure."),
  })
  .prefault({})
  .describe("What strategy canary does before all requests follow. Other strategies do not read it.");
