// Compiles each line of the input as a regular expression, with and without the `u` flag. Prints those that fail.
import { readFileSync } from "node:fs";

for (const line of readFileSync(0, "utf8").split("\n")) {
  const { pattern, accepts, refuses } = JSON.parse(line);
  for (const flags of ["", "u"]) {
    try {
      const expression = new RegExp(pattern, flags);
      const wrong = [...accepts.filter((text) => !expression.test(text)), ...refuses.filter((text) => expression.test(text))];
      for (const text of wrong) console.log(`/${pattern}/${flags} is wrong about ${JSON.stringify(text)}`);
    } catch (error) {
      console.log(String(error));
    }
  }
}
