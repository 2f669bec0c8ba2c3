import assert from "node:assert/strict";
import { parseLine } from "../../requests/line.ts";
import { line } from "./support/program.ts";

const parsed = (text: string) => parseLine(Buffer.from(text, "latin1"));

describe("requests: a line of nginx' log", () => {
  it("is a site, a class of answers and the time that web took", () => {
    assert.deepEqual(parsed(line(200, "a.example.com", "0.012")), {
      site: "a.example.com",
      status: "2xx",
      seconds: 0.012,
    });
    assert.equal(parsed("<190>Nov  1 02:10:09 nginx: 404 a.example.com 1.500")?.status, "4xx");
  });

  it("tells a closed site's 503 from errors", () => {
    const statuses = [204, 301, 499, 500, 502, 503, 504].map(
      (code) => parsed(line(code, "a.example.com", "0.1"))?.status,
    );
    assert.deepEqual(statuses, ["2xx", "3xx", "4xx", "5xx", "5xx", "503", "5xx"]);
  });

  it("adds what each server took that was asked in turn, and knows no time where none was reached", () => {
    assert.equal(parsed(line(200, "a.example.com", "0.250, 0.500"))?.seconds, 0.75);
    assert.equal(parsed(line(200, "a.example.com", "0.250 : 0.500"))?.seconds, 0.75);
    assert.equal(parsed(line(200, "a.example.com", "-, 0.500"))?.seconds, 0.5);
    assert.deepEqual(parsed(line(502, "a.example.com", "-")), {
      site: "a.example.com",
      status: "5xx",
      seconds: undefined,
    });
  });

  it("is nothing else: half a line, another program's, a status or a name that none can be, or one too long", () => {
    const good = line(200, "a.example.com", "0.012");
    for (const bad of [
      "",
      good.slice(0, -6),
      good.slice(5),
      good.replace("nginx", "cron"),
      `${good}\n`,
      `${good} more`,
      good.replace(" 200 ", " 000 "),
      good.replace(" 200 ", " 99 "),
      good.replace(" 200 ", " 600 "),
      good.replace("a.example.com", ""),
      good.replace("a.example.com", "A.example.com"),
      good.replace("a.example.com", 'a"} 1'),
      good.replace("0.012", "1e9"),
      good.replace("0.012", "0.012".padEnd(600, " ")),
      good.replaceAll(" ", "\0"),
    ]) {
      assert.equal(parsed(bad), undefined, JSON.stringify(bad));
    }
  });
});
