import { corpus } from "./corpus/index.ts"; import { payloadCases, kindCases } from "./corpus/generated.ts"; import { stackNames } from "../support/stacks.ts";
console.log(Object.fromEntries(Object.entries(corpus).map(([k,v])=>[k,v.length])), Object.values(corpus).flat().length, stackNames.flatMap(payloadCases).length, stackNames.flatMap(kindCases).length);
