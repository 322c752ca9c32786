import '../.ci/require-node.mjs'
import { fileURLToPath } from 'node:url'
import { playwright } from '@vitest/browser-playwright'
import { defineConfig } from 'vitest/config'
import { chromium, missingServices, reportServices } from './support/services.ts'

reportServices(missingServices(), process.env.CI)

const root = fileURLToPath(new URL('..', import.meta.url))

// The CI runner counts tests from this file, and must still call plain `npm test`.
const report = process.env.BREAKWATER_TEST_REPORT

// Examples import the package by its name; here that is the source.
const source = (path: string) => fileURLToPath(new URL(`../src/${path}`, import.meta.url))
const alias = [
  { find: /^breakwater$/, replacement: source('index.ts') },
  { find: /^breakwater\/(layers|simulate|socket|testing)$/, replacement: source('$1/index.ts') },
  { find: /^#transport$/, replacement: source('socket/transport.node.ts') },
  { find: /^breakwater\/(redis|tabs)$/, replacement: source('coordination/$1/index.ts') },
  { find: /^breakwater\/cache$/, replacement: source('refresh/cache/index.ts') },
  { find: /^breakwater\/token$/, replacement: source('refresh/index.ts') },
]

const node = {
  extends: true as const,
  resolve: { alias },
  test: {
    name: 'node',
    include: ['test/**/*.test.ts'],
    exclude: ['test/browser/**', 'test/bench/**'],
    // A fleet in virtual time is a second or two of computing, and much more on a machine that does other things as well.
    testTimeout: 60_000,
  },
}

const browser = (executablePath: string) => ({
  extends: true as const,
  resolve: { alias: [{ find: /^#transport$/, replacement: source('socket/transport.web.ts') }] },
  // Found only while the tests run, they would make Vite reload the page under them.
  optimizeDeps: { include: ['cockatiel', 'ky'] },
  test: {
    name: 'browser',
    include: ['test/browser/**/*.test.ts'],
    globalSetup: ['test/browser/server.ts'],
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({
        launchOptions: {
          executablePath,
          args: [
            '--no-sandbox',
            '--disable-gpu',
            '--disable-dev-shm-usage',
            '--disable-background-networking',
            '--disable-component-update',
            '--disable-sync',
            '--no-first-run',
            '--no-default-browser-check',
          ],
        },
      }),
      instances: [{ browser: 'chromium' as const }],
    },
  },
})

export default defineConfig({
  root,
  test: {
    // Many tests wait for a server, a lease or a second browser; those that compute share the cores with them.
    maxWorkers: 3,
    maxConcurrency: 12,
    reporters: report ? ['default', ['json', { outputFile: report }]] : ['default'],
    projects: chromium.path === undefined ? [node] : [node, browser(chromium.path)],
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      reporter: ['text-summary', 'html'],
    },
  },
})
