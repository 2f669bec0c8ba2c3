/** Every hostile case, by theme. */
import { addresses } from "./addresses.ts";
import { backup } from "./backup.ts";
import { bench } from "./bench.ts";
import { canary } from "./canary.ts";
import { checks } from "./checks.ts";
import { edge } from "./edge.ts";
import { gates } from "./gates.ts";
import { hosts } from "./hosts.ts";
import { image } from "./image.ts";
import { keys } from "./keys.ts";
import { monitoring } from "./monitoring.ts";
import { names } from "./names.ts";
import { numbers } from "./numbers.ts";
import { schedules } from "./schedules.ts";
import { schemas } from "./schemas.ts";
import { secrets } from "./secrets.ts";
import { services } from "./services.ts";
import { shapes } from "./shapes.ts";
import { sites } from "./sites.ts";
import { sizes } from "./sizes.ts";

export const corpus = {
  numbers,
  sizes,
  hosts,
  names,
  schemas,
  sites,
  bench,
  canary,
  schedules,
  image,
  addresses,
  edge,
  secrets,
  keys,
  shapes,
  monitoring,
  backup,
  services,
  checks,
  gates,
} as const;
