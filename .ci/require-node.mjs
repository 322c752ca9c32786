// The tools and the type stripping need the Node that the `node` package pins. Where install scripts were switched
// off, that binary is missing and npm falls back to the machine's own Node without a word; this makes it a loud failure.
const wanted = 24

if (Number.parseInt(process.versions.node, 10) < wanted) {
  console.error(
    [
      '',
      `  breakwater is developed on Node ${wanted}, but this runs on ${process.version}.`,
      '  The pinned Node is missing, most likely because the install ran with --ignore-scripts.',
      '  Fix:  npm rebuild node',
      '  (and start tools with `npm run` or `npx`, which put the pinned Node first on the path)',
      '',
    ].join('\n'),
  )
  process.exit(1)
}
