/** Our own rules, under the name `frappe/…`. Each has its test in tests/lint. */
import configDoor from "./rules/config-door.js";
import direction from "./rules/direction.js";
import noAssertInApply from "./rules/no-assert-in-apply.js";
import noClock from "./rules/no-clock.js";
import noFocusOrSkip from "./rules/no-focus-or-skip.js";
import noLoneApply from "./rules/no-lone-apply.js";

export default {
  meta: { name: "frappe" },
  rules: {
    "config-door": configDoor,
    direction,
    "no-assert-in-apply": noAssertInApply,
    "no-clock": noClock,
    "no-focus-or-skip": noFocusOrSkip,
    "no-lone-apply": noLoneApply,
  },
};
