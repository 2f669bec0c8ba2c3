import { describeLife } from "./suites/life.ts";

describeLife("postgres");
