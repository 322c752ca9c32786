// Kills real servers, 200 times if not told otherwise: npm run prove:kill-nine -- 1000
import { faults, killNine } from '../support/kill-nine.ts'

const report = await killNine({ kills: Number(process.argv[2] ?? 200) })
console.log(JSON.stringify(report, null, 2))
process.exitCode = faults.every((fault) => report[fault] === 0) ? 0 : 1
