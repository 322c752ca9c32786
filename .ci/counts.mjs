// Prints "passed failed" from a report of vitest or of .ci/check.ts. A file that vitest could not even load has no
// failed test in it, so it counts as one.
import { readFileSync } from 'node:fs'

const report = JSON.parse(readFileSync(process.argv[2], 'utf8'))
if ('numPassedTests' in report) {
  const broken = report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0)
  console.log(report.numPassedTests, report.numFailedTests + broken.length)
} else {
  console.log(report.passed, report.failed)
}
