// Stands where a command is promised but what it runs does not exist yet: an empty success would be a lie.
console.error(`breakwater: \`npm run ${process.argv[2]}\` is not built yet; there is nothing it could run.`)
process.exitCode = 1
